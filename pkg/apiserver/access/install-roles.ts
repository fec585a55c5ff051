import { randomUUID } from "node:crypto";
import { at, type JsonObject, listOf, objectOf, same } from "../request/json.ts";
import { asKubeObject } from "../request/operation.ts";
import type { StoreKey, VersionedStore } from "../store/store.ts";
import { timestamp } from "../verbs/metadata.ts";
import { CONTROLLER_ROLES } from "./controller-roles.ts";
import { DEFAULT_ROLES, type DefaultRole } from "./default-roles.ts";
import { RBAC_GROUP } from "./role-book.ts";
import { parseRules } from "./rule-notation.ts";
import { missingFrom, type PolicyRule, rulesOf } from "./rules.ts";

const AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate";
const AGGREGATE_TO = `rbac.authorization.k8s.io/aggregate-to-`;
const HOLDERS_NAMESPACE = "kube-system";

/** One object that is there from the start. */
interface Wanted {
  readonly key: StoreKey;
  readonly object: JsonObject;
}

/**
 * Makes sure that the default roles and bindings are there. Of those that are there already, rules and
 * subjects that are missing are added, unless the owner has set their annotation "autoupdate" to "false".
 */
export async function installRoles(store: VersionedStore): Promise<void> {
  const all = [...DEFAULT_ROLES, ...CONTROLLER_ROLES].flatMap(objectsOf);
  const due = all.filter(
    ({ key, object }) => completed(store.get(key)?.object, object) !== undefined,
  );
  await Promise.all(
    due.map(({ key, object }) =>
      store.change(key, (current) => {
        const next = completed(current?.object, object);
        if (next !== undefined) return { kind: "put", object: asKubeObject(next) };
        if (current === undefined) throw new Error(`Cannot keep "${key.name}": it is gone`);
        return { kind: "keep", current };
      }),
    ),
  );
}

/** `current` with what it lacks of `wanted`; undefined if it lacks nothing. */
function completed(current: unknown, wanted: JsonObject): JsonObject | undefined {
  if (current === undefined) return { ...wanted, metadata: { ...born(), ...metaOf(wanted) } };
  const present = objectOf(current);
  if (at(metaOf(present), "annotations", AUTO_UPDATE) !== "true") return undefined;
  const next: JsonObject = { ...present };
  if (Array.isArray(wanted.rules))
    next.rules = [...listOf(present.rules), ...lacking(present, wanted)];
  if (Array.isArray(wanted.subjects)) {
    const known = listOf(present.subjects);
    const missing = wanted.subjects.filter((one) => !known.some((other) => same(one, other)));
    if (missing.length > 0) next.subjects = [...known, ...missing];
  }
  return same(present, next) ? undefined : next;
}

function lacking(present: JsonObject, wanted: JsonObject): readonly PolicyRule[] {
  const held = rulesOf(present);
  return rulesOf(wanted)
    .filter((rule) => missingFrom(held, [rule]).length > 0)
    .map(withoutEmpty);
}

function objectsOf(role: DefaultRole): readonly Wanted[] {
  const { holders = [] } = role;
  return holders.length === 0 ? [roleObject(role)] : [roleObject(role), bindingObject(role)];
}

function roleObject({ name, namespace = "", rules, addsTo, collects }: DefaultRole): Wanted {
  const label = addsTo === undefined ? {} : { [AGGREGATE_TO + addsTo]: "true" };
  const selector = { matchLabels: { [AGGREGATE_TO + name]: "true" } };
  const aggregationRule = collects === true ? { clusterRoleSelectors: [selector] } : undefined;
  const kind = namespace === "" ? "ClusterRole" : "Role";
  const object = {
    ...named(kind, namespace, name, label),
    ...(aggregationRule === undefined ? {} : { aggregationRule }),
    ...(rules === undefined ? {} : { rules: parseRules(rules).map(withoutEmpty) }),
  };
  return { key: keyOf(kind, namespace, name), object };
}

function bindingObject({ name, namespace = "", holders = [] }: DefaultRole): Wanted {
  const kind = namespace === "" ? "ClusterRoleBinding" : "RoleBinding";
  // In a namespace, names of two parts are for the system.
  const called = namespace === "" || name.startsWith("system:") ? name : `system::${name}`;
  const roleRef = {
    apiGroup: RBAC_GROUP,
    kind: namespace === "" ? "ClusterRole" : "Role",
    name,
  };
  const object = {
    ...named(kind, namespace, called, {}),
    subjects: holders.map(subjectOf),
    roleRef,
  };
  return { key: keyOf(kind, namespace, called), object };
}

function subjectOf(holder: string): JsonObject {
  const [kind, name] = holder.split(" ");
  if (kind === "ServiceAccount") return { kind, name, namespace: HOLDERS_NAMESPACE };
  return { kind, apiGroup: RBAC_GROUP, name };
}

function named(kind: string, namespace: string, name: string, labels: object): JsonObject {
  return {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind,
    metadata: {
      name,
      ...(namespace === "" ? {} : { namespace }),
      labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
      annotations: { [AUTO_UPDATE]: "true" },
    },
  };
}

function keyOf(kind: string, namespace: string, name: string): StoreKey {
  return { resource: `${kind.toLowerCase()}s.${RBAC_GROUP}`, namespace, name };
}

function born(): JsonObject {
  return { uid: randomUUID(), creationTimestamp: timestamp() };
}

function metaOf(object: JsonObject): JsonObject {
  return objectOf(object.metadata);
}

/** As roles are written: a rule has no empty lists. */
function withoutEmpty(rule: PolicyRule): PolicyRule {
  const fields = Object.entries(rule).filter(([, list]) => list.length > 0);
  return Object.fromEntries(fields) as unknown as PolicyRule;
}
