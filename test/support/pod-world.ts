import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { CONFIG_MAP, type ConfigMap } from "../../pkg/apis/config-map.ts";
import { ENTRY_CONFIG, type EntryAddress, entryIn } from "../../pkg/apis/entry.ts";
import type { KubeObject, ResourceType } from "../../pkg/apis/object.ts";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import { treeKubeconfig } from "../../pkg/kube/tree-kubeconfig.ts";
import type { ControlPlane } from "./control-plane.ts";
import { eventually } from "./eventually.ts";
import { FakeKubelet } from "./fake-kubelet.ts";
import { ProcessTree, type TreeMember } from "./process-tree.ts";
import { freePort } from "./program.ts";

/** What the pods of a pod world run: it says that it has started, then repeats what it is told. */
const ECHO =
  "echo started; while true; do read line || { sleep 0.2; continue; }; echo got $line; done";

const METERS = {
  streams: "ote_streams",
  descriptors: "process_open_fds",
  heap: "nodejs_heap_size_used_bytes",
  cutLinks: "ote_link_errors_total",
} as const;

/**
 * A tree of three tiers whose edge is a real control plane with two nodes, and on each a pod: "plain" can only be
 * talked to as Kubernetes 1.20 allows, "modern" over websockets, too.
 */
export class PodWorld implements AsyncDisposable {
  readonly tree: ProcessTree;
  readonly kubelets: readonly FakeKubelet[];
  readonly #plane: ControlPlane;
  /** Streams that the tree keeps for itself. */
  #own: readonly number[] = [];
  /** Where clusters are reached, if not at the API of the root. */
  #entry: EntryAddress | undefined;
  /** The kubeconfigs that were written, by their files. */
  readonly #written = new Map<string, string>();

  private constructor(plane: ControlPlane, kubelets: readonly FakeKubelet[], tree: ProcessTree) {
    this.#plane = plane;
    this.kubelets = kubelets;
    this.tree = tree;
  }

  static async start(
    plane: ControlPlane,
    members: {
      readonly root?: TreeMember;
      readonly region?: TreeMember;
      /** How the edge reaches the control plane; by itself, if absent. */
      readonly edge?: TreeMember;
    } = {},
  ): Promise<PodWorld> {
    const kubelets = [
      await FakeKubelet.start(plane, { name: "plain" }),
      await FakeKubelet.start(plane, { name: "modern", websockets: true }),
    ];
    const tree = await ProcessTree.start({
      root: members.root ?? {},
      region: { parent: "root", ...members.region },
      edge: { parent: "region", ...(members.edge ?? { kubeconfig: plane.kubeconfig }) },
    });
    const world = new PodWorld(plane, kubelets, tree);
    await world.#run();
    await world.#settle();
    return world;
  }

  /** One whose tiers all have a control plane; clusters are reached by the entry of the root, which writes `auditLog`. */
  static async startReal(planes: PlaneOfTier, auditLog?: string): Promise<PodWorld> {
    const audit = auditLog === undefined ? [] : ["--entry-audit-log", auditLog];
    const flags = ["--entry-listen", `127.0.0.1:${await freePort()}`, ...audit];
    const world = await PodWorld.start(planes.edge, {
      root: { kubeconfig: planes.root.kubeconfig, flags },
      region: { kubeconfig: planes.region.kubeconfig },
    });
    const client = await world.tree.client();
    world.#entry = await eventually("the root tells where its entry is", async () =>
      entryIn(await client.get<ConfigMap>(CONFIG_MAP, ENTRY_CONFIG)),
    );
    return world;
  }

  /** The kubeconfig of the edge's own API. */
  get direct(): string {
    return this.#plane.kubeconfig;
  }

  /** The kubeconfig of a cluster's API through the root, for whom `file` is a kubeconfig of the root's API. */
  through(cluster = "edge", file = this.tree.kubeconfig("root")): string {
    const text = treeKubeconfig(readFileSync(file, "utf8"), cluster, file, this.#entry);
    return this.#write(`to-${cluster}-${basename(file)}`, text);
  }

  /** What a member's metrics say of what its streams cost it. */
  async meter(member: string, what: keyof typeof METERS): Promise<number> {
    return this.tree.metric(member, METERS[what]);
  }

  /** Streams that pass each member, root first. */
  streams(): Promise<number[]> {
    return Promise.all(MEMBERS.map((member) => this.meter(member, "streams")));
  }

  /** Resolves when members have no more streams than those of the tree itself and `streams`, and pods `sessions`. */
  async quiet(streams = 0, sessions = 0): Promise<void> {
    await eventually(`streams are ${this.#own} again`, async () => {
      const now = await this.streams();
      const talks = this.kubelets.reduce((sum, kubelet) => sum + kubelet.sessions, 0);
      // One that is passed on has two ends.
      const most = this.#own.map((own, at) => own + streams * (at === 1 ? 2 : 1));
      if (now.some((count, at) => count > (most[at] ?? 0)) || talks > sessions)
        throw new Error(`streams are ${now}, sessions ${talks}`);
      return true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tree[Symbol.asyncDispose]();
    for (const kubelet of this.kubelets) await kubelet[Symbol.asyncDispose]();
  }

  /** Makes the pods. */
  async #run(): Promise<void> {
    await using transport = await KubeconfigTransport.open(this.direct);
    const client = new TransportResourceClient(transport);
    for (const name of POD_NAMES) await client.create(POD, pod(name));
    await eventually("all pods run", async () => {
      const { items } = await client.list<RunningPod>(POD, { namespace: "default" });
      return items.every(({ status }) => status?.phase === "Running");
    });
  }

  /** The tree begins streams of its own once it is up: waits until there are no more than a second ago. */
  async #settle(): Promise<void> {
    do {
      this.#own = await this.streams();
      await sleep(1000);
    } while (`${this.#own}` !== `${await this.streams()}`);
  }

  #write(name: string, text: string): string {
    const file = join(this.tree.folder, name);
    // Who reads it just now must not find it empty.
    if (this.#written.get(file) !== text) writeFileSync(file, text, { mode: 0o600 });
    this.#written.set(file, text);
    return file;
  }
}

/** All tiers. */
export const MEMBERS = ["root", "region", "edge"] as const;
/** A control plane for each tier. */
export type PlaneOfTier = Readonly<Record<(typeof MEMBERS)[number], ControlPlane>>;
/** The pods, by how they can be talked to. */
export const POD_NAMES = ["plain", "modern"] as const;

const POD: ResourceType = {
  ...{ group: "", version: "v1", kind: "Pod", plural: "pods" },
  namespaced: true,
};

interface RunningPod extends KubeObject {
  readonly status?: { readonly phase?: string };
}

function pod(name: string) {
  return {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default" } },
    spec: {
      nodeName: name,
      containers: [{ name: "main", image: "none", command: ["sh", "-c", ECHO] }],
    },
  };
}

/** What a program came to that was told something. */
export interface Talk {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

/** A kubectl that goes on until it is stopped or has come to its end. */
export class KubectlTalk {
  readonly #child;
  readonly ended: Promise<Talk>;
  #out: Buffer[] = [];
  #err = "";

  constructor(program: string, kubeconfig: string, args: readonly string[], input?: Buffer) {
    const env = { PATH: process.env.PATH, HOME: "/nonexistent", KUBECONFIG: kubeconfig };
    this.#child = spawn(program, args, { env });
    this.#child.stdout.on("data", (bytes) => this.#out.push(bytes));
    this.#child.stderr.on("data", (bytes) => {
      this.#err += String(bytes);
    });
    this.#child.stdin.on("error", () => {});
    if (input !== undefined) this.#child.stdin.end(input);
    this.ended = once(this.#child, "close").then(([code]) => ({
      ...{ code, out: Buffer.concat(this.#out), err: this.#err },
    }));
  }

  get stdin() {
    return this.#child.stdin;
  }

  get stdout(): Readable {
    return this.#child.stdout;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** All it has said so far. */
  get said(): string {
    return Buffer.concat(this.#out).toString() + this.#err;
  }

  /** Resolves when it has said that. */
  says(text: string | RegExp): Promise<unknown> {
    return eventually(`kubectl says ${text}`, () =>
      typeof text === "string" ? this.said.includes(text) : text.test(this.said),
    );
  }

  async stop(): Promise<Talk> {
    this.#child.kill("SIGKILL");
    return this.ended;
  }
}
