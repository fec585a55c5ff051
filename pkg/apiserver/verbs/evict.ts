import { StatusError } from "../../apis/status.ts";
import { selects } from "../kinds/label-selector.ts";
import { at, child, clone, isObject, type JsonObject, listOf, objectOf } from "../request/json.ts";
import { asKubeObject, keyOf, type Operation } from "../request/operation.ts";
import { notFound, unexplained } from "../request/refusals.ts";
import { decodeBody } from "../request/request-body.ts";
import { commit } from "../store/commit.ts";
import type { StoredObject } from "../store/store.ts";
import { remove } from "./delete.ts";
import { timestamp } from "./metadata.ts";

const BUDGETS = "poddisruptionbudgets.policy";
/** Whoever has not started or is over is missed by nobody. */
const UNCOUNTED = ["Pending", "Succeeded", "Failed"];

/** A polite deletion of a pod: the budget it belongs to must have room. Rejects with `TooManyRequests` if it has none. */
export async function evict(operation: Operation): Promise<void> {
  const { store, type, name, namespace } = operation;
  const { value: eviction } = decodeBody(operation.body, operation.headers["content-type"]);
  const options = objectOf(objectOf(eviction).deleteOptions);
  const pod = store.get(keyOf(operation, name));
  if (pod === undefined) throw notFound(type, name);
  const query = new URLSearchParams(operation.query);
  for (const word of listOf(options.dryRun)) query.append("dryRun", String(word));
  if (isCounted(pod)) {
    const budgets = store.list(BUDGETS, namespace).filter((budget) => covers(budget, pod));
    if (budgets.length > 1) throw unexplained(SEVERAL);
    for (const budget of budgets)
      if (!isSpare(pod, budget)) await spend({ ...operation, query }, budget, name);
  }
  const body = Buffer.from(JSON.stringify({ ...options, kind: "DeleteOptions", apiVersion: "v1" }));
  const headers = { ...operation.headers, "content-type": "application/json" };
  await remove({ ...operation, subresource: "", query, headers, body });
}

const SEVERAL =
  "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";

function isCounted({ object }: StoredObject): boolean {
  const isEnding = object.metadata.deletionTimestamp !== undefined;
  return !isEnding && !UNCOUNTED.some((phase) => phase === at(object, "status", "phase"));
}

function covers(budget: StoredObject, pod: StoredObject): boolean {
  const selector = at(budget.object, "spec", "selector");
  return isObject(selector) && selects(selector, objectOf(pod.object.metadata.labels));
}

/** Nobody misses a pod that is not ready while enough others are, or where the budget says so. */
function isSpare({ object }: StoredObject, { object: budget }: StoredObject): boolean {
  const isReady = listOf(at(object, "status", "conditions")).some(
    (item) => at(item, "type") === "Ready" && at(item, "status") === "True",
  );
  if (isReady) return false;
  if (at(budget, "spec", "unhealthyPodEvictionPolicy") === "AlwaysAllow") return true;
  const desired = Number(at(budget, "status", "desiredHealthy") ?? 0);
  return desired > 0 && Number(at(budget, "status", "currentHealthy") ?? 0) >= desired;
}

/** Takes one disruption from the budget; its controller gives it back when there are enough pods again. */
async function spend(operation: Operation, { key }: StoredObject, pod: string): Promise<void> {
  // The caller may evict; that budgets count it is the server's own doing.
  await commit({ ...operation, guard: undefined }, key, (current) => {
    if (current === undefined) throw tooMany(key.name, "it is gone");
    const budget = clone(current.object as unknown as JsonObject);
    const status = child(budget, "status");
    const generation = Number(at(budget, "metadata", "generation") ?? 0);
    if (Number(status.observedGeneration ?? 0) < generation)
      throw tooMany(key.name, "is still being processed by the server.");
    if (!(Number(status.disruptionsAllowed) > 0))
      throw tooMany(
        key.name,
        `needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`,
      );
    status.disruptionsAllowed = Number(status.disruptionsAllowed) - 1;
    child(status, "disruptedPods")[pod] = timestamp();
    return { kind: "put", object: asKubeObject(budget) };
  });
}

/** Says nothing of when to try again: Go's clients would then do so for minutes without a word to their caller. */
function tooMany(budget: string, why: string): StatusError {
  const message = "Cannot evict pod as it would violate the pod's disruption budget.";
  const cause = { reason: "DisruptionBudget", message: `The disruption budget ${budget} ${why}` };
  return StatusError.of("TooManyRequests", message, { causes: [cause] });
}
