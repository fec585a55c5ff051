import { propertySchema, type Schema } from "../schema/schema.ts";
import type { ServedType } from "../types/served-type.ts";

/** How two states of a list become one: item by item under some keys, as a set of values, or as a whole. */
export type ListRule =
  | { readonly kind: "map"; readonly keys: readonly string[] }
  | { readonly kind: "set" }
  | { readonly kind: "atomic" };

/** Where we are in an object: the fields passed, and the schema there if there is one. */
export interface Place {
  readonly path: readonly string[];
  readonly schema: Schema | undefined;
  readonly custom: boolean;
}

const ATOMIC: ListRule = { kind: "atomic" };
const SET: ListRule = { kind: "set" };
const byKeys = (...keys: readonly string[]): ListRule => ({ kind: "map", keys });

/** The lists of builtin kinds that are not atomic, by the name of their field. */
const BUILTIN: Readonly<Record<string, ListRule>> = {
  containers: byKeys("name"),
  initContainers: byKeys("name"),
  ephemeralContainers: byKeys("name"),
  env: byKeys("name"),
  volumes: byKeys("name"),
  volumeMounts: byKeys("mountPath"),
  volumeDevices: byKeys("devicePath"),
  imagePullSecrets: byKeys("name"),
  hostAliases: byKeys("ip"),
  topologySpreadConstraints: byKeys("topologyKey"),
  resourceClaims: byKeys("name"),
  schedulingGates: byKeys("name"),
  conditions: byKeys("type"),
  addresses: byKeys("type"),
  podIPs: byKeys("ip"),
  taints: byKeys("key"),
  secrets: byKeys("name"),
};

/** What every object has in its metadata. */
const METADATA: Readonly<Record<string, ListRule>> = {
  ownerReferences: byKeys("uid"),
  finalizers: SET,
};

/** The place of an object's root. */
export function rootPlace({ schema, custom }: ServedType): Place {
  return { path: [], schema, custom };
}

/** The place of the field `name`. */
export function fieldPlace({ path, schema, custom }: Place, name: string): Place {
  return { path: [...path, name], schema: schema && propertySchema(schema, name), custom };
}

/** The place of the items of a list. */
export function itemPlace({ path, schema, custom }: Place): Place {
  return { path, schema: schema?.items, custom };
}

/** How the list at `place` is merged. */
export function listRule({ path, schema, custom }: Place): ListRule {
  const name = path.at(-1) ?? "";
  if (path[0] === "metadata") return ownRule(METADATA, name);
  if (custom) return schemaRule(schema);
  if (name === "ports") return portsRule(path);
  return ownRule(BUILTIN, name);
}

/** The objects of builtin kinds that have one owner as a whole, by the name of their field. */
const ATOMIC_MAPS = new Set([
  ...["selector", "nodeSelector", "podSelector", "namespaceSelector", "labelSelector"],
  ...["secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "secretRef", "claimRef"],
]);

/** Whether the object at `place` is only ever taken as a whole. */
export function isAtomicMap({ schema, custom, path }: Place): boolean {
  if (!custom && path[0] === "spec" && ATOMIC_MAPS.has(path.at(-1) ?? "")) return true;
  return schema?.["x-kubernetes-map-type"] === "atomic";
}

function schemaRule(schema: Schema | undefined): ListRule {
  const type = schema?.["x-kubernetes-list-type"];
  if (type === "set") return SET;
  const keys = schema?.["x-kubernetes-list-map-keys"];
  return type === "map" && keys !== undefined ? { kind: "map", keys } : ATOMIC;
}

/** A service's ports and a container's ports are told apart by different fields. */
function portsRule(path: readonly string[]): ListRule {
  const isContainer = path.some((name) => name.toLowerCase().endsWith("containers"));
  return byKeys(isContainer ? "containerPort" : "port", "protocol");
}

function ownRule(rules: Readonly<Record<string, ListRule>>, name: string): ListRule {
  return Object.hasOwn(rules, name) ? (rules[name] ?? ATOMIC) : ATOMIC;
}
