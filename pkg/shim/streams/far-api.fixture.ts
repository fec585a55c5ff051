import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { temporaryDirectory } from "../../base/temporary-directory.ts";

/** An API that does as `answer` says, echoes what is said after an upgrade, and keeps who asked. */
export class FarApi implements AsyncDisposable {
  readonly requests: IncomingMessage[] = [];
  /** Connections that were cut while a request was under way. */
  cut = 0;
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => {
    response.end("ok");
  };
  readonly kubeconfig: string;
  readonly #server: Server;
  readonly #folder: AsyncDisposable;

  private constructor(server: Server, folder: AsyncDisposable & { readonly path: string }) {
    this.#server = server;
    this.#folder = folder;
    this.kubeconfig = `${folder.path}/kubeconfig`;
  }

  static async listen(): Promise<FarApi> {
    const server = createServer();
    const api = new FarApi(server, await temporaryDirectory());
    server.on("request", (request, response) => {
      api.requests.push(request);
      response.once("close", () => {
        if (!response.writableFinished) api.cut++;
      });
      response.on("error", () => {});
      api.answer(request, response);
    });
    server.on("upgrade", (request, socket) => {
      api.requests.push(request);
      api.#become(request, socket as Socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const cluster = { server: `http://127.0.0.1:${port}` };
    await writeFile(
      api.kubeconfig,
      JSON.stringify({
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user: { token: "the-shim" } }],
      }),
    );
    return api;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
    await this.#folder[Symbol.asyncDispose]();
  }

  #become({ headers }: IncomingMessage, socket: Socket): void {
    socket.on("error", () => {});
    if (headers.upgrade === "forbidden") {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
      return;
    }
    const head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    socket.write(head);
    socket.once("close", () => {
      if (!socket.readableEnded) this.cut++;
    });
    socket.pipe(socket);
  }
}
