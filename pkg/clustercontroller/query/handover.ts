/** Hands things over from many to one: who gives waits until it was taken, so that nothing piles up. */
export class Handover<T> {
  readonly #given: { readonly item: T; readonly taken: () => void }[] = [];
  #taker: ((item: T | undefined) => void) | undefined;
  #isClosed = false;

  /** Resolves when `item` was taken, or nobody will take it any more. */
  give(item: T): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    if (this.#taker !== undefined) {
      const take = this.#taker;
      this.#taker = undefined;
      take(item);
      return Promise.resolve();
    }
    return new Promise((taken) => this.#given.push({ item, taken }));
  }

  /** The next thing; undefined when there will be none. */
  take(): Promise<T | undefined> {
    const next = this.#given.shift();
    if (next !== undefined) {
      next.taken();
      return Promise.resolve(next.item);
    }
    if (this.#isClosed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#taker = resolve;
    });
  }

  /** Nothing more is given. */
  close(): void {
    this.#isClosed = true;
    this.#taker?.(undefined);
    this.#taker = undefined;
  }

  /** Nothing more is taken: who waits is let go. */
  cancel(): void {
    this.close();
    for (const { taken } of this.#given.splice(0)) taken();
  }
}
