import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { TaskBody } from "../../pkg/wire/message.ts";

/** What the kit can ask of a shim; a power that is absent leaves out the cases that need it. */
export interface Target {
  readonly about: string;
  /** A task that is done at once. */
  quick(key: string, body?: string): TaskBody;
  /** A task that is done after so many milliseconds. */
  slow?(key: string, ms: number): TaskBody;
  /** A task whose answer has so many bytes. */
  large?(key: string, bytes: number): TaskBody;
  /** A task that changes something and whose outcome nobody can look up afterwards. */
  blind?(key: string): TaskBody;
  /** How often the task of that key was executed. */
  count?(key: string): number;
}

/** A target for a shim of which only a url is known. */
export function plainTarget(destination: string, method: string, url: string): Target {
  const about = `${method} ${url} at destination "${destination}"`;
  return { about, quick: (_, body = "") => order(destination, method, url, body) };
}

/** The toy destination that answers with what it was sent, after a while if it is asked to wait. */
export function echoTarget(): Target {
  return {
    about: 'destination "echo"',
    quick: (key, body = key) => order("echo", "GET", "/", body),
    slow: (key, ms) => order("echo", "GET", `/?delay=${ms}`, key),
    large: (_, bytes) => order("echo", "GET", "/", "\u00fc".repeat(bytes / 2)),
  };
}

/** A Kubernetes API of the kit's own, at which the shim under test works; it counts what arrives. */
export class KitApi implements Target, AsyncDisposable {
  readonly about: string;
  readonly #server: Server;
  readonly #counts = new Map<string, number>();

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
    server.on("request", async (request, response) => {
      const url = new URL(request.url ?? "/", "http://kit");
      const key = url.searchParams.get("key") ?? "";
      api.#counts.set(key, (api.#counts.get(key) ?? 0) + 1);
      for await (const _ of request);
      await sleep(Number(url.searchParams.get("delay") ?? 0));
      response.setHeader("content-type", "application/json");
      const bytes = Number(url.searchParams.get("bytes") ?? 0);
      response.end(bytes > 0 ? "\u00fc".repeat(bytes / 2) : JSON.stringify({ key }));
    });
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
    return this.#counts.get(key) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function order(destination: string, method: string, url: string, body: string): TaskBody {
  return { destination, method, url, body, contentType: "" };
}
