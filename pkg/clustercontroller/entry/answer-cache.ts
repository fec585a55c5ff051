/** How long and how many answers are kept. */
export interface AnswerCacheOptions<Answer> {
  /** Answers of both sorts have room of their own, so that rubbish does not drive out what is good. */
  readonly isGood: (answer: Answer) => boolean;
  readonly keepMs?: number | undefined;
  /** Most answers of each sort; then the oldest ones go. */
  readonly limit?: number | undefined;
}

interface Kept<Answer> {
  readonly answer: Answer;
  readonly until: number;
}

/** Milliseconds for which an answer counts: a right that is taken away ends after at most this long. */
const KEEP_MS = 10_000;
/** Most answers of one sort that are kept. */
const MAX_ANSWERS = 4096;

/** Remembers answers for a moment; who asks what is just being asked waits for that answer. Failures are not kept. */
export class AnswerCache<Answer> {
  readonly #isGood: (answer: Answer) => boolean;
  readonly #keepMs: number;
  readonly #limit: number;
  readonly #good = new Map<string, Kept<Answer>>();
  readonly #bad = new Map<string, Kept<Answer>>();
  readonly #asking = new Map<string, Promise<Answer>>();

  constructor({ isGood, keepMs = KEEP_MS, limit = MAX_ANSWERS }: AnswerCacheOptions<Answer>) {
    this.#isGood = isGood;
    this.#keepMs = keepMs;
    this.#limit = limit;
  }

  /** How many answers are kept. */
  get size(): number {
    return this.#good.size + this.#bad.size;
  }

  /** The answer to `key`, which `ask` finds out if it is not known. */
  get(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const now = performance.now();
    for (const answers of [this.#good, this.#bad]) {
      const kept = answers.get(key);
      if (kept !== undefined && now < kept.until) return Promise.resolve(kept.answer);
      answers.delete(key);
    }
    const present = this.#asking.get(key);
    if (present !== undefined) return present;
    const asking = ask()
      .then((answer) => this.#keep(key, answer, now + this.#keepMs))
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  #keep(key: string, answer: Answer, until: number): Answer {
    const answers = this.#isGood(answer) ? this.#good : this.#bad;
    // They all live equally long, so the first ones are the oldest.
    for (const [oldest, kept] of answers) {
      if (answers.size < this.#limit && performance.now() < kept.until) break;
      answers.delete(oldest);
    }
    answers.set(key, { answer, until });
    return answer;
  }
}
