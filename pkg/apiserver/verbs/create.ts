import { StatusError } from "../../apis/status.ts";
import { incomingObject } from "../request/incoming.ts";
import { at, type JsonObject, objectOf } from "../request/json.ts";
import { asKubeObject, keyOf, type Operation, type Outcome, shown } from "../request/operation.ts";
import { checkDryRun, checkManager } from "../request/query.ts";
import { alreadyExists, badRequest, forbidden, unexplained } from "../request/refusals.ts";
import { commit } from "../store/commit.ts";
import type { StoredObject } from "../store/store.ts";
import { admitNew } from "./admit.ts";
import { timestamp } from "./metadata.ts";
import { generatedName } from "./names.ts";

const TRIES = 8;

/** POST to a collection: a new object. */
export async function create(operation: Operation): Promise<Outcome> {
  checkDryRun("CreateOptions", operation.query.getAll("dryRun"));
  checkManager("CreateOptions", operation.query);
  const given = incomingObject(operation);
  return createFrom(operation, given);
}

/** A new object as `given` says. Rejects with `AlreadyExists` if its name is taken. */
export async function createFrom(operation: Operation, given: JsonObject): Promise<Outcome> {
  if (!operation.type.verbs.includes("get")) return review(operation, given);
  const { name, generateName, resourceVersion } = objectOf(given.metadata);
  if (resourceVersion !== undefined && resourceVersion !== "")
    throw unexplained("resourceVersion should not be set on objects to be created");
  if (operation.name !== "" && name !== undefined && name !== operation.name)
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${operation.name})`,
    );
  if (name !== undefined && name !== "") return createNamed(operation, String(name), given);
  if (typeof generateName !== "string" || generateName === "")
    return createNamed(operation, operation.name, given);
  return createGenerated(operation, generateName, given);
}

async function createGenerated(
  operation: Operation,
  prefix: string,
  given: JsonObject,
): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    try {
      return await createNamed(operation, generatedName(prefix), given);
    } catch (error) {
      const taken = error instanceof StatusError && error.reason === "AlreadyExists";
      if (!taken || tries === TRIES) throw error;
    }
  }
}

async function createNamed(
  operation: Operation,
  name: string,
  given: JsonObject,
): Promise<Outcome> {
  const stored = await commit(operation, keyOf(operation, name), (current) => {
    checkNamespace(operation, name);
    const object = admitNew(operation, name, given);
    if (current !== undefined) throw alreadyExists(operation.type, name, isEnding(current));
    return { kind: "put", object: asKubeObject(object) };
  });
  return shown(operation, 201, stored);
}

function isEnding(stored: StoredObject): boolean {
  return at(stored.object, "metadata", "deletionTimestamp") !== undefined;
}

/** A kind that is only a question: the answer is the completed object, and nothing is kept. */
function review(operation: Operation, given: JsonObject): Outcome {
  const object: JsonObject = { ...given, metadata: { creationTimestamp: null } };
  operation.type.complete?.(object, undefined);
  return { kind: "object", code: 201, object };
}

function checkNamespace({ store, type, namespace }: Operation, name: string): void {
  if (!type.namespaced) return;
  const home = store.get({ resource: "namespaces", namespace: "", name: namespace });
  if (home === undefined)
    throw StatusError.of("NotFound", `namespaces "${namespace}" not found`, {
      name: namespace,
      kind: "namespaces",
    });
  if (isEnding(home))
    throw forbidden(
      type,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${namespace} is being terminated (${timestamp()})`,
        },
      ],
    );
}
