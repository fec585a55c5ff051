import { MAX_DEPTH } from "../wire/parse-message.ts";
import type { Injector } from "./injector.ts";
import { InvariantError } from "./invariant.ts";
import type { Member, Wire } from "./member.ts";
import type { World } from "./world.ts";

/** Milliseconds within which a cluster is reached from the root once nothing on its way is wrong. */
export const ROUTABLE_MS = 12_000;
/** Milliseconds within which a cluster is at home once its home is well. */
export const HOME_MS = 60_000;
/** Milliseconds that a candidate behind a dead network costs. */
const DIAL_MS = 6000;

/** Milliseconds after which the end of a cluster is known at the top. */
const GONE_MS = 12_000;
/** Milliseconds for which a dial of before may still hold others up. */
const RECENT_MS = 30_000;

/** What must hold of the whole tree, looked at once a second and when everything is quiet. */
export class TreeChecks {
  readonly #world: World;
  readonly #injector: Injector;

  constructor(world: World, injector: Injector) {
    this.#world = world;
    this.#injector = injector;
  }

  /** Everybody who should be reached is, and everybody who could be at home is. */
  sweep(): void {
    const { now } = this.#world.time;
    const ways = new Map<Member, number>();
    for (const member of this.#world.members.values()) {
      ways.set(member, this.#wellSince(member, ways));
    }
    for (const member of this.#world.members.values()) {
      if (member === this.#world.root) continue;
      if (!member.alive) {
        this.#gone(member, now);
        continue;
      }
      this.#routable(member, ways, now);
      this.#atHome(member, now - (ways.get(member) ?? 0));
    }
  }

  /** Nothing has been wrong for long: what everybody believes is what is. */
  converged(): void {
    const { root, members } = this.#world;
    for (const member of members.values()) {
      const path = pathOf(member);
      const believed = member.node?.path.join("/") ?? "";
      if (believed !== path)
        this.#broken("paths are true", `${member.name} believes ${believed}, it is ${path}`);
      if (member !== root) this.#known(member, path);
      this.#links(member);
    }
    if (root.node?.subtreeSize !== members.size - 1)
      this.#broken(
        "the root knows all",
        `it knows ${root.node?.subtreeSize} of ${members.size - 1}`,
      );
  }

  #atHome({ name, uplink, home }: Member, wellFor: number): void {
    if (wellFor <= HOME_MS || uplink?.parent === home) return;
    this.#broken("home again", `${name} is below ${uplink?.parent.name ?? "nobody"}, not at home`);
  }

  #known(member: Member, path: string): void {
    const node = this.#world.root.node;
    const hops = ["root", ...(node?.hopsTo(member.name) ?? [])];
    const [top] = path.split("/");
    if ([top, ...hops.slice(1)].join("/") !== path)
      this.#broken("the root knows all", `it believes ${hops.join("/")}, ${path} is true`);
  }

  #links(member: Member): void {
    const second = [...member.wires].find(
      (wire) => wire.child === member && wire !== member.uplink,
    );
    if (second !== undefined)
      this.#broken("one parent", `${member.name} has a link to ${second.parent.name} too`);
    for (const { child, parentOpen } of member.children.values()) {
      if (!parentOpen || child.uplink?.parent !== member)
        this.#broken("links are true", `${member.name} counts ${child.name} as a child`);
    }
  }

  /** Since when a member, everybody on its way home, and the network between them have been well. */
  #wellSince(member: Member, ways: ReadonlyMap<Member, number>): number {
    if (!this.#injector.isWell(member)) return Number.POSITIVE_INFINITY;
    const changedAt = this.#injector.changedAt(member);
    const { home } = member;
    if (home === undefined) return changedAt;
    const { now } = this.#world.time;
    const cutAt = this.#world.network.cutAt(member, home, now);
    return Math.max(
      changedAt,
      ways.get(home) ?? 0,
      cutAt === now ? Number.POSITIVE_INFINITY : cutAt,
    );
  }

  #routable(member: Member, ways: ReadonlyMap<Member, number>, now: number): void {
    if (!this.#injector.isWell(member) || this.#isReached(member)) return;
    // Who has just come below somebody shares what happened there before.
    const touches = [...chain(member, above)].map((one) => this.#injector.touchedAt(one));
    const touchedAt = Math.max(...touches);
    const homeWell = now - Math.max(ways.get(member) ?? 0, touchedAt);
    const limit = ROUTABLE_MS + DIAL_MS * this.#silentDials(member);
    if (homeWell > limit)
      this.#broken(
        "routable",
        `${member.name} is not reached though all is well since ${Math.round(homeWell)} ms`,
      );
    for (const address of member.candidates?.addresses ?? []) {
      const free = now - Math.max(touchedAt, this.#openSince(member, address, ways));
      if (free > limit)
        this.#broken(
          "routable",
          `${member.name} is not reached though ${address} could take it since ${Math.round(free)} ms`,
        );
    }
  }

  /** Whether what the root sends to a member arrives there. */
  #isReached(member: Member): boolean {
    let at: Member | undefined = this.#world.root;
    for (let hops = 0; at !== undefined && at !== member && hops <= MAX_DEPTH; hops++) {
      const wire: Wire | undefined = at.children.get(at.node?.nextHop(member.name) ?? at.name);
      // One that was left a moment ago still passes on tasks.
      at = wire?.childOpen === true ? wire.child : undefined;
    }
    return at === member;
  }

  /** The root counts nobody who has long been dead. */
  #gone(member: Member, now: number): void {
    const { root } = this.#world;
    const since = Math.max(this.#injector.changedAt(member), this.#injector.changedAt(root));
    if (now - since > GONE_MS && root.node?.route(member.name) !== undefined)
      this.#broken(
        "the dead are gone",
        `${member.name} is counted ${Math.round(now - since)} ms after its end`,
      );
  }

  /** Since when nothing has happened to a member and to those above it; now if something is wrong. */
  calmSince(member: Member): number {
    const { now } = this.#world.time;
    const concerned = [...chain(member, above), this.#world.root];
    if (concerned.some((one) => !this.#injector.isWell(one))) return now;
    const cuts = concerned.map((one) =>
      one.uplink === undefined ? 0 : this.#world.network.cutAt(one, one.uplink.parent, now),
    );
    const touched = concerned.map((one) => this.#injector.touchedAt(one));
    return Math.max(...cuts, ...touched);
  }

  /** Since when a candidate other than home could have taken a member in. */
  #openSince(member: Member, address: string, ways: ReadonlyMap<Member, number>): number {
    const candidate = this.#world.members.get(address as never);
    if (candidate?.node === undefined || candidate === member.home) return Number.POSITIVE_INFINITY;
    const { anchored, path } = candidate.node;
    if (!anchored || path.includes(member.name)) return Number.POSITIVE_INFINITY;
    const cutAt = this.#world.network.cutAt(member, candidate, this.#world.time.now);
    return Math.max(ways.get(candidate) ?? 0, cutAt);
  }

  /** How many dials of a member and of those above it may have to wait for nobody, one after the other. */
  #silentDials(member: Member): number {
    const concerned = [...chain(member, ({ home }) => home), ...chain(member, above)];
    const silent = [...new Set(concerned)].map((one) =>
      (one.candidates?.addresses ?? []).filter((address) => this.#wasSilent(one, address)),
    );
    return silent.flat().length;
  }

  #wasSilent(from: Member, address: string): boolean {
    const to = this.#world.members.get(address as never);
    if (to === undefined) return false;
    const { network, time } = this.#world;
    if (to.stalled !== undefined || network.blocks(from, to)) return true;
    const silentAt = Math.max(network.cutAt(from, to, time.now), this.#injector.changedAt(to));
    return time.now - silentAt < RECENT_MS;
  }

  #broken(invariant: string, what: string): never {
    throw new InvariantError(invariant, this.#world.time.now, what);
  }
}

function above({ uplink }: Member): Member | undefined {
  return uplink?.parent;
}

/** A member and all that follow by `next`; ends where it comes back to one. */
function chain(member: Member, next: (member: Member) => Member | undefined): Set<Member> {
  const found = new Set<Member>();
  for (let at: Member | undefined = member; at !== undefined && !found.has(at); at = next(at))
    found.add(at);
  return found;
}

function pathOf(member: Member): string {
  return [...chain(member, above)]
    .reverse()
    .map(({ name }) => name)
    .join("/");
}
