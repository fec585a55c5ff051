import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** How much is written of what others make us say. */
export interface LogLimitOptions {
  /** Lines of one peer in a period. */
  readonly lines?: number;
  /** Lines of all peers in a period. */
  readonly total?: number;
  readonly periodMs?: number;
}

/** Most peers that are told apart in a period; all others count as one. */
const MAX_PEERS = 20_000;
/** Peers that are named when a period is over; of the others there is a number only. */
const MAX_NAMED = 20;
const OTHERS = "others";

type Level = "info" | "warn" | "error";

/** What was written in a period of one peer, and what was not. */
interface Account {
  written: number;
  leftOut: number;
  /** Writes the last line that was left out, with the time when it was said. */
  last?: () => void;
}

/**
 * Writes of what each peer makes us say so many lines in a period, then one that says how many were left out and the
 * last of these (what comes and goes all the time is as that says), so that nobody can fill a disk, or drown what
 * others make us say. For lines that follow from single messages or connections of somebody else; debug lines are
 * not limited.
 */
export class LogLimit {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #options: Required<LogLimitOptions>;
  readonly #accounts = new Map<string, Account>();
  #left: number;

  constructor(log: Logger, metrics: Metrics, options: LogLimitOptions = {}) {
    this.#log = log;
    this.#metrics = metrics;
    this.#options = { lines: 20, total: 2000, periodMs: 60_000, ...options };
    this.#left = this.#options.total;
  }

  /** The logger for what `peer` makes us say. */
  of(peer: string): Logger {
    return this.#limited(peer, this.#log);
  }

  #limited(peer: string, log: Logger): Logger {
    const at = (level: Level) => (fields: object, message: string) => {
      const account = this.#account(peer);
      if (this.#mayWrite(account)) log[level](fields, message);
      else {
        const at = new Date().toISOString();
        account.last = () => log[level]({ ...fields, at }, message);
      }
    };
    return {
      debug: (fields, message) => log.debug(fields, message),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: (fields) => this.#limited(peer, log.child(fields)),
    };
  }

  #mayWrite(account: Account): boolean {
    if (account.written < this.#options.lines && this.#left > 0) {
      account.written++;
      this.#left--;
      return true;
    }
    account.leftOut++;
    this.#metrics.count("ote_log_lines_left_out_total");
    return false;
  }

  #account(peer: string): Account {
    // The period begins with the first line of it.
    if (this.#accounts.size === 0) setTimeout(() => this.#close(), this.#options.periodMs).unref();
    const name = this.#accounts.has(peer) || this.#accounts.size < MAX_PEERS ? peer : OTHERS;
    const account = this.#accounts.get(name) ?? { written: 0, leftOut: 0 };
    this.#accounts.set(name, account);
    return account;
  }

  #close(): void {
    const short = [...this.#accounts].filter(([, { leftOut }]) => leftOut > 0);
    this.#accounts.clear();
    this.#left = this.#options.total;
    short.sort(([, one], [, other]) => other.leftOut - one.leftOut);
    const named = short.slice(0, MAX_NAMED);
    for (const [peer, { leftOut, last }] of named) {
      this.#log.warn({ peer, leftOut }, "lines left out");
      last?.();
    }
    const rest = short.slice(MAX_NAMED);
    if (rest.length === 0) return;
    const leftOut = rest.reduce((sum, [, account]) => sum + account.leftOut, 0);
    this.#log.warn({ peers: rest.length, leftOut }, "lines left out");
  }
}
