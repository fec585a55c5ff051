import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";

/** What such an API is told: from now on all its objects are of this round. */
interface BurstOrder {
  readonly round: number;
}

/** A process that plays a Kubernetes API with many Deployments, all of which it can change in one moment. */
export class BurstApi implements AsyncDisposable {
  readonly url: string;
  readonly #child: ReturnType<typeof fork>;

  private constructor(url: string, child: ReturnType<typeof fork>) {
    this.url = url;
    this.#child = child;
  }

  static async start(objects: number): Promise<BurstApi> {
    const child = fork(import.meta.filename, ["burst-api", String(objects)]);
    const [url] = (await once(child, "message")) as [string];
    return new BurstApi(url, child);
  }

  /** Changes all objects. */
  burst(round: number): void {
    this.#child.send({ round } satisfies BurstOrder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

/** The name of one of the objects. */
export function burstName(at: number): string {
  return `web-${String(at).padStart(6, "0")}`;
}

/** One of the objects as the API has it in that round; about two kilobytes. */
export function burstObject(at: number, round: number): object {
  const labels = { app: burstName(at), team: `team-${at % 20}`, tier: "edge" };
  const containers = ["main", "sidecar"].map((name) => ({
    ...{ name, image: `registry.example/${name}:1.${round}` },
    ports: [{ containerPort: 8080, protocol: "TCP" }],
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
    env: [{ name: "MODE", value: "x".repeat(200) }],
  }));
  const time = "2026-01-01T00:00:00Z";
  const condition = {
    status: "True",
    reason: "MinimumReplicasAvailable",
    lastTransitionTime: time,
  };
  return {
    metadata: {
      ...{ name: burstName(at), namespace: `shop-${at % 50}`, uid: `uid-${at}`, labels },
      ...{ creationTimestamp: time, resourceVersion: String(1 + round) },
    },
    spec: {
      ...{ replicas: 3, selector: { matchLabels: labels }, strategy: { type: "RollingUpdate" } },
      template: { metadata: { labels }, spec: { containers } },
    },
    status: {
      ...{ observedGeneration: round, replicas: 3, readyReplicas: 3, availableReplicas: 3 },
      conditions: ["Available", "Progressing"].map((type) => ({ type, ...condition })),
    },
  };
}

function serve(count: number): void {
  let round = 0;
  const watchers = new Set<ServerResponse>();
  const all = () => Array.from({ length: count }, (_, at) => burstObject(at, round));
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const isTheirs = pathname.endsWith("/deployments");
    response.setHeader("content-type", "application/json");
    if (pathname === "/version") response.end(JSON.stringify({ gitVersion: "v1.33.1" }));
    else if (searchParams.get("watch") === "true") {
      response.flushHeaders();
      if (isTheirs) watchers.add(response);
      response.on("close", () => watchers.delete(response));
    } else {
      const metadata = { resourceVersion: String(1 + round) };
      const items = isTheirs ? all() : [];
      response.end(JSON.stringify({ kind: "List", apiVersion: "v1", metadata, items }));
    }
  });
  process.on("message", (order: BurstOrder) => {
    round = order.round;
    void tell(round);
  });
  const tell = async (now: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      const line = JSON.stringify({ type: "MODIFIED", object: burstObject(at, now) });
      for (const watcher of watchers) watcher.write(`${line}\n`);
      // It answers others in between, as an API does.
      if (at % 100 === 99) await setImmediate();
    }
  };
  server.listen(0, "127.0.0.1", () => {
    process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}

if (process.send !== undefined && process.argv[2] === "burst-api") {
  process.once("disconnect", () => process.exit());
  serve(Number(process.argv[3]));
}
