import { StatusError } from "../../apis/status.ts";
import { Permits } from "./permits.ts";

/** How many queries there may be at a time. */
export interface TurnLimits {
  /** Under way, of all users. */
  readonly all: number;
  /** Under way, of one user. */
  readonly each: number;
  /** Waiting for their turn, of all users. */
  readonly waiting: number;
  /** Waiting for their turn, of one user. */
  readonly waitingEach: number;
  /** How long one waits before it is refused. */
  readonly patienceMs: number;
}

/** Most queries under way, of all users and of one. */
const MAX_QUERIES = 32;
const MAX_QUERIES_OF_USER = 8;
/** Most queries that wait for their turn, of all users and of one. */
const MAX_WAITING = 64;
const MAX_WAITING_OF_USER = 8;
/** How long a query waits for its turn. */
const TURN_PATIENCE_MS = 5000;

export const TURN_LIMITS: TurnLimits = {
  all: MAX_QUERIES,
  each: MAX_QUERIES_OF_USER,
  waiting: MAX_WAITING,
  waitingEach: MAX_WAITING_OF_USER,
  patienceMs: TURN_PATIENCE_MS,
};

/** After how long who was refused may ask again. */
const RETRY_AFTER_S = 1;

/**
 * Lets a limited number of queries be under way, users taking turns: one who asks much waits for the end of own
 * queries, and a place that becomes free goes to whoever has the fewest.
 */
export class QueryTurns {
  readonly #limits: TurnLimits;
  readonly #permits: Permits;

  constructor(limits: TurnLimits = TURN_LIMITS) {
    this.#limits = limits;
    this.#permits = new Permits(limits);
  }

  /** How many queries are under way. */
  get size(): number {
    return this.#permits.size;
  }

  /**
   * Waits for the turn of a query of `user`, which lasts until it is disposed. Rejects with a StatusError (429) when too many
   * wait or it takes too long, and with the reason of `signal`.
   */
  async take(user: string, signal: AbortSignal): Promise<Disposable> {
    if (!this.#permits.hasRoom(user)) this.#joinLine(user);
    const { patienceMs } = this.#limits;
    const ending = new AbortController();
    const leave = () => ending.abort(signal.reason);
    const timer = setTimeout(() => ending.abort(this.#refusal(waited(patienceMs))), patienceMs);
    signal.addEventListener("abort", leave, { once: true });
    try {
      signal.throwIfAborted();
      return await this.#permits.acquire(user, ending.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
    }
  }

  #joinLine(user: string): void {
    const { waiting, waitingEach } = this.#limits;
    const own = this.#permits.waiting(user);
    if (own >= waitingEach)
      throw this.#refusal(
        `user ${JSON.stringify(user)} has ${this.#permits.given(user)} queries under way and ${own} waiting, as many as one user may have`,
      );
    if (this.#permits.waiting() >= waiting)
      throw this.#refusal(`${waiting} queries are waiting for their turn, as many as may wait`);
  }

  #refusal(why: string): StatusError {
    const message = `${why} (${this.size} are under way at this tier)`;
    return StatusError.of("TooManyRequests", message, { retryAfterSeconds: RETRY_AFTER_S });
  }
}

function waited(patienceMs: number): string {
  return `the query has waited ${patienceMs / 1000} s for its turn`;
}
