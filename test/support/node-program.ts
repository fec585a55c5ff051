import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";

/** One line of a program's log. */
export type LogLine = Readonly<Record<string, unknown>> & {
  readonly level: string;
  readonly msg: string;
};

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The kernel ends a process with this prefix together with us, even after kill -9. */
const GUARD = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL"] : [];

/** One of our programs as a process of its own, with everything it says. It never outlives this process. */
export class NodeProgram implements AsyncDisposable {
  /** Lines so far. */
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly name: string;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  /** Starts `cmd/NAME.ts`, behind the command `prefix`; environment variables of ours that are set outside have no effect. */
  constructor(name: string, flags: readonly string[], prefix: readonly string[] = []) {
    this.name = name;
    const script = fileURLToPath(new URL(`../../cmd/${name}.ts`, import.meta.url));
    const [command = "", ...args] = [...GUARD, ...prefix, process.execPath, script, ...flags];
    const env = Object.entries(process.env).filter(([key]) => !/^(OTE_|NODE_OPTIONS)/.test(key));
    this.#child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: Object.fromEntries(env),
    });
    const read = [
      this.#collect(this.#child.stdout, this.stdout),
      this.#collect(this.#child.stderr, this.stderr),
    ];
    this.ended = once(this.#child, "exit").then(async ([code, signal]) => {
      await Promise.all(read);
      return { code, signal };
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Its log, as far as it has said anything yet. */
  get log(): LogLine[] {
    return this.stdout.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
  }

  /** The log lines with this message. */
  logged(message: string): LogLine[] {
    return this.log.filter(({ msg }) => msg === message);
  }

  /** The first line with this message and these fields, once it is there. Throws when the program ends without it. */
  async says(message: string, fields: object = {}, limitMs?: number): Promise<LogLine> {
    const wanted = Object.entries(fields);
    const line = await eventually(
      `${this.name} (${this.pid}) says ${message} ${JSON.stringify(fields)}`,
      () => {
        const found = this.logged(message).find((line) =>
          wanted.every(([key, value]) => line[key] === value),
        );
        return found ?? (this.running ? undefined : { level: "gone", msg: "" });
      },
      limitMs,
    );
    if (line.level !== "gone") return line;
    throw new Error(`${this.name} has ended: ${[...this.stdout, ...this.stderr].join("\n")}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    if (this.running) this.signal("SIGKILL");
    await this.ended;
  }

  /** As an operator would. */
  async stop(): Promise<Ended> {
    if (this.running) this.signal("SIGTERM");
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #collect(stream: NodeJS.ReadableStream | null, lines: string[]): Promise<void> {
    if (stream === null) return;
    for await (const line of createInterface({ input: stream })) lines.push(line);
  }
}
