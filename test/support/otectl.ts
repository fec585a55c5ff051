import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CommandResult } from "./kubectl.ts";

const SCRIPT = fileURLToPath(new URL("../../cmd/otectl.ts", import.meta.url));

/** otectl with one kubeconfig and nothing of the person who runs the tests. */
export class Otectl {
  readonly #kubeconfig: string;

  constructor(kubeconfig: string) {
    this.#kubeconfig = kubeconfig;
  }

  run(...args: string[]): Promise<CommandResult> {
    const env = { PATH: process.env.PATH, HOME: "/nonexistent", KUBECONFIG: this.#kubeconfig };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [SCRIPT, ...args],
        { env, timeout: 60_000, maxBuffer: 2 ** 28 },
        (error, out, err) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
      );
    });
  }

  /** `otectl get`, with what it prints as lines. */
  async get(...args: string[]): Promise<CommandResult & { readonly lines: readonly string[] }> {
    const result = await this.run("get", ...args);
    return { ...result, lines: result.out.split("\n").slice(0, -1) };
  }
}
