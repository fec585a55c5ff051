import { readFileSync } from "node:fs";
import { lstat, mkdir, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "../../pkg/base/errors.ts";

/** Directories of processes: pid and start time tell the owner, also where every process is number 1. */
const OWNED = /^ote-helm-(\d+)-(\d+)-[A-Za-z0-9]{6}$/;
/** How long a process that was killed may take to be gone. */
const GONE_LIMIT_MS = 5000;

/** A directory in which one run of helm has its files; only we can read it, and it ends with the run. */
export interface HelmDirectory extends AsyncDisposable {
  readonly path: string;
  write(name: string, content: string | Uint8Array): Promise<void>;
}

/**
 * Private directories for runs of helm. What a process that was killed has left behind is removed when
 * the next one opens its workspace: first the helm that may still work there, then its files.
 */
export class HelmWorkspace implements AsyncDisposable {
  readonly #parent: string;
  #root: Promise<string> | undefined;
  #runs = 0;

  private constructor(parent: string) {
    this.#parent = parent;
  }

  static async open(parent: string = tmpdir()): Promise<HelmWorkspace> {
    await clear(parent);
    return new HelmWorkspace(parent);
  }

  /** A new directory for one run. */
  async directory(): Promise<HelmDirectory> {
    // Most clusters never have a run, and some have no place to write.
    this.#root ??= mkdtemp(
      join(this.#parent, `ote-helm-${process.pid}-${startOf(process.pid) ?? 0}-`),
    ).catch((error: unknown) => {
      this.#root = undefined;
      throw error;
    });
    const path = join(await this.#root, String(++this.#runs));
    await mkdir(path, { mode: 0o700 });
    return {
      path,
      write: (name, content) => writeFile(join(path, name), content, { mode: 0o600, flag: "wx" }),
      [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const root = await this.#root;
    if (root !== undefined) await rm(root, { recursive: true, force: true });
  }
}

async function clear(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const [, pid, start] = OWNED.exec(name) ?? [];
    if (pid === undefined || start === undefined || isAlive(Number(pid), start)) continue;
    const path = join(parent, name);
    if (!(await isOurs(path))) continue;
    await endThoseIn(path);
    await rm(path, { recursive: true, force: true });
  }
}

/** Everybody may make names in a temporary directory; only a directory of our own is cleared. */
async function isOurs(path: string): Promise<boolean> {
  const state = await lstat(path).catch(() => undefined);
  return state?.isDirectory() === true && state.uid === process.getuid?.();
}

function isAlive(pid: number, start: string): boolean {
  const known = startOf(pid);
  if (known !== undefined) return known === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** When a process was started, in the clock of its kernel; undefined if it is gone or there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    // The second field is a name in brackets, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[19];
  } catch {
    return undefined;
  }
}

/** Kills the processes that work in a directory, and waits until they are gone. */
async function endThoseIn(path: string): Promise<void> {
  const giveUp = performance.now() + GONE_LIMIT_MS;
  for (;;) {
    const left = await workersIn(path);
    for (const pid of left) end(pid);
    if (left.length === 0 || performance.now() > giveUp) return;
    await sleep(20);
  }
}

async function workersIn(path: string): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const found = names
    .filter((name) => /^\d+$/.test(name))
    .map(async (name) => {
      const place = await readlink(`/proc/${name}/cwd`).catch(() => "");
      return place.startsWith(`${path}/`) ? [Number(name)] : [];
    });
  return (await Promise.all(found)).flat();
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}
