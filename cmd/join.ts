import { errorText } from "../pkg/base/errors.ts";
import { createLogger } from "../pkg/base/log.ts";
import { clusterControllerSettings } from "./cluster-controller-options.ts";
import { NothingToDo, UsageError } from "./option-table.ts";
import { memberIdentity } from "./tree-identity.ts";
import { VERSION } from "./version.ts";

/** A command gives up where a running controller would go on trying. */
const LIMIT_MS = 60_000;
const TOO_LATE = `Cannot join: no parent could be asked within ${LIMIT_MS / 1000} s; the log lines above say why`;

/** `cluster-controller join`: joins the tree and keeps the identity, then ends; returns the exit code. */
export async function joinOnce(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(new Error(TOO_LATE)), LIMIT_MS);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  try {
    const settings = clusterControllerSettings(argv, VERSION);
    if (settings.parents.length === 0) throw new UsageError("only the root joins nobody");
    const log = createLogger("cluster-controller", settings.logLevel);
    const { credentials } = await memberIdentity(settings, log, stop.signal);
    const until = new Date(credentials.certificate.notAfter).toISOString();
    process.stderr.write(
      `cluster "${credentials.name}" has joined; its certificate is valid until ${until} and renews itself\n`,
    );
    return 0;
  } catch (error) {
    if (error instanceof NothingToDo) return 0;
    process.stderr.write(`cluster-controller join: ${errorText(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    clearTimeout(limit);
  }
}
