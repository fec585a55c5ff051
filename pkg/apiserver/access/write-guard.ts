import { at, type JsonObject, listOf, objectOf, same } from "../request/json.ts";
import type { User, WriteGuard } from "../request/operation.ts";
import { forbidden, notFound } from "../request/refusals.ts";
import type { Edit, StoredObject } from "../store/store.ts";
import type { ResourceAttributes } from "./attributes.ts";
import type { Authorizer } from "./authorizer.ts";
import { RBAC_GROUP, roleRefOf } from "./role-book.ts";
import { missingFrom, type PolicyRule, quotedList, rulesOf, ruleTexts } from "./rules.ts";
import { ADMIN_GROUP, nodeOf } from "./users.ts";

const EVERYTHING: readonly PolicyRule[] = [
  {
    ...{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
    ...{ resourceNames: [], nonResourceURLs: [] },
  },
  {
    ...{ verbs: ["*"], apiGroups: [], resources: [] },
    ...{ resourceNames: [], nonResourceURLs: ["*"] },
  },
];

/** One write that somebody wants to make, once it is known what would come of it. */
interface Write {
  readonly authorizer: Authorizer;
  readonly user: User;
  readonly wanted: ResourceAttributes;
  readonly current: StoredObject | undefined;
  readonly edit: Edit;
}

/**
 * What must hold of a write besides the right to make it: nobody gives away rights that they do not have, a
 * kubelet keeps to its own node, and a patch that makes an object needs the right to make one. It throws
 * `Forbidden`. Undefined when nothing more must hold.
 */
export function writeGuard(
  authorizer: Authorizer,
  user: User,
  wanted: ResourceAttributes,
): WriteGuard | undefined {
  if (user.groups.includes(ADMIN_GROUP)) return undefined;
  const checks = [
    ...(wanted.verb === "patch" ? [checkCreation] : []),
    ...(wanted.group === RBAC_GROUP ? [checkGrant] : []),
    ...(nodeOf(user) === undefined ? [] : [checkNode]),
  ];
  if (checks.length === 0) return undefined;
  return (current, edit) => {
    for (const check of checks) check({ authorizer, user, wanted, current, edit });
  };
}

function checkCreation({ authorizer, user, wanted, current }: Write): void {
  if (current === undefined) authorizer.require(user, { ...wanted, verb: "create" });
}

/** What a role gives, and what a binding hands on, must be the writer's own. */
function checkGrant(write: Write): void {
  const { wanted, current, edit } = write;
  if (edit.kind !== "put") return;
  const next = objectOf(edit.object);
  if (current !== undefined && isOnlyHousekeeping(objectOf(current.object), next)) return;
  if (wanted.resource.endsWith("bindings")) checkBinding(write, next);
  else checkRole(write, next);
}

function checkRole({ authorizer, user, wanted, current }: Write, next: JsonObject): void {
  const { namespace, resource, name } = wanted;
  if (may(authorizer, user, "escalate", { resource, namespace, name })) return;
  const held = authorizer.rulesFor(user, namespace);
  const collects = [next, current?.object].some((role) => at(role, "aggregationRule") != null);
  if (collects && missingFrom(held, EVERYTHING).length > 0)
    throw refused(wanted, next, "must have cluster-admin privileges to use the aggregationRule");
  checkHeld(user, wanted, next, missingFrom(held, rulesOf(next)));
}

function checkBinding({ authorizer, user, wanted }: Write, next: JsonObject): void {
  const role = roleRefOf(next);
  const { namespace } = wanted;
  const resource = `${role.kind.toLowerCase()}s`;
  if (may(authorizer, user, "bind", { resource, namespace, name: role.name })) return;
  const given = authorizer.roles.rulesOf(role, namespace);
  if (given === undefined)
    throw notFound({ group: RBAC_GROUP, plural: resource, kind: role.kind }, role.name);
  checkHeld(user, wanted, next, missingFrom(authorizer.rulesFor(user, namespace), given));
}

function checkHeld(
  user: User,
  wanted: ResourceAttributes,
  next: JsonObject,
  missing: readonly PolicyRule[],
): void {
  if (missing.length === 0) return;
  const who = `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)})`;
  const what = ruleTexts(missing).join("\n");
  throw refused(
    wanted,
    next,
    `${who} is attempting to grant RBAC permissions not currently held:\n${what}`,
  );
}

function may(
  authorizer: Authorizer,
  user: User,
  verb: string,
  at: Pick<ResourceAttributes, "resource" | "namespace" | "name">,
): boolean {
  const wanted = { kind: "resource", verb, group: RBAC_GROUP, version: "v1", subresource: "" };
  return authorizer.decide(user, { ...wanted, ...at } as ResourceAttributes).allowed;
}

/** Owners and finalizers are for the garbage collector, which has no rights to give. */
function isOnlyHousekeeping(current: JsonObject, next: JsonObject): boolean {
  return same(withoutHousekeeping(current), withoutHousekeeping(next));
}

function withoutHousekeeping(object: JsonObject): JsonObject {
  const { ownerReferences, finalizers, managedFields, resourceVersion, ...metadata } = objectOf(
    object.metadata,
  );
  return { ...object, metadata };
}

/** A kubelet writes its own Node, and the pods that are bound to it. */
function checkNode({ user, wanted, current, edit }: Write): void {
  const node = nodeOf(user) ?? "";
  if (edit.kind === "keep" || wanted.group !== "") return;
  const { name } = edit.object.metadata;
  if (wanted.resource === "nodes" && name !== node)
    throw refused(
      wanted,
      objectOf(edit.object),
      `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`,
    );
  if (wanted.resource !== "pods") return;
  const homes = [current?.object, edit.object].filter((pod) => pod !== undefined);
  if (homes.some((pod) => at(pod, "spec", "nodeName") !== node))
    throw refused(
      wanted,
      objectOf(edit.object),
      `node ${JSON.stringify(node)} can only write pods with spec.nodeName set to itself`,
    );
  const uses = listOf(at(edit.object, "spec", "volumes")).some((volume) => at(volume, "secret"));
  if (current === undefined && uses)
    throw refused(
      wanted,
      objectOf(edit.object),
      `node ${JSON.stringify(node)} can not create pods that reference secrets`,
    );
}

function refused({ group, resource }: ResourceAttributes, next: JsonObject, why: string) {
  return forbidden(
    { group, plural: resource, kind: "" },
    String(at(next, "metadata", "name")),
    why,
  );
}
