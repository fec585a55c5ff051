/** Milliseconds for which bulk may fill the way beyond its length; half its length, if that is more. */
const DELAY_MS = 50;
/** Bytes below which more may always leave. */
const MIN_WINDOW = 16 * 1024;
/** Bytes that are never exceeded; a way that takes so much has them behind it in a moment. */
const MAX_WINDOW = 4 * 1024 * 1024;
/** Fewest and most bytes between two marks; else a quarter of the window. */
const MIN_MARK = 16 * 1024;
const MAX_MARK = 256 * 1024;
/** For how long the best rate counts at least. */
const RATE_MS = 500;
/** After which time the way is measured anew, and nothing is believed any more if nothing was sent. */
const WAY_MS = 10_000;

/** A time too short to be measured counts as this. */
const LEAST_MS = 0.01;

/** A place in what was sent that the peer will confirm. */
interface Mark {
  readonly number: number;
  readonly sent: number;
  readonly at: number;
  readonly since: Point;
}

/** What had been sent at some time. */
interface Point {
  readonly sent: number;
  readonly at: number;
}

/**
 * How much bulk may be on its way to a peer: what the way takes in the time there and back, and a little more.
 * Sockets and modems have room for megabytes, which on a slow uplink is many seconds during which nothing can
 * overtake. So from time to time the peer is asked to confirm how far it has read, which shows how much the way
 * takes and how long it is. (The rule is the one of BBR, a congestion control for TCP: the best rate of late times
 * the shortest time of late.) Pure: times are milliseconds of one clock of the caller.
 */
export class Pace {
  readonly #marks: Mark[] = [];
  #number = 0;
  #sent = 0;
  #confirmed = 0;
  #marked = 0;
  /** What was sent after it had not arrived at that time: rates count from there. */
  #since: Point = { sent: 0, at: Number.NEGATIVE_INFINITY };
  #leftAt = Number.NEGATIVE_INFINITY;
  #window = MIN_WINDOW;
  /** When more would have left had there been room. */
  #fullAt = Number.NEGATIVE_INFINITY;
  /** Bytes per millisecond: the best in the present span of time, and in the one before. */
  #best = 0;
  #bestBefore = 0;
  #spanEnds = Number.NEGATIVE_INFINITY;
  /** The shortest time there and back. */
  #way = Number.POSITIVE_INFINITY;
  #wayAt = Number.NEGATIVE_INFINITY;
  /** Since the way is emptied to measure it; `from` is the first mark that had next to nothing before it. */
  #probe: { from?: number } | undefined;

  /** Bytes that may be on their way at present. */
  get window(): number {
    return this.#probe === undefined ? this.#window : MIN_WINDOW;
  }

  /** Whether bulk has to wait until the peer has confirmed more. To be asked only when there is some. */
  full(now: number): boolean {
    const full = this.#sent - this.#confirmed >= this.window;
    if (full) this.#fullAt = now;
    return full;
  }

  /** So many bytes of bulk leave. Returns the number that the peer has to be asked to confirm now, if any. */
  left(bytes: number, now: number): number | undefined {
    const pause = now - this.#leftAt;
    this.#leftAt = now;
    if (this.#marks.length === 0 && pause > this.#way) {
      if (pause > WAY_MS) this.#forget();
      this.#since = { sent: this.#sent, at: now };
    }
    if (this.#probe !== undefined && this.#sent - this.#confirmed < MIN_WINDOW)
      this.#probe.from ??= this.#number + 1;
    this.#sent += bytes;
    return this.#mark(now);
  }

  /** The peer has read everything up to the mark with that number, and so all before it. Returns the same as `left`. */
  confirm(number: number, now: number): number | undefined {
    const at = this.#marks.findIndex((mark) => mark.number === number);
    const mark = this.#marks[at];
    if (mark === undefined) return undefined;
    this.#marks.splice(0, at + 1);
    const news = mark.sent - this.#confirmed;
    this.#confirmed = mark.sent;
    this.#since = { sent: mark.sent, at: now };
    this.#learnWay(mark, now);
    this.#learnRate(mark, now);
    const takes =
      Math.max(this.#best, this.#bestBefore) * (this.#way + Math.max(DELAY_MS, this.#way / 2));
    // Twice as much for each time there and back at most: what leaves at once would wait at the narrowest place.
    const window = Math.min(takes, this.#window + news, MAX_WINDOW);
    this.#window = Math.max(window, MIN_WINDOW);
    // In a smaller window what has no mark yet may be enough for one.
    return this.#mark(now);
  }

  #mark(now: number): number | undefined {
    const unmarked = this.#sent - this.#marked;
    if (unmarked < Math.min(Math.max(this.window / 4, MIN_MARK), MAX_MARK)) return undefined;
    this.#marked = this.#sent;
    const number = ++this.#number;
    this.#marks.push({ number, sent: this.#sent, at: now, since: this.#since });
    return number;
  }

  /** With something on the way all the time its true length would never be seen again, so it is emptied for a look. */
  #learnWay({ number, at }: Mark, now: number): void {
    const took = Math.max(now - at, LEAST_MS);
    const isProbe = number >= (this.#probe?.from ?? Number.POSITIVE_INFINITY);
    if (took <= this.#way || isProbe) {
      this.#way = took;
      this.#wayAt = now;
      if (this.#probe !== undefined) this.#window /= 4;
      this.#probe = undefined;
    } else if (now - this.#wayAt > WAY_MS) {
      this.#probe ??= {};
    }
  }

  /** A rate that is low because there was little to send does not make the best one old. */
  #learnRate({ sent, at, since }: Mark, now: number): void {
    if (this.#fullAt >= at && now >= this.#spanEnds) {
      this.#bestBefore = this.#best;
      this.#best = 0;
      this.#spanEnds = now + Math.max(RATE_MS, 2 * this.#way);
    }
    this.#best = Math.max(this.#best, (sent - since.sent) / Math.max(now - since.at, LEAST_MS));
  }

  /** Nothing was on the way for long. */
  #forget(): void {
    this.#confirmed = this.#sent;
    this.#marked = this.#sent;
    this.#best = 0;
    this.#bestBefore = 0;
    this.#spanEnds = Number.NEGATIVE_INFINITY;
    this.#way = Number.POSITIVE_INFINITY;
    this.#window = MIN_WINDOW;
    this.#probe = undefined;
  }
}
