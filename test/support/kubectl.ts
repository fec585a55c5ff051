import { execFile, execFileSync } from "node:child_process";

/** Every kubectl that can be found: the one on PATH, and those that OTE_TEST_KUBECTLS names. */
export const KUBECTLS = ["kubectl", ...(process.env.OTE_TEST_KUBECTLS ?? "").split(":")].filter(
  isThere,
);

/** What a command came to. */
export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** kubectl with one kubeconfig and nothing of the person who runs the tests. */
export class Kubectl {
  readonly #program: string;
  readonly #kubeconfig: string;

  constructor(program: string, kubeconfig: string) {
    this.#program = program;
    this.#kubeconfig = kubeconfig;
  }

  run(...args: string[]): Promise<CommandResult> {
    const env = { PATH: process.env.PATH, HOME: "/nonexistent", KUBECONFIG: this.#kubeconfig };
    return new Promise((resolve) => {
      execFile(this.#program, args, { env, timeout: 120_000 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
      );
    });
  }

  /** What a command prints that must succeed. */
  async ok(...args: string[]): Promise<string> {
    const { code, out, err } = await this.run(...args);
    if (code === 0) return out;
    throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${err}`);
  }

  /** The table that a command prints: one record for each row, by the header's words. */
  async table(...args: string[]): Promise<Record<string, string>[]> {
    const [header = "", ...rows] = (await this.ok(...args)).split("\n").filter(Boolean);
    const columns = [...header.matchAll(/\S+\s*/g)].map(([text], index, all) => {
      const from = all.slice(0, index).reduce((sum, [before]) => sum + before.length, 0);
      return { name: text.trim(), from, to: from + text.length };
    });
    const last = columns.at(-1)?.name;
    return rows.map((row) =>
      Object.fromEntries(
        columns.map(({ name, from, to }) => [
          name,
          row.slice(from, name === last ? undefined : to).trim(),
        ]),
      ),
    );
  }
}

function isThere(kubectl: string): boolean {
  if (kubectl === "") return false;
  try {
    execFileSync(kubectl, ["version", "--client"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The minor release of a kubectl, for example "20". */
export function minorOf(kubectl: string): string | undefined {
  const text = execFileSync(kubectl, ["version", "--client", "-o", "json"], { encoding: "utf8" });
  return /"minor": "(\d+)/.exec(text)?.[1];
}
