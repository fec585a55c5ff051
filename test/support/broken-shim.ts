import { setTimeout as sleep } from "node:timers/promises";
import { silentLog } from "../../pkg/base/log.ts";
import { noMetrics } from "../../pkg/base/metrics.ts";
import type { ShimResult } from "../../pkg/shim/shim.ts";
import { resultMessage, shimTaskOf } from "../../pkg/shim/shim-message.ts";
import { CloudTunnel, SHIM_PATH } from "../../pkg/tunnel/cloud-tunnel.ts";
import type { Link } from "../../pkg/tunnel/link.ts";
import type { Task } from "../../pkg/wire/message.ts";

/** What a shim may do wrong. */
export type ShimFault =
  | "none"
  | "executes anew what comes again"
  | "forgets tasks with the connection"
  | "does one task after the other"
  | "ignores deadlines"
  | "serves every destination"
  | "answers twice"
  | "never cuts an answer"
  | "keeps older connections"
  | "dies of a damaged task";

interface Work {
  readonly result: Promise<ShimResult>;
  finishedAt: number;
}

const MAX_BODY = 128 * 1024;

/** A shim with the toy destination "echo" that keeps all promises but one. */
export class BrokenShim implements AsyncDisposable {
  readonly #fault: ShimFault;
  #work = new Map<string, Work>();
  #link: Link | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #tunnel: CloudTunnel | undefined;

  private constructor(fault: ShimFault) {
    this.#fault = fault;
  }

  static async listen(fault: ShimFault): Promise<BrokenShim> {
    const shim = new BrokenShim(fault);
    const listen = { host: "127.0.0.1", port: 0 };
    shim.#tunnel = await CloudTunnel.listen(
      { listen, path: SHIM_PATH, side: "shim", heartbeatMs: 1000 },
      {
        log: silentLog,
        metrics: noMetrics,
        admit: ({ name }) => ({
          ...{ kind: "welcome", name, version: "broken", capabilities: ["destination:echo"] },
          ...{ heartbeatMs: 1000, path: [], listen: "", rank: 0, anchored: false },
        }),
        onLink: (link) => void shim.#serve(link),
      },
    );
    return shim;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#tunnel?.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tunnel?.[Symbol.asyncDispose]();
  }

  async #serve(link: Link): Promise<void> {
    if (this.#fault !== "keeps older connections")
      this.#link?.end({ code: "REPLACED", text: "A newer connection took over" });
    if (this.#fault === "forgets tasks with the connection") this.#work = new Map();
    this.#link = link;
    await link.receive((message) => {
      if (message.kind === "task") void this.#answer(message, link);
    });
  }

  async #answer(task: Task, link: Link): Promise<void> {
    const again = this.#fault === "executes anew what comes again";
    const work = (again ? undefined : this.#work.get(task.id)) ?? this.#begin(task);
    const result = await work.result;
    const message = resultMessage(task, link.peer, result, work.finishedAt);
    try {
      for (let left = this.#fault === "answers twice" ? 2 : 1; left > 0; left--)
        this.#link?.send(message);
    } catch {
      // Whoever comes back asks again.
    }
  }

  #begin(task: Task): Work {
    const turn = this.#fault === "does one task after the other" ? this.#queue : undefined;
    const result = Promise.resolve(turn).then(() => this.#execute(task));
    this.#queue = result;
    const work: Work = { result, finishedAt: 0 };
    void result.then(() => {
      work.finishedAt = Date.now();
    });
    this.#work.set(task.id, work);
    return work;
  }

  async #execute(task: Task): Promise<ShimResult> {
    let read: ReturnType<typeof shimTaskOf>;
    try {
      read = shimTaskOf(task);
    } catch {
      if (this.#fault === "dies of a damaged task") await new Promise(() => {});
      return { verdict: "failed", code: 500, reason: "ShimFailed", body: "damaged" };
    }
    if (read.destination !== "echo" && this.#fault !== "serves every destination")
      return { verdict: "refused", reason: "UnknownDestination", body: "only echo" };
    const delay = Number(new URL(read.url, "http://shim").searchParams.get("delay") ?? 0);
    const limit = this.#fault === "ignores deadlines" ? delay : Math.min(delay, task.ttlMs);
    await sleep(limit);
    if (limit < delay)
      return { verdict: "failed", code: 504, reason: "DeadlineExceeded", body: "too late" };
    const isLong = read.body.length > MAX_BODY && this.#fault !== "never cuts an answer";
    const cut = isLong ? { body: read.body.slice(0, MAX_BODY), truncated: true } : {};
    return { verdict: "done", code: 200, body: read.body, ...cut };
  }
}
