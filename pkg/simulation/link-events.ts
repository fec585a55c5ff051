import type { TreeEvent } from "../clustercontroller/event.ts";
import type { Message } from "../wire/message.ts";
import { helloOf, welcomeOf } from "./greeting.ts";
import type { Links } from "./links.ts";
import type { Lane, Member, Wire } from "./member.ts";

/** Milliseconds until a new number is on disk. */
const DISK_MS = 5;

/** What link events need of the world around them. */
export interface LinkEventsParts {
  readonly links: Links;
  readonly clock: (member: Member) => number;
  readonly wall: (member: Member) => number;
  readonly after: (member: Member, ms: number, run: () => void) => void;
  readonly tell: (member: Member, event: TreeEvent) => void;
  readonly note: (member: Member, what: string, about: string) => void;
  /** The link to a parent, in use or still being made, has ended. */
  readonly parentLost: (member: Member, wire: Wire, code: string) => void;
}

/** What happens on the links of a world, as the events that it means for the nodes at both ends. */
export class LinkEvents {
  readonly #parts: LinkEventsParts;
  /** Messages that have arrived. */
  messages = 0;

  constructor(parts: LinkEventsParts) {
    this.#parts = parts;
  }

  hear(lane: Lane, message: Message): void {
    const { wire, to, from } = lane;
    const { note, tell } = this.#parts;
    this.messages++;
    note(to, message.kind, from.name);
    if (to === wire.parent) {
      const { name } = wire.child;
      if (to.children.get(name) !== wire) return;
      tell(to, { kind: "child-said", child: name, session: wire.session, message });
    } else if (message.kind === "welcome") wire.greet?.(message);
    else if (to.uplink === wire || message.kind === "task")
      tell(to, { kind: "parent-said", message });
  }

  ended(wire: Wire, at: Member, code: string): void {
    this.#parts.note(at, "ended", code);
    if (at === wire.parent) this.#childEnded(wire, at);
    else if (wire.greet === undefined) this.#parts.parentLost(at, wire, code);
    else wire.greet(code);
    this.unpause(at);
  }

  flowChanged(lane: Lane): void {
    const { wire, from, congested } = lane;
    if (from === wire.parent) {
      if (from.children.get(wire.child.name) !== wire) return;
      const kind = congested ? "child-congested" : "child-drained";
      this.#parts.tell(from, { kind, child: wire.child.name, session: wire.session });
    } else if (from.uplink === wire) {
      from.paused = congested;
      if (!congested) this.#parts.links.resume(from);
    }
  }

  /** A member that cannot pass on what it hears reads again once it can. */
  unpause(member: Member): void {
    if (!member.paused || member.uplink?.up.congested === true) return;
    member.paused = false;
    this.#parts.links.resume(member);
  }

  /** A child says hello at a parent's door: the new link, or why there is none. */
  knock(child: Member, parent: Member): Wire | string {
    const { links, clock, note, tell } = this.#parts;
    const { node } = parent;
    if (node === undefined) return "DIAL_FAILED";
    const hello = helloOf(child, this.#nextSession(child));
    note(parent, "hello", child.name);
    tell(parent, { kind: "child-knocked", hello });
    const end = node.refusal(hello, clock(parent));
    if (end !== undefined) {
      note(child, "refused", end.code);
      return end.code;
    }
    const former = parent.children.get(child.name);
    const wire = links.open(child, parent, hello.session);
    parent.children.set(child.name, wire);
    if (former !== undefined) links.close(former, parent, "REPLACED");
    links.send(wire.down, welcomeOf(parent, node));
    tell(parent, { kind: "child-joined", hello });
    return wire;
  }

  #childEnded(wire: Wire, parent: Member): void {
    const child = wire.child.name;
    if (parent.children.get(child) !== wire) return;
    parent.children.delete(child);
    this.#parts.tell(parent, { kind: "child-left", child, session: wire.session });
  }

  #nextSession(member: Member): number {
    const { disk } = member;
    const session = Math.max(disk.session + 1, this.#parts.wall(member));
    this.#parts.after(member, DISK_MS, () => {
      disk.session = Math.max(disk.session, session);
    });
    return session;
  }
}
