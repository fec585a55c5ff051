/** A running hash of everything that happened: two runs with the same hash were the same. */
export class Trace {
  #high = 0x811c9dc5;
  #low = 0x01000193;
  readonly #words = new Map<string, number>();
  readonly #latest: string[] = [];
  readonly #kept: number;
  /** How many steps there were. */
  steps = 0;

  /** Keeps the last `kept` steps as text, to be shown with a failure. */
  constructor(kept = 0) {
    this.#kept = kept;
  }

  /** Notes one step. */
  note(at: number, who: string, what: string, detail: string | number): void {
    this.steps++;
    this.#mix(Math.round(at * 1000));
    this.#mix(this.#word(who));
    this.#mix(this.#word(what));
    this.#mix(typeof detail === "number" ? detail : this.#word(detail));
    if (this.#kept === 0) return;
    this.#latest.push(`${(at / 1000).toFixed(3)} s ${who} ${what} ${detail}`);
    if (this.#latest.length > this.#kept * 2) this.#latest.splice(0, this.#kept);
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#high, this.#low]
      .map((half) => (half >>> 0).toString(16).padStart(8, "0"))
      .join("");
  }

  /** The last steps. */
  get latest(): readonly string[] {
    return this.#latest.slice(-this.#kept);
  }

  #mix(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x01000193) ^ (this.#low >>> 13);
    this.#low = Math.imul(this.#low + value + (this.#high >>> 7), 0x9e3779b1);
  }

  #word(text: string): number {
    let value = this.#words.get(text);
    if (value === undefined) {
      value = 0x811c9dc5;
      for (let at = 0; at < text.length; at++)
        value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
      if (this.#words.size < 100_000) this.#words.set(text, value);
    }
    return value;
  }
}
