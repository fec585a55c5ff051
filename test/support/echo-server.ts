import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";

/** A port of this machine that says how much it was told, and how that began. */
export class EchoServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<EchoServer> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      // It answers when it was told everything: whoever cannot close one half gets nothing.
      void text(socket)
        .then((said) => socket.end(echoOf(said)))
        .catch(() => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new EchoServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
  }
}

/** What an echo server answers to that. */
export function echoOf(words: string): string {
  return `${words.length} ${words.slice(0, 10)}`;
}

/** Says something to a port and closes that half; resolves with the answer. */
export async function ask(port: number, words: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(words);
  return text(socket).catch(() => "");
}
