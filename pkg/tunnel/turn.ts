let turn = 0;
let counting = false;
let due: (() => void)[] = [];

/** A number that is the same for everything that happens in one turn of the event loop. */
export function currentTurn(): number {
  if (!counting) {
    counting = true;
    setImmediate(() => {
      counting = false;
      turn++;
    });
  }
  return turn;
}

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
