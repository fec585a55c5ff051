import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Duplex } from "node:stream";
import { type KubeObject, type ResourceType, resourcePath } from "../../pkg/apis/object.ts";
import { Informer } from "../../pkg/kube/informer.ts";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import type { ControlPlane } from "./control-plane.ts";
import { Container } from "./fake-kubelet-container.ts";
import {
  servePortForward,
  serveSpdySession,
  serveWebsocketSession,
  websocketProtocol,
} from "./fake-kubelet-sessions.ts";

const NODE: ResourceType = {
  ...{ group: "", version: "v1", kind: "Node", plural: "nodes" },
  namespaced: false,
};
const POD: ResourceType = { ...NODE, kind: "Pod", plural: "pods", namespaced: true };

interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly image: string;
      readonly command?: readonly string[];
      readonly args?: readonly string[];
      readonly tty?: boolean;
    }[];
  };
}

/** How a fake kubelet differs from that of Kubernetes 1.20. */
export interface FakeKubeletOptions {
  readonly name: string;
  /** Whether websockets are spoken, as newer API servers do; without them clients must use SPDY. */
  readonly websockets?: boolean;
}

/**
 * A node of a real control plane whose pods are processes of this machine: what kube-apiserver asks of
 * a kubelet (logs, exec, attach, port-forward) is really done. Pods see this machine's files, and each has
 * a folder of its own to be in.
 */
export class FakeKubelet implements AsyncDisposable {
  /** What sessions and forwarded ports were spoken in, for example "exec v5.channel.k8s.io". */
  readonly spoken = new Set<string>();
  readonly #name: string;
  readonly #websockets: boolean;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "fake-kubelet-"));
  readonly #pods = new Map<
    string,
    { readonly uid: string; readonly parts: Map<string, Container> }
  >();
  readonly #ended = new AbortController();
  readonly #sockets = new Set<Duplex>();
  readonly #transport: KubeconfigTransport;
  readonly #server: Server;
  #informing: Promise<void> = Promise.resolve();

  private constructor(options: FakeKubeletOptions, transport: KubeconfigTransport, server: Server) {
    this.#name = options.name;
    this.#websockets = options.websockets ?? false;
    this.#transport = transport;
    this.#server = server;
  }

  /** Resolves when the node is registered and pods that are bound to it run. */
  static async start(plane: ControlPlane, options: FakeKubeletOptions): Promise<FakeKubelet> {
    const { pair, authority } = await plane.kubeletIdentity(options.name);
    const server = createServer({
      ...{ cert: pair.certificate, key: pair.key, ca: authority },
      ...{ requestCert: true, rejectUnauthorized: true },
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const kubelet = new FakeKubelet(
      options,
      await KubeconfigTransport.open(plane.kubeconfig),
      server,
    );
    await kubelet.#run();
    return kubelet;
  }

  /** The folder in which a pod's processes begin. */
  get folder(): string {
    return this.#folder;
  }

  /** Connections that API servers have open here for sessions. */
  get sessions(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#informing;
    for (const { parts } of this.#pods.values()) {
      for (const container of parts.values()) container.kill();
    }
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#transport[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #run(): Promise<void> {
    this.#server.on("request", (request, response) => this.#answer(request, response));
    this.#server.on("upgrade", (request, socket) => this.#upgrade(request, socket));
    const client = new TransportResourceClient(this.#transport);
    await client.create(NODE, {
      ...{ apiVersion: "v1", kind: "Node", metadata: { name: this.#name } },
    });
    const { port } = this.#server.address() as AddressInfo;
    const status = {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
      conditions: [{ type: "Ready", status: "True" }],
    };
    const key = { name: this.#name };
    await client.patch(NODE, key, "merge", { status }, { subresource: "status" });
    const pods = new Informer<Pod>(client, POD, {
      fieldSelector: `spec.nodeName=${this.#name}`,
      onChange: (_, pod, before) => void this.#changed(client, pod, before).catch(() => {}),
    });
    this.#informing = pods.run(this.#ended.signal);
    await pods.synced;
  }

  async #changed(
    client: TransportResourceClient,
    pod: Pod | undefined,
    before: Pod | undefined,
  ): Promise<void> {
    if (pod === undefined) {
      if (before !== undefined) this.#stop(keyOf(before));
    } else if (pod.metadata.deletionTimestamp !== undefined) {
      this.#stop(keyOf(pod));
      await this.#remove(pod);
    } else if (this.#pods.get(keyOf(pod))?.uid !== pod.metadata.uid) {
      this.#launch(pod);
      await client.patch(POD, pod.metadata, "merge", runs(pod), { subresource: "status" });
    }
  }

  #launch(pod: Pod): void {
    const parts = new Map(
      pod.spec.containers.map(({ name, command, args = [], tty = false }) => {
        const line = [...(command ?? (args.length > 0 ? [] : ["sleep", "infinity"])), ...args];
        return [name, new Container(line, { tty, folder: this.#folder })] as const;
      }),
    );
    this.#pods.set(keyOf(pod), { uid: pod.metadata.uid ?? "", parts });
  }

  #stop(key: string): void {
    for (const container of this.#pods.get(key)?.parts.values() ?? []) container.kill();
    this.#pods.delete(key);
  }

  async #remove({ metadata }: Pod): Promise<void> {
    const path = `${resourcePath(POD, metadata)}?gracePeriodSeconds=0`;
    const answer = await this.#transport.request({ method: "DELETE", path }, this.#ended.signal);
    for await (const _ of answer.body);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { kind, container, query } = this.#asked(request);
    if (kind !== "containerLogs" || container === undefined) {
      response.writeHead(404).end(`There is no ${request.url}`);
      return;
    }
    response.writeHead(200, { "content-type": "text/plain" }).flushHeaders();
    const logs = container.logs({
      lines: Number(query.get("tailLines") ?? -1),
      follow: query.get("follow") === "true",
    });
    response.once("close", () => logs.destroy());
    logs.pipe(response);
  }

  #upgrade(request: IncomingMessage, socket: Duplex): void {
    socket.on("error", () => {});
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    const { kind, container, query } = this.#asked(request);
    const protocol = websocketProtocol(request);
    if (container === undefined) socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    else if (protocol !== undefined && !this.#websockets && !/\bv4\.channel/.test(protocol)) {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    } else if (kind === "portForward" || kind === "exec" || kind === "attach") {
      this.spoken.add(`${kind} ${protocol ?? "SPDY/3.1"}`);
      if (kind === "portForward") {
        servePortForward(request, socket);
        return;
      }
      const wanted = { kind, container, folder: this.#folder, query } as const;
      if (protocol === undefined) {
        serveSpdySession(request, socket, wanted).catch(() => socket.destroy());
      } else serveWebsocketSession(request, socket, wanted);
    } else socket.destroy();
  }

  #asked({ url = "" }: IncomingMessage) {
    const { pathname, searchParams: query } = new URL(url, "https://kubelet");
    const [, kind = "", namespace = "", pod = "", name] = pathname.split("/");
    const parts = this.#pods.get(`${namespace}/${pod}`)?.parts;
    const container = name === undefined ? parts?.values().next().value : parts?.get(name);
    return { kind, container, query };
  }
}

function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function runs({ spec }: Pod): object {
  const startedAt = `${new Date().toISOString().slice(0, 19)}Z`;
  const containerStatuses = spec.containers.map(({ name, image }) => ({
    ...{ name, image, ready: true, restartCount: 0, imageID: image, containerID: `fake://${name}` },
    ...{ started: true, state: { running: { startedAt } } },
  }));
  const conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
    ...{ type, status: "True" },
  }));
  return { status: { phase: "Running", podIP: "127.0.0.1", conditions, containerStatuses } };
}
