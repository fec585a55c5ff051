import type { WebSocket } from "ws";

/** What liveness needs to know of its connection. */
export interface LivenessOptions {
  /** Milliseconds between signs of life. */
  readonly intervalMs: number;
  /** The side that dialled pings at each interval; the other only when it has not heard for a while. */
  readonly dialer: boolean;
  /** False while we do not read from the socket on purpose: silence then proves nothing. */
  readonly listening: () => boolean;
  /** Called once when the peer has been silent for three intervals. */
  readonly onSilent: () => void;
  /** Told how many milliseconds a ping was under way until it was answered. */
  readonly onAnswer?: (ms: number) => void;
}

/** Intervals without any sign of life after which a peer is taken for dead. */
const MISSED_INTERVALS = 3;

/**
 * Notices a peer that is no longer there, also behind a half-open connection. Any traffic counts as a
 * sign of life, not only pongs, which may be stuck behind a large message. A clock tick that comes late
 * means that this process stalled, and then what the peer sent may still be unread: the peer gets a
 * fresh interval. (Without that guard one stall of the event loop kills every healthy peer.) And the peer
 * is told first of all that we are here: it has waited, and reading what has piled up may take long again.
 */
export function watchLiveness(socket: WebSocket, options: LivenessOptions): void {
  const { intervalMs } = options;
  const tickMs = intervalMs / 2;
  const limitMs = intervalMs * MISSED_INTERVALS;
  let heardAt = performance.now();
  let lookDueAt = heardAt + tickMs;
  let pingDue = options.dialer;
  let last: NodeJS.Timeout | undefined;
  const hear = (): void => {
    heardAt = performance.now();
  };
  for (const event of ["message", "ping", "pong"]) socket.on(event, hear);
  let pingedAt: number | undefined;
  socket.on("pong", (content: Uint8Array) => {
    if (content.length > 0 || pingedAt === undefined) return;
    options.onAnswer?.(performance.now() - pingedAt);
    pingedAt = undefined;
  });
  const stalled = (now: number): boolean => now - lookDueAt > tickMs / 2;
  /** Whether the peer is alive, looked at when it was due. */
  const look = (now: number): boolean => {
    if (stalled(now) || !options.listening()) heardAt = Math.max(heardAt, now - intervalMs);
    if (now - heardAt < limitMs) return true;
    options.onSilent();
    return false;
  };
  const tick = setInterval(() => {
    const now = performance.now();
    clearTimeout(last);
    const wasStalled = stalled(now);
    if (!look(now)) return;
    lookDueAt = now + tickMs;
    const left = heardAt + limitMs - now;
    if (left < tickMs) last = lookAfter(left + 1);
    pingDue = wasStalled || (options.dialer ? !pingDue : now - heardAt > intervalMs * 1.2);
    if (pingDue && socket.readyState === socket.OPEN) {
      pingedAt ??= now;
      socket.ping();
    }
  }, tickMs);
  /** A last look when the time is over, not up to half an interval later. */
  const lookAfter = (ms: number): NodeJS.Timeout => {
    lookDueAt = performance.now() + ms;
    return setTimeout(() => {
      const now = performance.now();
      if (look(now)) lookDueAt = now + tickMs;
    }, ms);
  };
  socket.once("close", () => {
    clearInterval(tick);
    clearTimeout(last);
  });
}
