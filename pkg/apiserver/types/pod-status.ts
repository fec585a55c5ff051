import { at, type JsonObject, listOf, textOf } from "../request/json.ts";

/** One word for how a pod is, as `kubectl get pods` shows it: of several troubles the one that came first. */
export function podStatus(pod: JsonObject): string {
  const isEnding = at(pod, "metadata", "deletionTimestamp") !== undefined;
  const reason = textOf(at(pod, "status", "reason") ?? "");
  if (isEnding) return reason === "NodeLost" ? "Unknown" : "Terminating";
  const initial = initialStatus(pod);
  if (initial !== undefined) return initial;
  const overall = reason || textOf(at(pod, "status", "phase") ?? "Unknown");
  const containers = listOf(at(pod, "status", "containerStatuses"));
  const [first] = containers.map(troubleOf).filter((word) => word !== "");
  if (first !== "Completed") return first ?? overall;
  return containers.some(isRunning) ? runningWord(pod) : first;
}

/** How far the containers are that run before the others; undefined when all are done. */
function initialStatus(pod: JsonObject): string | undefined {
  const statuses = listOf(at(pod, "status", "initContainerStatuses"));
  const current = statuses.findIndex(
    (status) => at(status, "state", "terminated", "exitCode") !== 0,
  );
  if (current < 0) return undefined;
  const trouble = troubleOf(statuses[current]);
  const isStarting = trouble === "" || trouble === "PodInitializing";
  if (!isStarting) return `Init:${trouble}`;
  return `Init:${current}/${listOf(at(pod, "spec", "initContainers")).length}`;
}

/** Why a container does not run; "" if it does, or nobody knows. */
function troubleOf(status: unknown): string {
  const waiting = textOf(at(status, "state", "waiting", "reason") ?? "");
  if (waiting !== "") return waiting;
  const { reason, signal, exitCode } = (at(status, "state", "terminated") ?? {}) as JsonObject;
  if (exitCode === undefined) return "";
  if (reason !== undefined && reason !== "") return textOf(reason);
  return Number(signal ?? 0) === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`;
}

function isRunning(status: unknown): boolean {
  return at(status, "ready") === true && at(status, "state", "running") !== undefined;
}

function runningWord(pod: JsonObject): string {
  const isReady = listOf(at(pod, "status", "conditions")).some(
    (item) => at(item, "type") === "Ready" && at(item, "status") === "True",
  );
  return isReady ? "Running" : "NotReady";
}
