import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { errorText, OteError } from "./errors.ts";
import type { PrometheusMetrics } from "./metrics.ts";

/** The port for health and metrics is not to be had. */
export class HealthListenError extends OteError {
  readonly code = "LISTEN_FAILED";
  constructor(host: string, port: number, cause: unknown) {
    super(`Cannot listen on "${host}:${port}" for health and metrics: ${errorText(cause)}`, {
      cause,
    });
  }
}

/** What a health server shows. */
export interface HealthParts {
  readonly metrics: PrometheusMetrics;
  /** Why the program cannot do its work at the moment; undefined while it can. */
  readonly unready: () => string | undefined;
}

/** Plain HTTP for probes and scrapers: /livez, /readyz and /metrics, nothing else and nothing secret. */
export class HealthServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Resolves once it answers; rejects with `LISTEN_FAILED`. */
  static async listen(
    { host, port }: { readonly host: string; readonly port: number },
    { metrics, unready }: HealthParts,
  ): Promise<HealthServer> {
    const server = createServer((request, response) => {
      const path = request.url?.split("?")[0];
      if (path === "/metrics") void sendMetrics(metrics, response);
      else if (path === "/livez") sendText(response, 200, "ok");
      else if (path === "/readyz")
        sendText(response, unready() === undefined ? 200 : 503, unready() ?? "ok");
      else sendText(response, 404, "not found");
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => reject(new HealthListenError(host, port, cause)));
      server.listen({ port, ...(host === "" ? {} : { host }) }, resolve);
    });
    return new HealthServer(server);
  }

  /** The port that is listened on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function sendMetrics(metrics: PrometheusMetrics, response: ServerResponse): Promise<void> {
  const { text, contentType } = await metrics.expose();
  response.writeHead(200, { "content-type": contentType }).end(text);
}

function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
