import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CertificateAuthority, type KeyPair } from "../../pkg/base/certificates.ts";

/** One request as the server received it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What to answer: a response, silence for ever, or a connection that breaks. */
export type Answer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
    }
  | "hang"
  | "reset";

/** A real HTTP server on loopback, or HTTPS server elsewhere, that plays a Kubernetes API by the test's script. */
export class ScriptedApi implements AsyncDisposable {
  /** Everything asked so far, in order of arrival. */
  readonly requests: SeenRequest[] = [];
  /** The script; 404 for everything until the test says otherwise. */
  answer: (request: SeenRequest) => Answer | Promise<Answer> = () => status(404, "NotFound");
  #server: Server | undefined;
  #port = 0;
  readonly #folder: string;
  readonly #host: string;
  readonly #pair: KeyPair | undefined;

  private constructor(folder: string, host = "127.0.0.1", pair?: KeyPair) {
    this.#folder = folder;
    this.#host = host;
    this.#pair = pair;
  }

  /** Listens on loopback, or on `host` over TLS: nobody sends tasks over a network without it. */
  static async listen(host?: string): Promise<ScriptedApi> {
    const folder = await mkdtemp(path.join(tmpdir(), "scripted-api-"));
    const authority = host === undefined ? undefined : await CertificateAuthority.create("test");
    const leaf = { commonName: "api", usage: "server", hosts: host ? [host] : [] } as const;
    const api = new ScriptedApi(folder, host, await authority?.issue(leaf));
    await api.start();
    const trusted = Buffer.from(authority?.certificate ?? "").toString("base64");
    const cluster = host === undefined ? {} : { "certificate-authority-data": trusted };
    await writeFile(api.kubeconfig, kubeconfigText(api.url, cluster));
    return api;
  }

  get url(): string {
    const protocol = this.#pair === undefined ? "http" : "https";
    return `${protocol}://${this.#host}:${this.#port}`;
  }

  /** A file that leads here. */
  get kubeconfig(): string {
    return path.join(this.#folder, "kubeconfig");
  }

  /** Listens again after `stop`, on the same port. */
  async start(): Promise<void> {
    const serve = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#serve(request, response);
    const server =
      this.#pair === undefined
        ? createServer(serve)
        : createSecureServer({ key: this.#pair.key, cert: this.#pair.certificate }, serve);
    server.listen(this.#port, this.#host);
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Breaks all connections and refuses new ones. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  /** Breaks all connections; new ones are welcome. */
  breakConnections(): void {
    this.#server?.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = "", url = "", headers } = request;
      const seen = { method, url, headers, body: Buffer.concat(chunks).toString("utf8") };
      this.requests.push(seen);
      await send(await this.answer(seen), response);
    } catch {
      response.destroy();
    }
  }
}

async function send(answer: Answer, response: ServerResponse): Promise<void> {
  if (answer === "hang") return;
  if (answer === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status: code = 200, headers = {}, body = "" } = answer;
  response.writeHead(code, { "content-type": "application/json", ...headers });
  if (typeof body === "string" || body instanceof Uint8Array) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  await pipeline(Readable.from(body), response);
}

/** An answer with a value as JSON. */
export function json(value: unknown, code = 200): Answer {
  return { status: code, body: JSON.stringify(value) };
}

/** A refusal as Kubernetes says it. */
export function status(code: number, reason: string, message = reason): Answer {
  const body = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
  return json({ ...body, code, reason, message }, code);
}

/** The text of a kubeconfig with one cluster, and what `cluster` and `user` add to it. */
export function kubeconfigText(server: string, cluster: object = {}, user: object = {}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    clusters: [{ name: "test", cluster: { server, ...cluster } }],
    users: [{ name: "test", user }],
  });
}
