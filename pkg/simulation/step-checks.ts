import type { TreeEffect, TreeEvent } from "../clustercontroller/event.ts";
import { ANSWER_GRACE_MS } from "../clustercontroller/tasks/task-board.ts";
import { LEDGER_LIMIT } from "../clustercontroller/tasks/task-ledger.ts";
import { MAX_LEARNT } from "../topology/parent-candidates.ts";
import type { ClusterName } from "../wire/names.ts";
import { MAX_DEPTH } from "../wire/parse-message.ts";
import { InvariantError } from "./invariant.ts";
import type { Member } from "./member.ts";
import type { Observer } from "./observer.ts";
import type { KeptTask } from "./task-api.ts";
import type { World } from "./world.ts";

/** Milliseconds after which what happened cannot be why a cluster is lost. */
const CALM_MS = 30_000;
/** Milliseconds after the grace at a deadline within which every verdict is written. */
const WRITE_LIMIT_MS = 2000;

/** What must hold after every single step; each look costs what the step changed, not what the tree is. */
export class StepChecks implements Observer {
  /** Set before anything happens in it. */
  world: World | undefined;
  /** Where a death in the middle of a task was arranged. */
  onCrash: (member: Member) => void = () => {};
  /** Since when nothing has happened to a member and to those above it. */
  calmSince: (member: Member) => number = () => Number.POSITIVE_INFINITY;
  /** Milliseconds for which living clusters were not in the root's table. */
  readonly outages: number[] = [];
  /** How often tasks were executed. */
  get executions(): number {
    return this.#executions.size;
  }

  readonly #executions = new Map<string, number>();
  readonly #completed = new Set<string>();
  readonly #lostAt = new Map<ClusterName, number>();
  /** Since when their processes run. */
  readonly #runsSince = new Map<Member, number>();

  started(member: Member): void {
    this.#runsSince.set(member, this.#now());
  }

  killed(member: Member): void {
    this.#lostAt.delete(member.name);
  }

  crashed(member: Member): void {
    this.onCrash(member);
  }

  /** Nobody is above itself, and nobody but its own clusters joins one that has lost the root. */
  joined(member: Member): void {
    const { node, uplink, home } = member;
    if (node?.anchored === false && uplink?.parent !== home)
      this.#broken("no tree without a root", `${member.name} joined ${uplink?.parent.name}`);
    const names = [member.name];
    for (let at = above(member); at !== undefined; at = above(at)) {
      if (at === member) this.#broken("no cycle", `${names.join(" below ")} below ${at.name}`);
      if (names.length > MAX_DEPTH * 2) this.#broken("no cycle", `${names.join(" below ")} …`);
      names.push(at.name);
    }
  }

  stepped(member: Member, event: TreeEvent, effects: readonly TreeEffect[]): void {
    this.#ranks(member);
    if (event.kind === "tick") this.#limits(member);
    for (const effect of effects) {
      if (effect.kind === "clusters-changed") this.#ways(member, effect.names);
      else if (effect.kind === "run") this.#meant(member, effect.task.targets);
      else if (effect.kind === "ignored" && effect.code !== "FOREIGN_ANSWER")
        this.#broken(
          "nothing unexpected",
          `${member.name} left out something of ${effect.peer}: ${effect.code}`,
        );
    }
  }

  executed(member: Member, id: string): void {
    const task = this.world?.tasks.tasks.get(id);
    const key = `${id} at ${member.name}`;
    if (task?.targets.includes(member.name) !== true)
      this.#broken(
        "only the selected execute",
        `${member.name} executed ${id}, which is for others`,
      );
    if (this.#executions.has(key)) this.#broken("at most once", `${key} was executed twice`);
    this.#executions.set(key, this.#now());
  }

  verdict(task: KeptTask, cluster: ClusterName): void {
    const { id, verdicts, targets } = task;
    if (verdicts.has(cluster))
      this.#broken("one verdict", `${id} has a second verdict of ${cluster}`);
    if (!targets.includes(cluster))
      this.#broken("one verdict", `${id} has a verdict of ${cluster}, which was not asked`);
  }

  /** Every task whose deadline is over has all its verdicts, and no "done" that was not. */
  tasks(): void {
    for (const task of this.world?.tasks.tasks.values() ?? [])
      if (!this.#completed.has(task.id)) this.#task(task);
  }

  #task({ id, origin, targets, deadline, verdicts }: KeptTask): void {
    if (verdicts.size === targets.length) this.#completed.add(id);
    for (const [cluster, verdict] of verdicts) {
      const times = this.#executions.has(`${id} at ${cluster}`);
      if (verdict === "done" && !times)
        this.#broken("done is done", `${id} is done at ${cluster}, which never executed it`);
    }
    const since = Math.max(deadline, this.#runsSince.get(origin) ?? 0);
    const late = this.#now() - since > ANSWER_GRACE_MS + WRITE_LIMIT_MS;
    if (!late || !origin.alive || origin.stalled !== undefined || verdicts.size === targets.length)
      return;
    const missing = targets.filter((cluster) => !verdicts.has(cluster));
    this.#broken(
      "every verdict",
      `${id} waits for ${missing.slice(0, 3).join(", ")} (${missing.length})`,
    );
  }

  #ranks(member: Member): void {
    const parent = above(member);
    if (parent?.node === undefined || member.node === undefined) return;
    if (parent.node.rank <= member.node.rank)
      this.#broken(
        "ranks fall",
        `${member.name} ranks ${member.node.rank}, its parent ${parent.name} ${parent.node.rank}`,
      );
  }

  #limits({ name, node, candidates }: Member): void {
    if (node === undefined) return;
    if (node.rememberedTasks > LEDGER_LIMIT)
      this.#broken("limits", `${name} remembers too many tasks`);
    const tasks = this.world?.tasks.tasks.size ?? 0;
    if (node.waitingTasks > tasks)
      this.#broken("limits", `${name} waits for more tasks than there are`);
    if ((candidates?.learnt.length ?? 0) > MAX_LEARNT)
      this.#broken("limits", `${name} has too many candidates`);
  }

  #meant(member: Member, targets: readonly ClusterName[]): void {
    if (targets.length !== 1 || targets[0] !== member.name)
      this.#broken(
        "only the selected execute",
        `${member.name} runs a task for ${targets.join(", ")}`,
      );
  }

  /** From here, whatever is followed ends: at the cluster, or where the way is not there any more. */
  #ways(member: Member, names: readonly ClusterName[]): void {
    for (const name of names) {
      const hops = [member.name];
      for (let at = below(member, name); at !== undefined; at = below(at, name)) {
        hops.push(at.name);
        if (hops.length > MAX_DEPTH || at === member)
          this.#broken("no routing loop", `the way to ${name} leads ${hops.join(", ")}`);
      }
      if (member === this.world?.root) this.#outage(member, name);
    }
  }

  #outage(root: Member, name: ClusterName): void {
    const member = this.world?.members.get(name);
    if (member === undefined || member === root) return;
    const lostAt = this.#lostAt.get(name);
    if (root.node?.route(name) === undefined) {
      if (!member.alive) return;
      this.#lostAt.set(name, lostAt ?? this.#now());
      const calmFor = this.#now() - this.calmSince(member);
      if (calmFor > CALM_MS)
        this.#broken("no gap", `${name} is lost though nothing happened for ${calmFor} ms`);
    } else if (lostAt !== undefined) {
      this.#lostAt.delete(name);
      if (lostAt >= (this.#runsSince.get(root) ?? 0)) this.outages.push(this.#now() - lostAt);
    }
  }

  #now(): number {
    return this.world?.time.now ?? 0;
  }

  #broken(invariant: string, what: string): never {
    throw new InvariantError(invariant, this.#now(), what);
  }
}

/** The parent that a member believes to have, if that process is still the one that took it in. */
function above({ uplink }: Member): Member | undefined {
  if (uplink === undefined || !uplink.childOpen) return undefined;
  return uplink.parent.life === uplink.parentLife ? uplink.parent : undefined;
}

/** Where what `at` sends on its way to `name` arrives. */
function below(at: Member, name: ClusterName): Member | undefined {
  const hop = at.node?.nextHop(name);
  const wire = hop === undefined ? undefined : at.children.get(hop);
  return wire?.childOpen === true ? wire.child : undefined;
}
