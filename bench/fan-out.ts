import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { WebSocket, WebSocketServer } from "ws";
import { silentLog } from "../pkg/base/log.ts";
import { noMetrics } from "../pkg/base/metrics.ts";
import { Children } from "../pkg/clustercontroller/children.ts";
import type { TreeEvent } from "../pkg/clustercontroller/event.ts";
import { TreeNode } from "../pkg/clustercontroller/tree-node.ts";
import { TUNNEL_PATH } from "../pkg/tunnel/cloud-tunnel.ts";
import { dialLink } from "../pkg/tunnel/edge-tunnel.ts";
import type { Hello, Result } from "../pkg/wire/message.ts";
import { clusterName } from "../pkg/wire/names.ts";

/** Bytes of a task's body, of an answer's body, and of the frames of the bare loop. */
const PAYLOAD = 256;
const HEARTBEAT_MS = 60_000;

/** What a hub process tells: where it listens, how long rounds took, how much memory it holds. */
type HubSays =
  | { readonly port: number }
  | { readonly rounds: readonly number[] }
  | { readonly rss: number };

/** The two things compared: the real tree code over real links, and a bare `ws` loop. */
export type Variant = "tree" | "ws";

/** Milliseconds of each round: one task to `children`, all answers back. */
export async function fanOut(
  variant: Variant,
  children: number,
  rounds: number,
): Promise<number[]> {
  await using pair = await Pair.start(variant, children);
  const { rounds: times } = await pair.ask<{ rounds: number[] }>({ rounds });
  return times;
}

/** Bytes of resident memory that one idle child costs its parent. */
export async function memoryPerChild(variant: Variant, children: number): Promise<number> {
  const few = await idleMemory(variant, 10);
  const many = await idleMemory(variant, children + 10);
  return (many - few) / children;
}

async function idleMemory(variant: Variant, children: number): Promise<number> {
  await using pair = await Pair.start(variant, children);
  const { rss } = await pair.ask<{ rss: number }>({ rss: true });
  return rss;
}

/** A hub process and a process that plays all its children. */
class Pair implements AsyncDisposable {
  readonly #hub: ChildProcess;
  readonly #children: ChildProcess;

  private constructor(hub: ChildProcess, children: ChildProcess) {
    this.#hub = hub;
    this.#children = children;
  }

  static async start(variant: Variant, count: number): Promise<Pair> {
    const file = import.meta.filename;
    const hub = fork(file, ["hub", variant, String(count)], { execArgv: ["--expose-gc"] });
    const [{ port }] = (await once(hub, "message")) as [{ port: number }];
    const children = fork(file, ["children", variant, String(count), String(port)]);
    await once(children, "message");
    return new Pair(hub, children);
  }

  async ask<T>(question: object): Promise<T> {
    this.#hub.send(question);
    const [answer] = (await once(this.#hub, "message")) as [T];
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [this.#children, this.#hub]) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
  }
}

/** Runs one round and resolves when all answers are there. */
type Round = () => Promise<void>;

async function hub(variant: Variant, count: number): Promise<void> {
  const { port, round } = variant === "tree" ? await treeHub(count) : await bareHub(count);
  const say = (answer: HubSays): void => void process.send?.(answer);
  process.on("message", (question: { rounds?: number; rss?: true }) => {
    void answerQuestion(question, round, say);
  });
  say({ port });
}

async function answerQuestion(
  question: { readonly rounds?: number; readonly rss?: true },
  round: Round,
  say: (answer: HubSays) => void,
): Promise<void> {
  if (question.rss === true) {
    await settle();
    say({ rss: process.memoryUsage().rss });
    return;
  }
  const rounds: number[] = [];
  for (let index = 0; index < (question.rounds ?? 0); index++) {
    const began = performance.now();
    await round();
    rounds.push(performance.now() - began);
  }
  say({ rounds });
}

/** Garbage of the joins is not what an idle child costs. */
async function settle(): Promise<void> {
  for (let index = 0; index < 5; index++) {
    global.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function treeHub(count: number): Promise<{ port: number; round: Round }> {
  const name = clusterName("root");
  const node = new TreeNode({ name, hasShim: false, isRoot: true });
  const names = Array.from({ length: count }, (_, index) => clusterName(`c${index}`));
  let done: () => void = () => {};
  let answers = 0;
  const dispatch = (event: TreeEvent): void => {
    for (const effect of node.handle(event, performance.now())) {
      if (effect.kind === "send-child") children.send(effect.child, effect.message);
      else if (effect.kind === "settled") answers += effect.settlements.length;
    }
    if (answers === count) done();
  };
  const children = await Children.listen(
    { listen: { host: "127.0.0.1", port: 0 }, heartbeatMs: HEARTBEAT_MS },
    {
      log: silentLog,
      metrics: noMetrics,
      dispatch,
      refusal: (hello) => {
        dispatch({ kind: "child-knocked", hello });
        return node.refusal(hello, performance.now());
      },
      roomAbove: () => undefined,
      trust: undefined,
      strangers: undefined,
      check: (_, message) => message,
      onJoined: () => {},
      welcome: () => ({
        kind: "welcome",
        name,
        version: "bench",
        capabilities: [],
        heartbeatMs: HEARTBEAT_MS,
        path: [name],
        listen: "",
        rank: node.rank,
        anchored: true,
      }),
    },
  );
  let tasks = 0;
  const round: Round = () =>
    new Promise((resolve) => {
      answers = 0;
      done = resolve;
      const order = {
        id: `task-${tasks++}`,
        body: new Uint8Array(PAYLOAD),
        waiting: names,
        deadline: performance.now() + 60_000,
        parallelism: Number.POSITIVE_INFINITY,
      };
      dispatch({ kind: "task-created", order });
    });
  return { port: children.port, round };
}

async function bareHub(count: number): Promise<{ port: number; round: Round }> {
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    backlog: 4096,
    perMessageDeflate: false,
  });
  await once(server, "listening");
  let done: () => void = () => {};
  let answers = 0;
  server.on("connection", (socket) => {
    socket.on("message", () => {
      if (++answers === count) done();
    });
  });
  const payload = Buffer.alloc(PAYLOAD);
  const round: Round = () =>
    new Promise((resolve) => {
      answers = 0;
      done = resolve;
      for (const socket of server.clients) socket.send(payload);
    });
  return { port: (server.address() as AddressInfo).port, round };
}

async function children(variant: Variant, count: number, port: number): Promise<void> {
  const join = variant === "tree" ? treeChild : bareChild;
  for (let from = 0; from < count; from += 100) {
    const batch = Array.from({ length: Math.min(100, count - from) }, (_, index) =>
      join(from + index, port),
    );
    await Promise.all(batch);
  }
  process.send?.({ joined: count });
}

async function treeChild(index: number, port: number): Promise<void> {
  const name = clusterName(`c${index}`);
  const hello: Hello = {
    kind: "hello",
    name,
    instance: `i${index}`,
    session: 1,
    tags: { tier: "edge" },
    listen: "",
    version: "bench",
    capabilities: [],
    heartbeatMs: HEARTBEAT_MS,
    preferredParent: "",
    rank: 0,
    anchored: false,
  };
  const { link } = await dialLink(
    {
      address: `127.0.0.1:${port}`,
      path: TUNNEL_PATH,
      hello: () => hello,
      side: "up",
      metrics: noMetrics,
    },
    new AbortController().signal,
  );
  const body = new Uint8Array(PAYLOAD);
  void link.receive((message) => {
    if (message.kind !== "task") return;
    const { id, origin } = message;
    const answer = {
      verdict: "done",
      code: 200,
      reason: "",
      truncated: false,
      timestamp: 1,
    } as const;
    link.send({ kind: "result", id, origin, cluster: name, ...answer, body } satisfies Result);
  });
}

async function bareChild(_: number, port: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, "open");
  const payload = Buffer.alloc(PAYLOAD);
  socket.on("message", () => socket.send(payload));
}

const [role, variant, count, port] = process.argv.slice(2);
if (process.send !== undefined && role === "hub") await hub(variant as Variant, Number(count));
if (process.send !== undefined && role === "children") {
  await children(variant as Variant, Number(count), Number(port));
}
