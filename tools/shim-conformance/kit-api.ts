import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { TaskBody } from "../../pkg/wire/message.ts";
import { order, type SeenRequest, type Target } from "./target.ts";

/**
 * A Kubernetes API of the kit's own, at which the shim under test works; it keeps what arrives by the key in its url.
 * Other words in the url: `delay` (milliseconds until the answer), `bytes` (length of the answer), `status`,
 * `echo` (the body comes back), `hang` (the answer begins and never ends), `deaf` (nothing is read or answered).
 */
export class KitApi implements Target, AsyncDisposable {
  readonly about: string;
  readonly #server: Server;
  readonly #seen = new Map<string, SeenRequest[]>();

  private constructor(server: Server, about: string) {
    this.#server = server;
    this.about = about;
  }

  static async listen(host: string, port: number): Promise<KitApi> {
    const server = createServer();
    server.listen(port, host);
    await once(server, "listening");
    const at = `${host}:${(server.address() as AddressInfo).port}`;
    const api = new KitApi(server, `destination "api" with the kit's own API at http://${at}`);
    server.on("request", (request, response) => void api.#answer(request, response));
    server.on("upgrade", (request, socket) => api.#become(request, socket as Socket));
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  quick(key: string, body?: string): TaskBody {
    const text = body === undefined ? "" : JSON.stringify({ body });
    return order("api", body === undefined ? "GET" : "PUT", `/kit?key=${key}`, text);
  }

  slow(key: string, ms: number): TaskBody {
    return order("api", "GET", `/kit?key=${key}&delay=${ms}`, "");
  }

  large(key: string, bytes: number): TaskBody {
    return order("api", "GET", `/kit?key=${key}&bytes=${bytes}`, "");
  }

  blind(key: string): TaskBody {
    return order("api", "PATCH", `/kit?key=${key}`, "{}");
  }

  count(key: string): number {
    return this.seen(key).length;
  }

  seen(key: string): readonly SeenRequest[] {
    return this.#seen.get(key) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { seen, words, key } = this.#note(request);
    if (words.has("deaf")) return;
    request.on("data", (chunk: Uint8Array) => {
      seen.bytes += chunk.length;
    });
    response.on("error", () => {});
    response.once("close", () => {
      seen.cut = !response.writableFinished;
    });
    response.setHeader("content-type", "application/json");
    response.statusCode = Number(words.get("status") ?? 200);
    if (words.has("echo")) {
      request.pipe(response);
      return;
    }
    request.resume();
    await once(request, "end").catch(() => {});
    await sleep(Number(words.get("delay") ?? 0));
    const bytes = Number(words.get("bytes") ?? 0);
    if (words.has("hang")) response.flushHeaders();
    else if (bytes > 0) await writeMany(response, seen, bytes);
    else response.end(JSON.stringify({ key }));
  }

  /** Another protocol: what is said comes back. */
  #become(request: IncomingMessage, socket: Socket): void {
    const { seen } = this.#note(request);
    socket.on("error", () => {});
    socket.once("close", () => {
      seen.cut = !socket.readableEnded;
    });
    const head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    socket.write(head);
    socket.pipe(socket);
  }

  #note(request: IncomingMessage) {
    const { method = "", headers } = request;
    const words = new URL(request.url ?? "/", "http://kit").searchParams;
    const key = words.get("key") ?? "";
    const seen: SeenRequest = { method, headers, bytes: 0, written: 0, cut: false };
    this.#seen.set(key, [...this.seen(key), seen]);
    return { seen, words, key };
  }
}

/** So many bytes of characters of two, as fast as the shim takes them. */
async function writeMany(
  response: ServerResponse,
  seen: SeenRequest,
  bytes: number,
): Promise<void> {
  const piece = "\u00fc".repeat(8192);
  while (seen.written < bytes && !response.destroyed) {
    const size = Math.min(2 * piece.length, bytes - seen.written);
    seen.written += size;
    if (!response.write(piece.slice(0, size / 2))) await once(response, "drain").catch(() => {});
  }
  response.end();
}
