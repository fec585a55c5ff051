import { at, child, clone, type JsonObject, listOf, objectOf, textOf } from "../request/json.ts";
import { asKubeObject, keyOf, type Operation, type Outcome } from "../request/operation.ts";
import { badRequest, conflict, notFound } from "../request/refusals.ts";
import { decodeBody } from "../request/request-body.ts";
import { commit } from "../store/commit.ts";
import { evict } from "./evict.ts";
import { timestamp } from "./metadata.ts";

/** What can be asked of one object by a POST below it. */
export type Action = (operation: Operation) => Promise<Outcome>;

/** The actions by resource and subresource; discovery lists them beside /status and /scale. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  "pods/binding": bind,
  "pods/eviction": evicted,
};

/** The action that a POST to this subresource means, or undefined. */
export function actionOf({
  type,
  subresource,
}: Pick<Operation, "type" | "subresource">): Action | undefined {
  const name = type.group === "" ? `${type.plural}/${subresource}` : "";
  return Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
}

/** The scheduler's decision: the pod belongs to a node from now on, and to no other. */
async function bind(operation: Operation): Promise<Outcome> {
  const { type, name } = operation;
  const { value: binding } = decodeBody(operation.body, operation.headers["content-type"]);
  const node = textOf(at(binding, "target", "name"));
  if (node === "") throw badRequest("target.name: Required value");
  await commit(operation, keyOf(operation, name), (current) => {
    if (current === undefined) throw notFound(type, name);
    const pod = clone(current.object as unknown as JsonObject);
    const spec = child(pod, "spec");
    if (textOf(spec.nodeName) !== "") {
      throw conflict(
        type,
        name,
        `pod ${name} is already assigned to node "${textOf(spec.nodeName)}"`,
      );
    }
    if (objectOf(pod.metadata).deletionTimestamp !== undefined) {
      throw conflict(type, name, `pod ${name} is being deleted, cannot be assigned to a host`);
    }
    spec.nodeName = node;
    schedule(child(pod, "status"));
    return { kind: "put", object: asKubeObject(pod) };
  });
  return created();
}

function schedule(status: JsonObject): void {
  const others = listOf(status.conditions).filter(
    (condition) => at(condition, "type") !== "PodScheduled",
  );
  status.conditions = [
    ...others,
    { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: timestamp() },
  ];
}

async function evicted(operation: Operation): Promise<Outcome> {
  await evict(operation);
  return created();
}

function created(): Outcome {
  return {
    kind: "status",
    status: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
  };
}
