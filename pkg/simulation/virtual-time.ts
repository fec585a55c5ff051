interface Planned {
  readonly at: number;
  readonly turn: number;
  readonly run: () => void;
}

/** A clock that stands still until it is told to run; plans for the same moment run in their order. */
export class VirtualTime {
  now = 0;
  #turn = 0;
  readonly #heap: Planned[] = [];

  /** Plans `run` for a moment from now. */
  plan(afterMs: number, run: () => void): void {
    const planned = { at: this.now + Math.max(0, afterMs), turn: this.#turn++, run };
    const heap = this.#heap;
    let index = heap.push(planned) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!earlier(planned, heap[above] as Planned)) break;
      heap[index] = heap[above] as Planned;
      index = above;
    }
    heap[index] = planned;
  }

  /** Lets `ms` pass, with everything planned in them. */
  run(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      this.#pop();
      this.now = next.at;
      next.run();
    }
    this.now = until;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let below = index * 2 + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && earlier(heap[below + 1] as Planned, heap[below] as Planned))
        below++;
      if (!earlier(heap[below] as Planned, last)) break;
      heap[index] = heap[below] as Planned;
      index = below;
    }
    heap[index] = last;
  }
}

function earlier(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.turn < b.turn);
}
