import type { Message } from "../wire/message.ts";
import {
  CONGESTED_AT,
  DRAINED_AT,
  LANE_LIMIT,
  type Lane,
  type Member,
  type Parcel,
  Wire,
} from "./member.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Milliseconds between signs of life. */
export const HEARTBEAT_MS = 1000;
/** Silent intervals after which a peer is taken for dead. */
const MISSED_INTERVALS = 3;

/** Who is told what happens on links. */
export interface LinkHost {
  hear(lane: Lane, message: Message): void;
  /** An end was closed by its peer, or because the peer was silent. */
  ended(wire: Wire, at: Member, code: string): void;
  /** A direction has become congested, or has drained. */
  flowChanged(lane: Lane): void;
}

/**
 * The links of a world: in order, with latency, back-pressure and liveness, and with everything that
 * happens to TCP connections. What is cut off only for a short while arrives late; what is dead never
 * does; who hears nothing for three intervals gives up.
 */
export class Links {
  readonly #time: VirtualTime;
  readonly #network: Network;
  readonly #random: Random;
  readonly #host: LinkHost;

  constructor(time: VirtualTime, network: Network, random: Random, host: LinkHost) {
    this.#time = time;
    this.#network = network;
    this.#random = random;
    this.#host = host;
  }

  open(child: Member, parent: Member, session: number): Wire {
    const wire = new Wire(child, parent, session);
    child.wires.add(wire);
    parent.wires.add(wire);
    return wire;
  }

  send(lane: Lane, message: Message): void {
    if (!lane.fed || lane.dead) return;
    if (lane.queue.length >= LANE_LIMIT) {
      this.close(lane.wire, lane.from, "SLOW_READER");
      this.#time.plan(0, () => this.#host.ended(lane.wire, lane.from, "SLOW_READER"));
      return;
    }
    this.#put(lane, { at: this.#arrival(lane), message });
    if (lane.congested || lane.queue.length < CONGESTED_AT) return;
    lane.congested = true;
    this.#host.flowChanged(lane);
  }

  /** Closes the end at `at`; the peer hears of it if anything gets through to it. */
  close(wire: Wire, at: Member, code: string): void {
    const lane = at === wire.child ? wire.up : wire.down;
    if (!lane.fed) return;
    if (at === wire.child) wire.childOpen = false;
    else wire.parentOpen = false;
    at.wires.delete(wire);
    if (!lane.dead) this.#put(lane, { at: this.#arrival(lane), end: code });
    this.watch(lane);
  }

  /** Breaks a connection: what is on its way is lost, both ends notice. */
  break(wire: Wire): void {
    for (const lane of [wire.up, wire.down]) {
      lane.dead = true;
      lane.queue.length = 0;
      this.#time.plan(this.#random.below(200), () => {
        if (!lane.heard) return;
        this.close(wire, lane.to, "LINK_LOST");
        this.#host.ended(wire, lane.to, "LINK_LOST");
      });
    }
  }

  /** From now on nothing gets through in this direction, and nobody is told. */
  kill(lane: Lane): void {
    lane.dead = true;
    lane.queue.length = 0;
    this.watch(lane);
  }

  /** Looks again at all links of a machine: something about it, or about the network, is different. */
  look(member: Member, woke = false): void {
    for (const wire of [...member.wires]) {
      for (const lane of [wire.up, wire.down]) {
        this.watch(lane, woke && lane.to === member);
        if (lane.queue.length > 0) this.#retransmit(lane);
      }
    }
  }

  /** Goes on with what could not be received. */
  resume(member: Member): void {
    const lanes = [...member.waitingLanes];
    member.waitingLanes.clear();
    for (const lane of lanes) this.#pump(lane);
  }

  /** Begins to wait for signs of life if none come; who just woke gives its peer one interval less. */
  watch(lane: Lane, woke = false): void {
    if (this.#network.flows(lane)) {
      lane.signs++;
      lane.suspected = false;
      return;
    }
    if (lane.suspected || !lane.heard || !lane.to.alive) return;
    lane.suspected = true;
    const { signs } = lane;
    const heardBefore = woke ? HEARTBEAT_MS : this.#random.below(HEARTBEAT_MS);
    const wait =
      HEARTBEAT_MS * MISSED_INTERVALS - heardBefore + this.#random.below(HEARTBEAT_MS / 2);
    this.#time.plan(wait, () => this.#suspect(lane, signs));
  }

  #suspect(lane: Lane, signs: number): void {
    if (lane.signs !== signs || !lane.heard) return;
    lane.suspected = false;
    const { to, wire } = lane;
    // Who stalls, or does not read on purpose, gives its peer a fresh interval when it goes on.
    if (to.stalled !== undefined || !to.alive) return;
    if (to.paused && lane === wire.up) {
      this.watch(lane, true);
      return;
    }
    this.close(wire, to, "PEER_SILENT");
    this.#host.ended(wire, to, "PEER_SILENT");
  }

  #arrival(lane: Lane): number {
    const now = this.#time.now;
    lane.latestAt = Math.max(lane.latestAt + lane.slowMs, now + this.#network.latency());
    return lane.latestAt;
  }

  #put(lane: Lane, parcel: Parcel): void {
    lane.queue.push(parcel);
    this.#pump(lane);
  }

  #retransmit(lane: Lane): void {
    const [head] = lane.queue;
    if (head === undefined || lane.planned) return;
    const at = this.#time.now + 200 + this.#random.below(800);
    lane.queue[0] = { ...head, at: Math.max(head.at, at) };
    this.#pump(lane);
  }

  #pump(lane: Lane): void {
    const [head] = lane.queue;
    if (head === undefined || lane.planned || lane.dead || this.#isHeld(lane)) return;
    lane.planned = true;
    this.#time.plan(head.at - this.#time.now, () => {
      lane.planned = false;
      if (!lane.dead && !this.#isHeld(lane)) this.#deliver(lane);
    });
  }

  /** Whether nothing can be received now: what waits goes on with `look` or `resume`. */
  #isHeld(lane: Lane): boolean {
    const { from, to, wire } = lane;
    if (this.#network.blocks(from, to)) return true;
    const held = to.stalled !== undefined || (to.paused && lane === wire.up);
    if (held) to.waitingLanes.add(lane);
    return held;
  }

  #deliver(lane: Lane): void {
    const parcel = lane.queue.shift();
    if (parcel === undefined) return;
    if (lane.congested && lane.queue.length <= DRAINED_AT) {
      lane.congested = false;
      if (lane.fed) this.#host.flowChanged(lane);
    }
    if (lane.heard) this.#receive(lane, parcel);
    this.#pump(lane);
  }

  #receive(lane: Lane, parcel: Parcel): void {
    if ("message" in parcel) {
      this.#host.hear(lane, parcel.message);
      return;
    }
    this.close(lane.wire, lane.to, parcel.end);
    this.#host.ended(lane.wire, lane.to, parcel.end);
  }
}
