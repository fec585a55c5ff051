import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { certificateRequest, newEd25519Key } from "../pkg/base/certificate-request.ts";
import { AuthorityKeeper } from "../pkg/trust/authority-secret.ts";
import type { KeptIdentity } from "../pkg/trust/identity-files.ts";
import { clusterName } from "../pkg/wire/names.ts";
import { eventually } from "../test/support/eventually.ts";
import { ProcessTree } from "../test/support/process-tree.ts";
import type { Row } from "./row.ts";
import type { ChildEvent, ChildrenOrder } from "./storm-children.ts";

/** Children of the parent that is killed, and of its sibling, which must not feel it. */
const CHILDREN = 1000;
const BYSTANDERS = 50;
/** Children that share a process. */
const PER_PROCESS = 500;
/** How long anything may take before the bench gives up. */
const LIMIT_MS = 120_000;
/** Milliseconds after the last child is home until memory is looked at. */
const REST_MS = 20_000;

/** Which parent is killed, and whether it can resume the TLS sessions of its children afterwards. */
interface Storm {
  readonly victim: "root" | "north";
  readonly tickets: boolean;
}

const STORMS: Readonly<Record<string, Storm>> = {
  "a root": { victim: "root", tickets: true },
  "a root that has lost its ticket keys": { victim: "root", tickets: false },
  "a region": { victim: "north", tickets: true },
};

/** 1,000 children lose their parent, which is killed and started again at once. */
export async function stormRows(only: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [what, storm] of Object.entries(STORMS)) {
    if (!what.includes(only)) continue;
    process.stderr.write(`1,000 children of ${what}\n`);
    const measured = await measure(what, storm);
    // One storm takes minutes: what is known is told at once.
    for (const row of measured) process.stderr.write(`  ${JSON.stringify(row)}\n`);
    rows.push(...measured);
  }
  return rows;
}

async function measure(what: string, { victim, tickets }: Storm): Promise<Row[]> {
  await using tree = await ProcessTree.start({
    root: {},
    north: { parent: "root" },
    south: { parent: "root" },
  });
  await using many = await Crowd.start(tree, victim, "child", CHILDREN);
  await using few = await Crowd.start(tree, "south", "bystander", BYSTANDERS);
  await Promise.all([many.settled(), few.settled()]);
  await sleep(REST_MS);
  const before = memoryOf(tree, victim);
  const tasks = new TaskProbe(tree);
  await sleep(5000);
  const calm = await tasks.stop();

  await many.forget();
  await few.forget();
  const storming = new TaskProbe(tree);
  const killed = Date.now();
  await tree.program(victim).kill();
  if (!tickets) await rm(join(tree.folder, victim, "identity", "tickets.key"));
  tree.launch(victim);
  const back = await many.joins();
  const cpu = await tree.metric(victim, "process_cpu_seconds_total");
  const home = await many.joins(victim);
  const stormy = await storming.stop();
  const lost = (await few.events()).filter((event) => event.what === "lost");
  const refused = (await many.events()).filter((event) => event.what === "refused");
  await sleep(REST_MS);
  for (const [code, count] of countBy(refused.map(({ detail }) => detail))) {
    process.stderr.write(`  ${count} attempts ended with ${code}\n`);
  }
  const times = (joined: readonly number[]): number[] =>
    joined.map((at) => at - killed).sort((a, b) => a - b);
  const row = (text: string, unit: string, ours: number, more: Partial<Row> = {}): Row => ({
    what: `${what} with ${CHILDREN.toLocaleString("en")} children: ${text}`,
    ...{ unit, ours, ...more },
  });
  const most = (share: number, values: readonly number[]): number =>
    values[Math.ceil(values.length * share) - 1] ?? Number.NaN;
  const [again, there] = [times(back), times(home)];
  return [
    row("killed to half | 99 % of them with a parent", "ms", most(0.5, again), {
      ...{ worst: most(0.99, again), bound: 10_000 },
    }),
    row("killed to half | 99 % of them home", "ms", most(0.5, there), {
      ...{ worst: most(0.99, there), bound: 60_000 },
    }),
    row("processor time of the new process until all are back", "s", cpu),
    row("attempts that failed", "", refused.length),
    row("links that its sibling's children lost", "", lost.length, {
      worst: lost.length,
      bound: 0,
    }),
    row("task to its sibling's children meanwhile, beside before", "ms", stormy, {
      yardstick: calm,
    }),
    row("memory of its process afterwards, beside before", "MB", memoryOf(tree, victim), {
      ...{ yardstick: before },
    }),
  ];
}

/** Many children with identities, in processes of their own. */
export class Crowd implements AsyncDisposable {
  readonly #processes: readonly ChildProcess[];
  readonly #count: number;
  #events: ChildEvent[] = [];

  private constructor(processes: readonly ChildProcess[], count: number) {
    this.#processes = processes;
    this.#count = count;
  }

  static async start(
    tree: ProcessTree,
    parent: string,
    prefix: string,
    count: number,
    kubeconfig?: string,
  ): Promise<Crowd> {
    const { authority } = await AuthorityKeeper.open(await tree.client());
    const processes: ChildProcess[] = [];
    const crowd = new Crowd(processes, count);
    for (let from = 0; from < count; from += PER_PROCESS) {
      const identities: Record<string, KeptIdentity> = {};
      for (let index = from; index < Math.min(count, from + PER_PROCESS); index++) {
        const name = clusterName(`${prefix}-${index}`);
        const key = await newEd25519Key();
        const grant = { name, parent: false, origin: false, tags: ["*"] };
        const chain = await authority.issue(await certificateRequest(key, name), grant, 30);
        identities[name] = { key, chain, trust: authority.trust };
      }
      const script = new URL("./storm-children.ts", import.meta.url);
      const child = fork(script, ["children"], { serialization: "advanced" });
      processes.push(child);
      const order: ChildrenOrder = {
        ...{
          identities,
          parent: tree.address(parent),
          folder: join(tree.folder, prefix),
          kubeconfig,
        },
      };
      child.send(order);
      await once(child, "message");
    }
    return crowd;
  }

  /** Resolves when all have joined for the first time. */
  async settled(): Promise<void> {
    await this.joins();
  }

  async forget(): Promise<void> {
    await this.events();
    this.#events = [];
  }

  /** Everything they have lived through since `forget`. */
  async events(): Promise<readonly ChildEvent[]> {
    for (const child of this.#processes) {
      child.send("tell");
      const [events] = (await once(child, "message")) as [ChildEvent[]];
      this.#events.push(...events);
    }
    return this.#events;
  }

  /** When each has first joined a parent (`parent`, if given) since `forget`, once all have. */
  joins(parent?: string): Promise<number[]> {
    return eventually(
      `all have joined ${parent ?? "somebody"}`,
      async () => {
        await sleep(200);
        const first = firstJoins(await this.events(), parent);
        return first.size === this.#count && [...first.values()];
      },
      LIMIT_MS,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
  }
}

/** Sends tasks to the bystanders, one after the other, and measures how long they take. */
class TaskProbe {
  readonly #times: number[] = [];
  readonly #done: Promise<void>;
  #stopped = false;
  static #count = 0;

  constructor(tree: ProcessTree) {
    this.#done = this.#run(tree);
  }

  /** The median of what was measured, in milliseconds. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await this.#done;
    this.#times.sort((a, b) => a - b);
    return this.#times[this.#times.length >> 1] ?? Number.NaN;
  }

  async #run(tree: ProcessTree): Promise<void> {
    const spec = { clusterSelector: "bystander-*", method: "GET", url: "/version" };
    while (!this.#stopped) {
      const began = performance.now();
      const name = `probe-${TaskProbe.#count++}`;
      // A root that is killed takes no tasks; what it has taken it finishes.
      const task = await tree.task(name, spec).catch(() => undefined);
      await task?.completed(LIMIT_MS).catch(() => {});
      if (task !== undefined) this.#times.push(performance.now() - began);
      await sleep(100);
    }
  }
}

/** Resident memory of a member's process in MB: now, or at most so far. */
export function memoryOf(
  tree: ProcessTree,
  name: string,
  field: "VmRSS" | "VmHWM" = "VmRSS",
): number {
  const status = readFileSync(`/proc/${tree.program(name).pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1]) / 1000;
}

function firstJoins(events: readonly ChildEvent[], parent?: string): Map<string, number> {
  const first = new Map<string, number>();
  for (const { name, what, detail, at } of events) {
    const counts = what === "joined" && (parent === undefined || detail === parent);
    if (counts && !first.has(name)) first.set(name, at);
  }
  return first;
}

function countBy(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
