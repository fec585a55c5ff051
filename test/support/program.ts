import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

/** A program that never outlives this process: the kernel ends it even after kill -9. */
export class Program {
  readonly #name: string;
  readonly #log: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(file: string, flags: readonly string[], log: string) {
    this.#name = path.basename(file);
    this.#log = log;
    const guard = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL"] : [];
    const [command = file, ...args] = [...guard, file, ...flags];
    // etcd takes such variables for flags.
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("ETCD_"));
    const output = openSync(log, "a");
    this.#child = spawn(command, args, {
      stdio: ["ignore", output, output],
      env: Object.fromEntries(own),
    });
    closeSync(output);
    this.#exited = once(this.#child, "exit");
    this.#exited.catch(() => {});
  }

  /** Throws with the end of its log when it has ended. */
  check(): void {
    if (!this.#ended) return;
    const log = readFileSync(this.#log, "utf8").slice(-2000);
    throw new Error(`Cannot go on: ${this.#name} has ended:\n${log}`);
  }

  async kill(): Promise<void> {
    if (this.#ended || this.#child.pid === undefined) return;
    this.killNow();
    await this.#exited;
  }

  killNow(): void {
    if (!this.#ended) this.#child.kill("SIGKILL");
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

/** A port of 127.0.0.1 from below the range that the kernel gives to outgoing connections, so that a restart finds it free again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer().listen(port, "127.0.0.1");
    const free = await once(server, "listening").then(
      () => true,
      () => false,
    );
    server.close();
    if (free) return port;
  }
}
