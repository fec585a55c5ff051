import type { ParentChoice } from "../topology/parent-candidates.ts";
import type { Welcome } from "../wire/message.ts";
import type { Links } from "./links.ts";
import type { Member, Wire } from "./member.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";

/** Milliseconds after which a dial without an answer is given up. */
const DIAL_LIMIT_MS = 5000;
/** Milliseconds that a parent we left may still pass on tasks. */
const LINGER_MS = 2000;
const HOPELESS_WAIT_MS = 8000;
/** The parent has asked for a higher rank. */
const SOON = "RANK_TOO_LOW";
const HOPELESS = new Set(["NAME_TAKEN", "REPLACED", "STALE_SESSION", "TREE_TOO_DEEP"]);

/** What a seeker needs of its world. */
export interface SeekerParts {
  readonly links: Links;
  readonly network: Network;
  readonly random: Random;
  readonly memberAt: (address: string) => Member | undefined;
  /** Calls back in the member's event loop, if its process still lives then. */
  readonly after: (member: Member, ms: number, run: () => void) => void;
  /** Says hello for `child` at `parent`: a link on which the welcome is coming, or why there is none. */
  readonly knock: (child: Member, parent: Member) => Wire | string;
  readonly onDial: (member: Member, address: string) => void;
  readonly onJoined: (member: Member, welcome: Welcome) => void;
  readonly onLost: (member: Member) => void;
  readonly clock: (member: Member) => number;
}

/** Finds parents for members, as `ParentLink` does for a controller: same policy, same order of events. */
export class ParentSeeker {
  readonly #parts: SeekerParts;
  /** What each member is about; another errand makes the former void. */
  readonly #errands = new Map<Member, number>();

  constructor(parts: SeekerParts) {
    this.#parts = parts;
  }

  /** Begins to look for a parent, without one. */
  find(member: Member): void {
    const errand = this.#begin(member);
    const { after, clock } = this.#parts;
    const choice = member.candidates?.choose(clock(member));
    if (choice?.do === "dial") {
      this.#dial(member, choice.address, errand, (code) => {
        const hopeless = HOPELESS.has(code) && member.candidates?.addresses.length === 1;
        after(member, hopeless ? this.#hopelessly() : 0, () => this.#again(member, errand));
      });
    } else if (choice !== undefined) {
      after(member, this.#untilThen(member, choice), () => this.#again(member, errand));
    }
  }

  /** Its link to the parent has ended. */
  lost(member: Member, wire: Wire, code: string): void {
    if (member.uplink !== wire) return;
    const { onLost, after, clock } = this.#parts;
    const { candidates } = member;
    member.uplink = undefined;
    candidates?.lost(clock(member));
    if (code === "PEER_SILENT") candidates?.failed(wire.parent.name, clock(member));
    const errand = this.#begin(member);
    onLost(member);
    after(member, HOPELESS.has(code) ? this.#hopelessly() : 0, () => this.#again(member, errand));
  }

  /** Looks whether there is a better parent than the present one; to be called when that may be so. */
  look(member: Member): void {
    const { after, clock } = this.#parts;
    if (member.uplink === undefined) return;
    const errand = this.#begin(member);
    const choice = member.candidates?.seek(clock(member));
    if (choice === undefined) return;
    const again = (): void => {
      if (this.#errands.get(member) === errand) this.look(member);
    };
    if (choice.do === "dial") this.#dial(member, choice.address, errand, again);
    else if (choice.until !== Number.POSITIVE_INFINITY)
      after(member, this.#untilThen(member, choice), again);
    else after(member, HOPELESS_WAIT_MS, again);
  }

  #again(member: Member, errand: number): void {
    if (this.#errands.get(member) === errand && member.uplink === undefined) this.find(member);
  }

  #begin(member: Member): number {
    const errand = (this.#errands.get(member) ?? 0) + 1;
    this.#errands.set(member, errand);
    return errand;
  }

  #untilThen(member: Member, { until }: ParentChoice & { do: "wait" }): number {
    const { random, clock } = this.#parts;
    return Math.max(0, until - clock(member)) * (0.75 + random.below(500) / 1000);
  }

  #hopelessly(): number {
    return HOPELESS_WAIT_MS * (0.5 + this.#parts.random.below(1000) / 1000);
  }

  #dial(member: Member, address: string, errand: number, failed: (code: string) => void): void {
    const { network, after, memberAt, clock } = this.#parts;
    const { life } = member;
    let open = true;
    this.#parts.onDial(member, address);
    const isVoid = (): boolean => member.life !== life || this.#errands.get(member) !== errand;
    const fail = (code: string): void => {
      if (!open || isVoid()) return;
      open = false;
      member.candidates?.failed(address, clock(member), code === SOON);
      failed(code);
    };
    after(member, DIAL_LIMIT_MS, () => fail("HELLO_TIMEOUT"));
    after(member, network.latency() + network.latency() + network.latency(), () => {
      const parent = memberAt(address);
      if (!open || isVoid()) return;
      if (parent === undefined) return fail("DIAL_FAILED");
      if (network.blocks(member, parent) || network.blocks(parent, member)) return;
      if (!parent.alive) return fail("DIAL_FAILED");
      after(parent, 0, () => {
        if (!open || isVoid() || member.stalled !== undefined) return;
        const answer = this.#parts.knock(member, parent);
        if (typeof answer === "string") {
          after(member, network.latency(), () => fail(answer));
          return;
        }
        answer.greet = (words) => {
          answer.greet = undefined;
          const end =
            typeof words === "string"
              ? words
              : this.#consider(member, answer, words, () => open && !isVoid());
          if (end !== undefined) return fail(end);
          open = false;
          this.#join(member, answer, words as Welcome, address);
        };
      });
    });
  }

  /** Why the link on which a welcome came is not used. */
  #consider(
    member: Member,
    wire: Wire,
    welcome: Welcome,
    wanted: () => boolean,
  ): string | undefined {
    const home = wire.parent.name === member.candidates?.home;
    const end = wanted() ? member.node?.unfit(welcome, home)?.code : "LINK_CLOSED";
    if (end !== undefined) this.#parts.links.close(wire, member, end);
    return end;
  }

  #join(member: Member, wire: Wire, welcome: Welcome, address: string): void {
    const { links, after, clock, onJoined } = this.#parts;
    const former = member.uplink;
    if (former !== undefined) after(member, LINGER_MS, () => links.close(former, member, "POLITE"));
    member.uplink = wire;
    if (address === member.candidates?.home) member.homeName = welcome.name;
    member.candidates?.joined(address, welcome.anchored, clock(member));
    onJoined(member, welcome);
    this.look(member);
  }
}
