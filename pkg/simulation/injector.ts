import { type Fault, faultRow, type Hurt } from "./faults.ts";
import type { Member } from "./member.ts";
import type { World } from "./world.ts";

/** Makes a schedule of faults happen, and knows who has been well since when. */
export class Injector {
  readonly #world: World;
  readonly #hurt: Hurt;
  readonly #changedAt = new Map<Member, number>();
  readonly #touchedAt = new Map<Member, number>();
  readonly #active = new Map<Member, number>();
  readonly #downs = new Map<Member, number>();
  readonly #regions = new Map<Member, ReadonlySet<Member>>();
  readonly #crashes = new Map<Member, number>();

  constructor(world: World) {
    this.#world = world;
    this.#hurt = {
      world,
      down: (member) => this.#down(member),
      region: (member) => this.#region(member),
    };
  }

  plan(schedule: readonly Fault[]): void {
    for (const fault of schedule)
      this.#world.time.plan(fault.at - this.#world.time.now, () => this.#begin(fault));
  }

  /** When something last began or ended to be wrong with a member itself. */
  changedAt(member: Member): number {
    return this.#changedAt.get(member) ?? 0;
  }

  /** When something last happened to a member, or to somebody it was below at that moment. */
  touchedAt(member: Member): number {
    return this.#touchedAt.get(member) ?? 0;
  }

  /** Whether nothing is wrong with a member itself. */
  isWell(member: Member): boolean {
    return member.alive && (this.#active.get(member) ?? 0) === 0;
  }

  /** The arranged moment has come. */
  crash(member: Member): void {
    this.#touch(member);
    const up = this.#down(member);
    this.#note(member, 1);
    this.#world.time.plan(this.#crashes.get(member) ?? 1000, () => {
      this.#touch(member);
      up();
      this.#note(member, -1);
    });
  }

  #begin(fault: Fault): void {
    const member = this.#world.members.get(fault.whom as never);
    if (member === undefined) return;
    this.#world.trace.note(this.#world.time.now, fault.whom, "fault", fault.fault);
    if (fault.fault === "crash") this.#crashes.set(member, fault.forMs);
    // A clock that jumps, or a crash that may come, does not interrupt anything.
    const interrupts = fault.fault !== "clock" && fault.fault !== "crash";
    const concerned = interrupts ? this.#concerned(member, fault) : [];
    for (const one of concerned) this.#touch(one);
    const end = faultRow(fault.fault).begin(this.#hurt, member, fault);
    if (!interrupts) return;
    this.#note(member, end === undefined ? 0 : 1);
    if (end === undefined) return;
    this.#world.time.plan(fault.forMs, () => {
      for (const one of concerned) this.#touch(one);
      end();
      this.#note(member, -1);
    });
  }

  #concerned(member: Member, { fault }: Fault): Iterable<Member> {
    return fault === "partition" ? this.#region(member) : [member];
  }

  /** Everybody who is below a member now feels what happens to it. */
  #touch(member: Member): void {
    const open = [member];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      this.#touchedAt.set(at, this.#world.time.now);
      for (const { child, parent } of at.children.values())
        if (child.uplink?.parent === parent && this.#touchedAt.get(child) !== this.#world.time.now)
          open.push(child);
    }
  }

  #note(member: Member, more: number): void {
    this.#changedAt.set(member, this.#world.time.now);
    this.#active.set(member, (this.#active.get(member) ?? 0) + more);
  }

  #down(member: Member): () => void {
    this.#downs.set(member, (this.#downs.get(member) ?? 0) + 1);
    this.#world.kill(member);
    return () => {
      const left = (this.#downs.get(member) ?? 1) - 1;
      this.#downs.set(member, left);
      if (left === 0) this.#world.start(member);
    };
  }

  #region(top: Member): ReadonlySet<Member> {
    let region = this.#regions.get(top);
    if (region === undefined) {
      const inside = new Set([top]);
      for (const member of this.#world.members.values())
        if (member.home !== undefined && inside.has(member.home)) inside.add(member);
      region = inside;
      this.#regions.set(top, region);
    }
    return region;
  }
}
