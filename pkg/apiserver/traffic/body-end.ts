/** `body`, with `ended` called once when it is read to its end, given up, or fails; or when `gone` aborts. */
export function withEnd(
  body: AsyncIterable<Uint8Array>,
  gone: AbortSignal,
  ended: () => void,
): AsyncIterable<Uint8Array> {
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    gone.removeEventListener("abort", end);
    ended();
  };
  if (gone.aborted) end();
  else gone.addEventListener("abort", end, { once: true });
  return { [Symbol.asyncIterator]: () => watched(body[Symbol.asyncIterator](), end) };
}

/** Not a generator: one that nobody has begun to read would not notice that it is given up. */
function watched(inner: AsyncIterator<Uint8Array>, end: () => void): AsyncIterator<Uint8Array> {
  return {
    async next() {
      try {
        const result = await inner.next();
        if (result.done === true) end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    async return() {
      end();
      await inner.return?.();
      return { done: true, value: undefined };
    },
  };
}
