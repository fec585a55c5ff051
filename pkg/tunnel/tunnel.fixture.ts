import { type Logger, silentLog } from "../base/log.ts";
import { type Labels, type Metrics, noMetrics } from "../base/metrics.ts";
import type { Hello, Welcome } from "../wire/message.ts";
import { type ClusterName, clusterName } from "../wire/names.ts";
import { CloudTunnel, type CloudTunnelParts, TUNNEL_PATH } from "./cloud-tunnel.ts";
import { type Dialled, dialLink } from "./edge-tunnel.ts";
import type { Link, LinkEnd } from "./link.ts";

/** A hello as a test child would say it. */
export function helloOf(name: string, over: Partial<Hello> = {}): Hello {
  return {
    kind: "hello",
    name: clusterName(name),
    instance: `i-${name}`,
    session: 1,
    tags: {},
    listen: "",
    version: "test",
    capabilities: [],
    heartbeatMs: 1000,
    preferredParent: "",
    rank: 0,
    anchored: false,
    ...over,
  };
}

const welcome: Welcome = {
  kind: "welcome",
  name: clusterName("root"),
  version: "test",
  capabilities: [],
  heartbeatMs: 1000,
  path: [clusterName("root")],
  listen: "",
  rank: 1,
  anchored: true,
};

/** A listening tunnel that admits everybody but "taken", with all it logged, counted and accepted. */
export class TestTunnel implements AsyncDisposable {
  readonly tunnel: CloudTunnel;
  readonly links = new Map<ClusterName, Link>();
  readonly logged: { message: string; code?: string }[];
  readonly counted: Labels[];
  readonly #joined: (() => void)[] = [];

  private constructor(tunnel: CloudTunnel, logged: { message: string }[], counted: Labels[]) {
    this.tunnel = tunnel;
    this.logged = logged;
    this.counted = counted;
  }

  static async start(heartbeatMs = 1000): Promise<TestTunnel> {
    const logged: { message: string }[] = [];
    const counted: Labels[] = [];
    const note = (fields: object, message: string): void =>
      void logged.push({ ...fields, message });
    const log: Logger = { ...silentLog, info: note, warn: note, error: note };
    const metrics: Metrics = {
      ...noMetrics,
      count: (name, labels = {}) => {
        if (name === "ote_link_errors_total") counted.push(labels);
      },
    };
    const accept: { onLink?: CloudTunnelParts["onLink"] } = {};
    const tunnel = await CloudTunnel.listen(
      { listen: { host: "127.0.0.1", port: 0 }, path: TUNNEL_PATH, side: "down", heartbeatMs },
      {
        log,
        metrics,
        admit: (hello): Welcome | LinkEnd =>
          hello.name === "taken"
            ? { code: "NAME_TAKEN", text: "The name is taken" }
            : { ...welcome, heartbeatMs },
        onLink: (link, hello) => accept.onLink?.(link, hello),
      },
    );
    const made = new TestTunnel(tunnel, logged, counted);
    accept.onLink = (link) => {
      made.links.set(link.peer, link);
      for (const wake of made.#joined.splice(0)) wake();
    };
    return made;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.tunnel.port}${TUNNEL_PATH}`;
  }

  dial(
    hello: Hello,
    signal: AbortSignal = new AbortController().signal,
    metrics: Metrics = noMetrics,
  ): Promise<Dialled> {
    const address = `127.0.0.1:${this.tunnel.port}`;
    return dialLink(
      { address, path: TUNNEL_PATH, hello: () => hello, side: "up", metrics },
      signal,
    );
  }

  /** The tunnel's end of the link to `name`, once it is there. */
  async linkTo(name: string): Promise<Link> {
    for (;;) {
      const link = this.links.get(clusterName(name));
      if (link !== undefined) return link;
      await new Promise<void>((wake) => this.#joined.push(wake));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tunnel[Symbol.asyncDispose]();
  }
}
