import type { Socket } from "node:net";

/** Connections that introduce themselves at the same time. */
const MAX_INSIDE = 64;
/** Connections that wait for their turn. */
const MAX_WAITING = 4096;
/** Milliseconds after which a slow one no longer keeps others waiting: it costs time, not work. */
const TURN_MS = 1000;
/** Milliseconds after which somebody who waits would soon give up; what he would cost is better spent on the others. */
const WAIT_LIMIT_MS = 10_000;

interface Waiting {
  readonly socket: Socket;
  readonly since: number;
}

interface Turn {
  readonly address: string;
  readonly timer: NodeJS.Timeout;
}

/** What a turnstile does with those who come. */
export interface TurnstileParts {
  /** Their turn: they may introduce themselves, and `leave` says when they have. */
  readonly admit: (socket: Socket) => void;
  /** Too many wait, or it took too long. The connection is cut afterwards. */
  readonly dismiss: (socket: Socket) => void;
}

/**
 * Lets a bounded number of connections through to their TLS handshake and hello at a time, so that a
 * parent to which a thousand children return still has time for those that are there. The rest wait in
 * order, one queue for each address; the queues take turns, and no address takes more than half of the places
 * while others wait.
 */
export class Turnstile {
  readonly #parts: TurnstileParts;
  readonly #queues = new Map<string, Waiting[]>();
  readonly #inside = new Map<Socket, Turn>();
  readonly #perAddress = new Map<string, number>();
  #waiting = 0;
  #isNextDue = false;

  constructor(parts: TurnstileParts) {
    this.#parts = parts;
  }

  /** Takes a connection that nothing has been read from. */
  enter(socket: Socket): void {
    socket.once("close", () => this.leave(socket));
    if (this.#waiting >= MAX_WAITING) this.#dismissFor(addressOf(socket));
    const address = addressOf(socket);
    const queue = this.#queues.get(address) ?? [];
    queue.push({ socket, since: performance.now() });
    this.#queues.set(address, queue);
    this.#waiting++;
    this.#scheduleNext();
  }

  /** A connection has introduced itself, or has ended. */
  leave(socket: Socket): void {
    const turn = this.#inside.get(socket);
    if (turn === undefined) return;
    clearTimeout(turn.timer);
    this.#inside.delete(socket);
    const others = (this.#perAddress.get(turn.address) ?? 1) - 1;
    if (others === 0) this.#perAddress.delete(turn.address);
    else this.#perAddress.set(turn.address, others);
    this.#scheduleNext();
  }

  /** Between two turns of the event loop, so that links that are open have theirs. */
  #scheduleNext(): void {
    if (this.#isNextDue || this.#waiting === 0) return;
    this.#isNextDue = true;
    setImmediate(() => {
      this.#isNextDue = false;
      while (this.#inside.size < MAX_INSIDE) {
        const socket = this.#take();
        if (socket === undefined) return;
        this.#admit(socket);
      }
    });
  }

  #admit(socket: Socket): void {
    if (socket.destroyed) return;
    const address = addressOf(socket);
    const timer = setTimeout(() => this.leave(socket), TURN_MS);
    this.#inside.set(socket, { address, timer });
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    this.#parts.admit(socket);
  }

  /** The next one whose turn it is, if anybody may have one. */
  #take(): Socket | undefined {
    for (const [address, queue] of this.#queues) {
      const others = this.#queues.size > 1;
      if (others && (this.#perAddress.get(address) ?? 0) >= MAX_INSIDE / 2) continue;
      const first = queue.shift();
      this.#queues.delete(address);
      if (first === undefined) continue;
      this.#waiting--;
      // Behind all others: the queues take turns.
      if (queue.length > 0) this.#queues.set(address, queue);
      if (performance.now() - first.since <= WAIT_LIMIT_MS) return first.socket;
      this.#dismiss(first.socket);
    }
    return undefined;
  }

  /** Makes room for somebody from `address`: the last one of the longest queue goes. */
  #dismissFor(address: string): void {
    const own: [string, number] = [address, this.#queues.get(address)?.length ?? 0];
    let longest = own;
    for (const [other, { length }] of this.#queues)
      if (length > longest[1]) longest = [other, length];
    const last = this.#queues.get(longest[0])?.pop();
    if (last === undefined) return;
    this.#waiting--;
    this.#dismiss(last.socket);
  }

  #dismiss(socket: Socket): void {
    this.#parts.dismiss(socket);
    socket.destroy();
  }
}

function addressOf(socket: Socket): string {
  return socket.remoteAddress ?? "";
}
