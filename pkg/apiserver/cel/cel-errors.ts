/** A value for which an expression has no result; `&&`, `||`, `all` and `exists` can make it not matter. */
export class CelError extends Error {}

/** The expression costs more than it may. Nothing makes that not matter. */
export class CostLimitError extends Error {}

/** What is wrong with an expression, and where in its text. */
export class CompileError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }

  /** The message with the line of `source` it is about, as cel-go writes it. */
  shownIn(source: string): string {
    const before = source.slice(0, this.at).split("\n");
    const column = (before.at(-1) ?? "").length;
    const line = source.split("\n")[before.length - 1] ?? "";
    const place = `<input>:${before.length}:${column + 1}`;
    return `ERROR: ${place}: ${this.message}\n | ${line}\n | ${".".repeat(column)}^`;
  }
}

/** How much work expressions may still do; everything that takes time pays for it. */
export class Budget {
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  get left(): number {
    return this.#left;
  }

  /** Throws a CostLimitError when it is used up. */
  spend(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw new CostLimitError("operation cancelled: actual cost limit exceeded");
  }
}
