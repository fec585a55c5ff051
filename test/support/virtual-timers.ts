/** As in node:timers/promises, but by the timer that is the global one when it is called. */
function setTimeoutOfNow<T>(
  ms?: number,
  value?: T,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(
        new DOMException("The operation was aborted", {
          name: "AbortError",
          cause: signal?.reason,
        }),
      );
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve(value as T);
    }, ms);
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}

function setImmediateOfNow(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export { setImmediateOfNow as setImmediate, setTimeoutOfNow as setTimeout };
