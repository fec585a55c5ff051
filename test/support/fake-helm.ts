import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";

/** One call of the fake, as it saw it. */
export interface HelmCall {
  readonly argv: readonly string[];
  readonly pid: number;
  readonly cwd: string;
  /** Content and mode of the files in its directory. */
  readonly files: Readonly<Record<string, { readonly text: string; readonly mode: number }>>;
  readonly directoryMode: number;
  readonly env: Readonly<Record<string, string>>;
}

/** What the fake does for one action. */
export interface HelmBehaviour {
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Goes on until a signal ends it; "stubborn" only by SIGKILL. */
  readonly hangs?: boolean | "stubborn";
  /** Starts a child that goes on, and holds its output open. */
  readonly leavesChild?: boolean;
  /** Writes so many bytes first. */
  readonly chatter?: number;
}

const SCRIPT = `#!${process.execPath}
import { spawn } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
const home = new URL(".", import.meta.url).pathname;
const argv = process.argv.slice(2);
const behaviour = JSON.parse(readFileSync(home + "script.json", "utf8"))[argv[0]] ?? {};
const cwd = process.cwd();
const files = Object.fromEntries(readdirSync(".").map((name) => [
  name, { text: readFileSync(name, "latin1"), mode: statSync(name).mode & 0o777 },
]));
if (behaviour.hangs === "stubborn") process.on("SIGTERM", () => {});
const directoryMode = statSync(".").mode & 0o777;
if (behaviour.leavesChild) {
  const child = spawn("sleep", ["1000"], { stdio: "inherit" });
  appendFileSync(home + "children", child.pid + "\\n");
}
appendFileSync(home + "calls", JSON.stringify({ argv, pid: process.pid, cwd, files, directoryMode, env: process.env }) + "\\n");
process.stderr.write(behaviour.stderr ?? "");
for (let left = behaviour.chatter ?? 0; left > 0; left -= 65536)
  await new Promise((done) => process.stdout.write("x".repeat(65536), done));
await new Promise((done) => process.stdout.write(behaviour.stdout ?? "", done));
if (behaviour.hangs) setInterval(() => {}, 1000);
else process.exit(behaviour.code ?? 0);
`;

/** A program that stands in for helm, does what the test says, and writes down how it was called. */
export class FakeHelm implements AsyncDisposable {
  readonly #folder: Awaited<ReturnType<typeof temporaryDirectory>>;

  private constructor(folder: Awaited<ReturnType<typeof temporaryDirectory>>) {
    this.#folder = folder;
  }

  static async create(behaviour: Readonly<Record<string, HelmBehaviour>> = {}): Promise<FakeHelm> {
    const fake = new FakeHelm(await temporaryDirectory());
    await mkdir(fake.temporary);
    await fake.behaves(behaviour);
    await writeFile(fake.file, SCRIPT);
    await chmod(fake.file, 0o755);
    return fake;
  }

  /** The program. */
  get file(): string {
    return join(this.folder, "helm.mjs");
  }

  get folder(): string {
    return this.#folder.path;
  }

  /** A place for private directories. */
  get temporary(): string {
    return join(this.folder, "tmp");
  }

  async behaves(behaviour: Readonly<Record<string, HelmBehaviour>>): Promise<void> {
    await writeFile(join(this.folder, "script.json"), JSON.stringify(behaviour));
  }

  async calls(): Promise<HelmCall[]> {
    return (await this.#lines("calls")).map((line) => JSON.parse(line) as HelmCall);
  }

  /** The processes that its children are. */
  async children(): Promise<number[]> {
    return (await this.#lines("children")).map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }

  async #lines(name: string): Promise<string[]> {
    const text = await readFile(join(this.folder, name), "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }
}

/** Whether a process is at work: neither gone nor only waiting to be noticed. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/^.*\) Z /s.test(stat);
}
