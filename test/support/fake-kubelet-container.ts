import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { eventually } from "./eventually.ts";

/** The kernel ends a process with this prefix together with us, even after kill -9. */
const GUARD = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL"] : [];
/** Bytes of a container's log that are kept. */
const LOG_LIMIT = 1024 * 1024;

interface TerminalSize {
  readonly Width: number;
  readonly Height: number;
}

/** What a session with a process is made of; what is undefined was not asked for. */
export interface SessionStreams {
  readonly stdin?: Readable | undefined;
  readonly stdout?: Writable | undefined;
  readonly stderr?: Writable | undefined;
  /** Sizes of the terminal, one JSON object after the other. */
  readonly resize?: Readable | undefined;
}

/** A command as a process group of its own, in a terminal if asked for. */
export class ContainerProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<number>;

  constructor(command: readonly string[], { tty = false, folder = "/" } = {}) {
    const inner = tty ? ["script", "-qefc", command.map(quoted).join(" "), "/dev/null"] : command;
    const [program = "false", ...args] = [...GUARD, ...inner];
    const env = { PATH: process.env.PATH, HOME: folder, TERM: "xterm" };
    this.#child = spawn(program, args, { cwd: folder, detached: true, env });
    this.#child.stdin?.on("error", () => {});
    this.exited = new Promise((resolve) => {
      this.#child.once("error", () => resolve(126));
      this.#child.once("close", (code) => resolve(code ?? 137));
    });
  }

  get stdin(): Writable {
    return this.#child.stdin as Writable;
  }

  get stdout(): Readable {
    return this.#child.stdout as Readable;
  }

  get stderr(): Readable {
    return this.#child.stderr as Readable;
  }

  /** Gives its terminal a size, as soon as it has one. */
  async resize({ Width, Height }: TerminalSize): Promise<void> {
    const terminal = await eventually("there is a terminal", () => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return "";
      const [inner = ""] = childrenOf(this.#child.pid ?? 0);
      const file = readlinkSync(`/proc/${inner}/fd/0`);
      return file.startsWith("/dev/pts/") && file;
    }).catch(() => "");
    if (terminal === "") return;
    spawn("stty", ["-F", terminal, "cols", String(Width), "rows", String(Height)]);
  }

  kill(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

/** A container that runs: its process, what it has said, and who listens. */
export class Container {
  readonly #process: ContainerProcess;
  readonly #listeners = new Set<Writable>();
  #log = Buffer.alloc(0);
  readonly tty: boolean;

  constructor(command: readonly string[], options: { readonly tty: boolean; folder: string }) {
    this.tty = options.tty;
    this.#process = new ContainerProcess(command, options);
    for (const output of [this.#process.stdout, this.#process.stderr]) {
      output.on("data", (bytes: Buffer) => this.#said(bytes));
    }
  }

  get exited(): Promise<number> {
    return this.#process.exited;
  }

  /** What was said, or its last `lines`; with `follow` until it has ended or the reader has gone. */
  logs({ lines = -1, follow = false }): Readable {
    const reader = new PassThrough();
    const all = this.#log.toString().split(/(?<=\n)/);
    reader.write(lines < 0 ? this.#log : all.slice(Math.max(0, all.length - lines)).join(""));
    if (follow) this.#listen(reader);
    else reader.end();
    return reader;
  }

  /** Joins a session to the process itself; resolves with its exit code, or undefined when the session has gone. */
  async attach(streams: SessionStreams, gone: AbortSignal): Promise<number | undefined> {
    // What a container says to both is heard in one: nobody here tells them apart.
    const heard = new PassThrough();
    if (streams.stdout !== undefined) heard.pipe(streams.stdout);
    this.#listen(heard);
    streams.stdin?.pipe(this.#process.stdin, { end: false });
    onSizes(streams.resize, (size) => void this.#process.resize(size));
    const left = once(gone, "abort").then(() => undefined);
    const code = await Promise.race([this.exited, left]);
    streams.stdin?.unpipe(this.#process.stdin);
    this.#listeners.delete(heard);
    heard.end();
    return code;
  }

  kill(): void {
    this.#process.kill();
  }

  #listen(reader: Writable): void {
    this.#listeners.add(reader);
    reader.once("close", () => this.#listeners.delete(reader));
    void this.exited.then(() => reader.end());
  }

  #said(bytes: Buffer): void {
    this.#log = Buffer.concat([this.#log, bytes]).subarray(-LOG_LIMIT);
    for (const reader of this.#listeners) reader.write(bytes);
  }
}

/** Runs a command in a session; resolves with its exit code once all it said was taken. */
export async function runSession(
  command: readonly string[],
  streams: SessionStreams,
  options: { readonly tty: boolean; readonly folder: string; readonly gone: AbortSignal },
): Promise<number> {
  const child = new ContainerProcess(command, options);
  const { gone } = options;
  const kill = (): void => child.kill();
  gone.addEventListener("abort", kill, { once: true });
  if (gone.aborted) kill();
  if (streams.stdin === undefined) child.stdin.end();
  else streams.stdin.pipe(child.stdin);
  onSizes(streams.resize, (size) => void child.resize(size));
  const outputs = [
    flow(child.stdout, streams.stdout),
    flow(child.stderr, options.tty ? undefined : streams.stderr),
  ];
  const code = await child.exited;
  await Promise.all(outputs);
  gone.removeEventListener("abort", kill);
  return code;
}

async function flow(from: Readable, to: Writable | undefined): Promise<void> {
  if (to === undefined) {
    from.resume();
    return;
  }
  from.pipe(to);
  await finished(to, { readable: false }).catch(() => from.resume());
}

function onSizes(sizes: Readable | undefined, tell: (size: TerminalSize) => void): void {
  sizes?.on("data", (bytes: Buffer) => {
    for (const text of bytes.toString().match(/\{[^}]*\}/g) ?? []) tell(JSON.parse(text));
  });
}

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
