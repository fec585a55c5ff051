import { MAX_RESULT_BODY, type ShimResult } from "../../pkg/shim/shim.ts";
import { isMapping } from "./helm-fields.ts";
import type { HelmAnswer } from "./helm-program.ts";
import type { HelmTask } from "./helm-task.ts";

/** What helm says when it fails, and the code and reason that it is. */
const FAILURES: readonly [said: RegExp, code: number, reason: string][] = [
  [/cluster unreachable|connection refused|i\/o timeout/i, 503, "ApiUnreachable"],
  [/another operation \(.*\) is in progress/i, 409, "ReleaseBusy"],
  [/cannot re-?use a name that is still in use/i, 409, "AlreadyExists"],
  [/release: not found|has no deployed releases|no revision for release/i, 404, "NotFound"],
  [/is forbidden: User/i, 403, "Forbidden"],
];

/** The verdict that an ended run of helm is. */
export function resultOfHelm(task: HelmTask, answer: HelmAnswer): ShimResult {
  if (answer.code !== 0) return failureOf(answer);
  const code = task.action === "install" ? 201 : 200;
  return { verdict: "done", code, ...bodyOf(task, answer) };
}

function bodyOf({ action }: HelmTask, answer: HelmAnswer): Pick<ShimResult, "body" | "truncated"> {
  switch (action) {
    case "list":
      return fitted(answer.stdout.trim(), answer.truncated);
    case "rollback":
    case "uninstall":
      return fitted(answer.stdout.trim());
    default:
      return fitted(summaryOf(answer));
  }
}

/** A text as the body of a result, cut between two characters if it is too long. */
export function fitted(
  text: string,
  truncated = false,
): { readonly body: string; readonly truncated?: boolean } {
  if (text.length <= MAX_RESULT_BODY) return truncated ? { body: text, truncated } : { body: text };
  const high = /[\uD800-\uDBFF]$/.test(text.slice(0, MAX_RESULT_BODY)) ? 1 : 0;
  return { body: text.slice(0, MAX_RESULT_BODY - high), truncated: true };
}

function failureOf({ code: exit, stdout, stderr }: HelmAnswer): ShimResult {
  const said = (stderr.trim() || stdout.trim()).replace(/^(WARNING: .*\n)+/, "");
  const [, code, reason] = FAILURES.find(([pattern]) => pattern.test(said)) ?? [
    0,
    500,
    "HelmFailed",
  ];
  const silent = exit === undefined ? "helm was ended by a signal" : `helm ended with code ${exit}`;
  return { verdict: "failed", code, reason, ...fitted(said || silent) };
}

/**
 * What a release is, without its values and manifests: those may hold secrets, which a result would
 * carry up the tree, and grow beyond what it can hold.
 */
function summaryOf({ stdout }: HelmAnswer): string {
  const release = parsed(stdout);
  if (!isMapping(release)) return "Helm has done it, and its answer is too long to be read";
  const { name, namespace, version: revision, info, chart } = release;
  const { status, description, first_deployed, last_deployed, notes } = isMapping(info) ? info : {};
  const metadata = isMapping(chart) && isMapping(chart.metadata) ? chart.metadata : {};
  const { name: chartName, version: chartVersion, appVersion } = metadata;
  return JSON.stringify({
    ...{ name, namespace, revision, status, description },
    ...{ chart: chartName, chartVersion, appVersion },
    ...{ firstDeployed: first_deployed, lastDeployed: last_deployed, notes },
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
