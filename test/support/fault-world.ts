import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isStatus } from "../../pkg/apis/status.ts";
import { errorText } from "../../pkg/base/errors.ts";
import { eventually } from "./eventually.ts";
import { HostNetwork } from "./host-network.ts";
import type { LogLine } from "./node-program.ts";
import { ObjectApi } from "./object-api.ts";
import { ProcessTree, type TaskHandle } from "./process-tree.ts";

/** The tree that is tormented: every cluster and its parent. */
export const PARENTS: Readonly<Record<string, string>> = {
  north: "root",
  south: "root",
  "north-1": "north",
  "north-2": "north",
  "south-1": "south",
  "south-2": "south",
};
/** The clusters that execute tasks: all but the root. */
export const CLUSTERS = Object.keys(PARENTS);

const TASK_INTERVAL_MS = 250;
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
/** How long anything may take before the bench gives up. */
const LIMIT_MS = 120_000;

/** Something bad that happens to one host, and its end. */
export interface Fault {
  readonly inflict: (world: FaultWorld, host: string) => void | Promise<void>;
  readonly heal: (world: FaultWorld, host: string) => void;
}

const healNetwork = ({ network }: FaultWorld, host: string): void => network.heal(host);

/** All faults by name. */
export const FAULTS = {
  "kill -9": {
    inflict: ({ tree }, host) => tree.program(host).kill(),
    heal: ({ tree }, host) => void tree.launch(host),
  },
  SIGSTOP: {
    inflict: ({ tree }, host) => tree.program(host).signal("SIGSTOP"),
    heal: ({ tree }, host) => tree.program(host).signal("SIGCONT"),
  },
  "link down": { inflict: ({ network }, host) => network.cut(host), heal: healNetwork },
  "nothing goes out": {
    inflict: ({ network }, host) => network.lose(host, "out", 1),
    heal: healNetwork,
  },
  "nothing comes in": {
    inflict: ({ network }, host) => network.lose(host, "in", 1),
    heal: healNetwork,
  },
} as const satisfies Record<string, Fault>;

/** A write that took effect at a cluster's API. */
interface Execution {
  readonly name: string;
  readonly at: number;
}

/**
 * A root, two regions and four edges, each a real process on a host of its own, with identities. Tasks for
 * all clusters are written all the time, and every execution is counted at the cluster's API. Times are
 * milliseconds since 1970.
 */
export class FaultWorld implements AsyncDisposable {
  readonly network: HostNetwork;
  readonly #apis = new Map<string, ObjectApi>();
  readonly #executions = new Map<string, Execution[]>(CLUSTERS.map((name) => [name, []]));
  readonly #written: TaskHandle[] = [];
  #tree: ProcessTree | undefined;
  #writing = false;
  #writer: Promise<void> = Promise.resolve();
  #count = 0;

  private constructor() {
    this.network = new HostNetwork(["root", ...CLUSTERS]);
  }

  static async start(): Promise<FaultWorld> {
    const world = new FaultWorld();
    try {
      await world.#start();
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  get tree(): ProcessTree {
    if (this.#tree === undefined) throw new Error("Cannot use the tree: it has not started");
    return this.#tree;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#writing = false;
    await this.#tree?.[Symbol.asyncDispose]();
    await this.#writer;
    for (const api of this.#apis.values()) await api[Symbol.asyncDispose]();
    this.network[Symbol.dispose]();
  }

  /** The first line of `host` with this message, these fields and a time from `since` on. */
  line(host: string, msg: string, fields: object, since: number): number | undefined {
    const wanted = Object.entries(fields);
    for (const text of this.tree.program(host).stdout) {
      if (!text.includes(`"msg":"${msg}"`)) continue;
      const line = JSON.parse(text) as LogLine;
      const at = Date.parse(String(line.time));
      if (at >= since && wanted.every(([key, value]) => line[key] === value)) return at;
    }
    return undefined;
  }

  /** The same, once it is there. */
  says(host: string, msg: string, fields: object, since: number): Promise<number> {
    return eventually(
      `${host} says ${msg} ${JSON.stringify(fields)}`,
      () => this.line(host, msg, fields, since),
      LIMIT_MS,
    );
  }

  /** When `host` first executed a task from `since` on, once it has. */
  async executes(host: string, since: number): Promise<number> {
    const executions = this.#executions.get(host) ?? [];
    return eventually(
      `${host} executes a task`,
      () => executions.find(({ at }) => at >= since)?.at,
      LIMIT_MS,
    );
  }

  /** Resolves when `host` has executed that many tasks since the last look at all of them. */
  async executed(host: string, count: number): Promise<void> {
    const executions = this.#executions.get(host) ?? [];
    await eventually(`${host} executes ${count} tasks`, () => executions.length >= count, LIMIT_MS);
  }

  /** When the neighbours of `host` noticed what was done to it at `since`. */
  noticed(host: string, since: number): Promise<number[]> {
    const parent = PARENTS[host];
    const above =
      parent === undefined ? [] : [this.says(parent, "child left", { child: host }, since)];
    const below = childrenOf(host).map((child) =>
      this.says(child, "lost parent", { parent: host }, since),
    );
    return Promise.all([...above, ...below]);
  }

  /** When `host` executed its first task after it had joined a parent, `parent` if given. */
  async joinedAndExecutes(host: string, since: number, parent?: string): Promise<number> {
    const joined = await this.says(host, "joined parent", parent ? { parent } : {}, since);
    return this.executes(host, joined);
  }

  /** Links that were lost from `since` on, as their ends say. */
  alarms(since: number): string[] {
    const messages = ["lost parent", "child left", "leaving parent"];
    return ["root", ...CLUSTERS].flatMap((host) =>
      messages.filter((msg) => this.line(host, msg, {}, since)).map((msg) => `${host}: ${msg}`),
    );
  }

  /** Tasks that have not ended with one verdict and one execution at each cluster; those that have are forgotten. */
  async verify(): Promise<{ readonly tasks: number; readonly wrong: string[] }> {
    const tasks = this.#written.splice(0);
    const wrong: string[] = [];
    for (const task of tasks) {
      const complaint = await this.#complaint(task).catch(errorText);
      if (complaint !== undefined) wrong.push(`${task.name}: ${complaint}`);
      await task.delete();
    }
    for (const host of CLUSTERS) this.#executions.get(host)?.splice(0);
    return { tasks: tasks.length, wrong };
  }

  /** Writes all logs to a new folder, and says which. */
  async saveLogs(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "ote-faults-"));
    for (const host of ["root", ...CLUSTERS]) {
      const { stdout, stderr } = this.tree.program(host);
      await writeFile(join(folder, `${host}.log`), [...stdout, ...stderr].join("\n"));
    }
    return folder;
  }

  async #start(): Promise<void> {
    const members: Record<string, object> = { root: { host: this.network.host("root") } };
    for (const [name, parent] of Object.entries(PARENTS)) {
      const api = await ObjectApi.listen(this.network.here(name));
      this.#apis.set(name, api);
      const executions = this.#executions.get(name);
      api.onEffect = (object) => void executions?.push({ name: object, at: Date.now() });
      members[name] = { parent, host: this.network.host(name), kubeconfig: api.kubeconfig };
    }
    this.#tree = await ProcessTree.start(members);
    this.#writing = true;
    this.#writer = this.#write();
  }

  async #write(): Promise<void> {
    while (this.#writing) {
      const pause = new Promise((resolve) => setTimeout(resolve, TASK_INTERVAL_MS));
      const name = `task-${this.#count++}`;
      const task = await this.#untilWritten(name).catch(() => undefined);
      if (task !== undefined) this.#written.push(task);
      await pause;
    }
  }

  /** Writes a task to a root that may be away; one that was written before the answer was lost is found. */
  async #untilWritten(name: string): Promise<TaskHandle | undefined> {
    const body = `metadata: {name: ${name}}`;
    const clusterSelector = CLUSTERS.join(",");
    const spec = { clusterSelector, method: "POST", url: CONFIG_MAPS, body, deadlineSeconds: 600 };
    const write = async (): Promise<TaskHandle | "over" | undefined> => {
      if (!this.#writing) return "over";
      try {
        return await this.tree.task(name, spec);
      } catch (error) {
        if (isStatus(error, "AlreadyExists")) return this.tree.found(name);
        throw error;
      }
    };
    const written = await eventually(`${name} is written`, write, LIMIT_MS);
    return written === "over" ? undefined : written;
  }

  async #complaint(task: TaskHandle): Promise<string | undefined> {
    await task.completed(LIMIT_MS);
    const results = await task.results();
    for (const host of CLUSTERS) {
      const [verdict, effects] = [results[host]?.verdict, this.#apis.get(host)?.effects(task.name)];
      if (verdict !== "done") return `${host} has the verdict ${JSON.stringify(results[host])}`;
      if (effects !== 1) return `${host} has executed it ${effects} times`;
    }
    return undefined;
  }
}

/** The clusters right below `host`. */
export function childrenOf(host: string): string[] {
  return CLUSTERS.filter((name) => PARENTS[name] === host);
}
