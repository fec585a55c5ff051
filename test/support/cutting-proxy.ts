import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A port of loopback that leads to another one, until it is cut. */
export class CuttingProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isClosed = false;
  #bytes = 0;

  private constructor(server: Server, port: number, target: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (near) => this.#join(near, target));
  }

  static async listen(target: number): Promise<CuttingProxy> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new CuttingProxy(server, (server.address() as AddressInfo).port, target);
  }

  /** Bytes that it has carried, in both directions. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Ends all connections in the middle of whatever they carry. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** The same, and no new ones until `restore`. */
  close(): void {
    this.#isClosed = true;
    this.cut();
  }

  restore(): void {
    this.#isClosed = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(near: Socket, target: number): void {
    if (this.#isClosed) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(target, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.on("data", (piece: Buffer) => {
        this.#bytes += piece.length;
      });
      socket.pipe(other);
    }
  }
}
