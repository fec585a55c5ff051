import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** python3 of 3.11 or newer, if there is one. */
export const PYTHON = ["python3"].find(isNewEnough);

const SCRIPT = fileURLToPath(new URL("../../deployments/examples-shim/shim.py", import.meta.url));

/** The example shim in Python as a process of its own. */
export class PythonShim implements AsyncDisposable {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.endpoint = `127.0.0.1:${port}`;
  }

  /** Resolves when it listens; throws when it ends before. */
  static async start(flags: readonly string[], port = 0): Promise<PythonShim> {
    const args = ["-B", SCRIPT, "--listen", `127.0.0.1:${port}`, ...flags];
    const child = spawn(PYTHON ?? "python3", args, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as { readonly msg: string; readonly port?: number };
      if (said.msg !== "ready") continue;
      child.stdout.resume();
      return new PythonShim(child, said.port ?? 0);
    }
    throw new Error("Cannot start the example shim: it has ended");
  }

  /** As a crash would. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}

function isNewEnough(program: string): boolean {
  const check = "import sys; sys.exit(sys.version_info < (3, 11))";
  return spawnSync(program, ["-c", check]).status === 0;
}
