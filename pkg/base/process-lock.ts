import { type FileHandle, open, unlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { platform } from "node:process";
import { errorCode } from "./errors.ts";

/**
 * Holds a directory for one process, until disposed or until the process ends in whatever way: the
 * lock is a listening socket, so the kernel knows whether its holder lives, across containers too.
 */
export class ProcessLock implements AsyncDisposable {
  readonly #server: Server;
  readonly #directory: FileHandle;

  private constructor(server: Server, directory: FileHandle) {
    this.#server = server;
    this.#directory = directory;
  }

  /** The lock `name` in `directory`, or undefined when a living process holds it. */
  static async acquire(directory: string, name: string): Promise<ProcessLock | undefined> {
    const handle = await open(directory, "r");
    // A socket's path has room for 107 bytes; through the open directory it is always short.
    const path =
      platform === "linux" ? `/proc/self/fd/${handle.fd}/${name}` : `${directory}/${name}`;
    const server = await listenOrTakeOver(path).catch(async (cause: unknown) => {
      await handle.close();
      throw cause;
    });
    if (server !== undefined) return new ProcessLock(server, handle);
    await handle.close();
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((closed) => this.#server.close(closed));
    await this.#directory.close();
  }
}

async function listenOrTakeOver(path: string): Promise<Server | undefined> {
  const first = await listen(path);
  if (first !== undefined) return first;
  if (await someoneAnswers(path)) return undefined;
  await unlink(path).catch(() => undefined);
  return listen(path);
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) =>
      errorCode(error) === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function someoneAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
  });
}
