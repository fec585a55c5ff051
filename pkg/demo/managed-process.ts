import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OteError } from "../base/errors.ts";

/** How long a process may take to stop after SIGTERM. */
const STOP_LIMIT_MS = 10_000;

/** A process to keep running. */
export interface ManagedProcessOptions {
  /** Names its log and pid files. */
  readonly name: string;
  /** The script and its arguments. */
  readonly argv: readonly string[];
  readonly home: string;
  /** Milliseconds after which a process that died is started again. */
  readonly restartAfterMs: number;
  /** Told when the process died by itself. */
  readonly onDeath: (name: string, how: string) => void;
}

/** Another demonstration runs in the same home directory. */
export class HomeInUseError extends OteError {
  readonly code = "HOME_IN_USE";
  constructor(home: string, pid: number) {
    super(`Cannot use home "${home}" as nobody else may: process ${pid} is running there`);
  }
}

/** A child process with a pid file and a log file, started again when it dies, ended with us. */
export class ManagedProcess implements AsyncDisposable {
  readonly #options: ManagedProcessOptions;
  readonly #pidFile: string;
  #process: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;

  private constructor(options: ManagedProcessOptions) {
    this.#options = options;
    this.#pidFile = join(options.home, "run", `${options.name}.pid`);
  }

  /**
   * Resolves once the process is spawned. One from a demonstration that was killed is given the time to
   * notice and to stop; rejects with HomeInUseError if it does not.
   */
  static async start(options: ManagedProcessOptions, signal: AbortSignal): Promise<ManagedProcess> {
    const managed = new ManagedProcess(options);
    const pid = Number(await readFile(managed.#pidFile, "utf8").catch(() => ""));
    const late = performance.now() + STOP_LIMIT_MS;
    while (pid > 0 && isOurs(pid, await commandOf(pid), options)) {
      if (performance.now() > late) throw new HomeInUseError(options.home, pid);
      await sleep(50, undefined, { signal });
    }
    await managed.#spawn();
    return managed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
      await exited;
      clearTimeout(limit);
    }
    await rm(this.#pidFile, { force: true });
  }

  async #spawn(): Promise<void> {
    const { name, argv, home } = this.#options;
    const log = openSync(join(home, "logs", `${name}.log`), "a", 0o600);
    // Its own process group, so that Ctrl-C asks us and we ask it. The channel is never written to: its end tells the child that we are gone, however we went.
    const child = spawn(process.execPath, argv, {
      stdio: ["ignore", log, log, "ipc"],
      detached: true,
      env: withoutOurs(process.env),
    });
    closeSync(log);
    this.#process = child;
    child.once("exit", (code, signal) => this.#died(signal ?? `exit code ${code}`));
    await writeFile(this.#pidFile, `${child.pid}\n`);
  }

  #died(how: string): void {
    if (this.#stopping) return;
    const { name, home, restartAfterMs, onDeath } = this.#options;
    void lastError(join(home, "logs", `${name}.log`)).then((error) => {
      onDeath(name, error === undefined ? how : `${how}: ${error}`);
    });
    this.#restart = setTimeout(() => void this.#spawn(), restartAfterMs);
  }
}

/** The command line of a process, or "" if there is none to see. */
async function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}

/** Pids are used again: only a process with our script and data is ours; ports may have been others. */
function isOurs(pid: number, command: string, { argv }: ManagedProcessOptions): boolean {
  if (pid === process.pid) return false;
  const words = command.split("\0");
  const data = argv[argv.indexOf("--data-dir") + 1] ?? "";
  return words.includes(argv[0] ?? "") && words.includes(data);
}

/** What the last line of a log says, if it is about an error. */
async function lastError(path: string): Promise<string | undefined> {
  const lines = (await readFile(path, "utf8").catch(() => "")).trimEnd().split("\n").slice(-3);
  for (const line of lines.reverse()) {
    try {
      const { level, text } = JSON.parse(line) as { level?: string; text?: string };
      if (level === "error" && text !== undefined) return text;
    } catch {
      // Not every line is ours: a runtime that dies writes plain text.
    }
  }
  return undefined;
}

/** A variable that is meant for one program must not change all of them. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("OTE_")));
}
