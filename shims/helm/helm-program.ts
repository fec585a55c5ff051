import { type ChildProcess, spawn } from "node:child_process";
import { errorCode, OteError } from "../../pkg/base/errors.ts";

/** How helm ended and what it said. */
export interface HelmAnswer {
  /** Exit code; undefined if a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether `stdout` is not all that it said. */
  readonly truncated: boolean;
}

/** There is no program to run. */
export class HelmMissingError extends OteError {
  readonly code = "HELM_MISSING";
  constructor(file: string, cause: unknown) {
    super(
      `Cannot run helm as ${JSON.stringify(file)}: there is no program that can be run (${errorCode(cause)})`,
      { cause },
    );
  }
}

/** Most of what helm says that is kept: the answer to a status holds all manifests and is cut down later. */
const MAX_STDOUT = 8 * 1024 * 1024;
const MAX_STDERR = 64 * 1024;
/** Between the polite request to end and the other one: helm marks a release as failed when it is asked. */
const END_LIMIT_MS = 1500;
/** What helm has written is there by then; only somebody else can still hold its pipes. */
const PIPES_LIMIT_MS = 1000;

/** Would let somebody else's settings say which cluster or namespace is meant. */
const FOREIGN_VARIABLES = /^(OTE_|KUBECONFIG$|HELM_KUBE|HELM_NAMESPACE$|HELM_DEBUG$)/;

/**
 * Runs helm with `directory` as its working directory; resolves when it has ended and nobody of its
 * process group is left. When `signal` aborts the whole group is ended. Rejects with HelmMissingError.
 */
export async function runHelm(
  file: string,
  argv: readonly string[],
  directory: string,
  signal: AbortSignal,
): Promise<HelmAnswer> {
  signal.throwIfAborted();
  const variables = Object.entries(process.env).filter(([name]) => !FOREIGN_VARIABLES.test(name));
  const child = spawn(file, argv, {
    cwd: directory,
    detached: true,
    env: Object.fromEntries(variables),
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const stdout = collect(child.stdout, MAX_STDOUT);
  const stderr = collect(child.stderr, MAX_STDERR);
  let limit: NodeJS.Timeout | undefined;
  const end = (): void => {
    endGroup(child, "SIGTERM");
    limit = setTimeout(() => endGroup(child, "SIGKILL"), END_LIMIT_MS);
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    const code = await ended(child, file);
    return { code, stdout: stdout.text(), stderr: stderr.text(), truncated: stdout.truncated };
  } finally {
    signal.removeEventListener("abort", end);
    clearTimeout(limit);
    // What helm has started, such as a plugin or a credential helper, must not outlive it.
    endGroup(child, "SIGKILL");
  }
}

function ended(child: ChildProcess, file: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        /^(ENOENT|EACCES|ENOEXEC)$/.test(errorCode(cause))
          ? new HelmMissingError(file, cause)
          : cause,
      ),
    );
    // What is still in the pipes is read, but somebody else who holds them open must not hold us.
    child.once("exit", (code) => {
      endGroup(child, "SIGKILL");
      const limit = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, PIPES_LIMIT_MS);
      child.once("close", () => {
        clearTimeout(limit);
        resolve(code ?? undefined);
      });
    });
  });
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH" && errorCode(error) !== "EPERM") throw error;
  }
}

interface Collected {
  readonly truncated: boolean;
  text(): string;
}

/** Reads to the end, and keeps the first `limit` bytes. */
function collect(stream: NodeJS.ReadableStream, limit: number): Collected {
  const chunks: Buffer[] = [];
  let kept = 0;
  let truncated = false;
  stream.on("data", (chunk: Buffer) => {
    const part = chunk.subarray(0, limit - kept);
    truncated ||= part.length < chunk.length;
    kept += part.length;
    if (part.length > 0) chunks.push(part);
  });
  stream.on("error", () => {});
  return {
    get truncated() {
      return truncated;
    },
    text: () => new TextDecoder().decode(Buffer.concat(chunks)),
  };
}
