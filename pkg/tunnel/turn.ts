let due: (() => void)[] = [];

/**
 * Runs `work` when everything that is ready in this turn of the event loop has been handled. One
 * immediate serves all callers, so that a thousand links flush together.
 */
export function atEndOfTurn(work: () => void): void {
  if (due.push(work) > 1) return;
  setImmediate(() => {
    const now = due;
    due = [];
    for (const run of now) run();
  });
}
