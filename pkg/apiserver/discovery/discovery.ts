import { apiVersionOf } from "../../apis/object.ts";
import type { JsonObject } from "../request/json.ts";
import type { ServedType } from "../types/served-type.ts";
import type { TypeRegistry } from "../types/type-registry.ts";
import { byPriority } from "../types/version-priority.ts";

const SUBRESOURCE_VERBS = ["get", "patch", "update"];
/** What can be asked of objects of the core group by a POST below them, with the group and kind of the body. */
const ACTIONS: readonly (readonly [string, string, string, string])[] = [
  ["pods", "binding", "", "Binding"],
  ["pods", "eviction", "policy", "Eviction"],
  ["serviceaccounts", "token", "authentication.k8s.io", "TokenRequest"],
];

/** The groups that are served, each with its versions, the preferred one first. */
export function groupsOf(types: TypeRegistry): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { group, version } of types.all()) {
    const versions = groups.get(group) ?? [];
    if (!versions.includes(version)) versions.push(version);
    groups.set(group, versions);
  }
  for (const versions of groups.values()) versions.sort(byPriority);
  return groups;
}

/** /api */
export function coreVersions(types: TypeRegistry): JsonObject {
  return {
    kind: "APIVersions",
    versions: groupsOf(types).get(""),
    serverAddressByClientCIDRs: [],
  };
}

/** /apis */
export function groupList(types: TypeRegistry): JsonObject {
  const names = [...groupsOf(types).keys()].filter((group) => group !== "");
  const groups = names.map((name) => groupFields(types, name));
  return { kind: "APIGroupList", apiVersion: "v1", groups };
}

/** /apis/GROUP; undefined if there is no such group. */
export function groupPage(types: TypeRegistry, name: string): JsonObject | undefined {
  if (name === "" || !groupsOf(types).has(name)) return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupFields(types, name) };
}

/** /api/v1 and /apis/GROUP/VERSION; undefined if there is no such version. */
export function resourceList(
  types: TypeRegistry,
  group: string,
  version: string,
): JsonObject | undefined {
  const rows = rowsOf(types, group, version);
  if (rows.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf({ group, version }),
    resources: rows.flatMap(resourceFields),
  };
}

/** /api or /apis as one document of the discovery group's `version`: all groups, versions and resources. */
export function aggregated(types: TypeRegistry, root: string, version: string): JsonObject {
  const groups = [...groupsOf(types)].filter(([group]) => (group === "") === (root === "api"));
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { name: group || undefined, creationTimestamp: null },
      versions: versions.map((name) => ({
        version: name,
        freshness: "Current",
        resources: rowsOf(types, group, name).map(aggregatedResource),
      })),
    })),
  };
}

function groupFields(types: TypeRegistry, name: string): JsonObject {
  const versions = (groupsOf(types).get(name) ?? []).map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function rowsOf(types: TypeRegistry, group: string, version: string): readonly ServedType[] {
  return [...types.all()].filter((type) => type.group === group && type.version === version);
}

function resourceFields(type: ServedType): readonly JsonObject[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = type;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    shortNames: orAbsent(shortNames),
    categories: orAbsent(categories),
  };
  const parts = subresources(type).map((part) => ({
    name: `${plural}/${part.subresource}`,
    singularName: "",
    namespaced,
    ...part.responseKind,
    group: part.responseKind.group === type.group ? undefined : part.responseKind.group,
    version: part.responseKind.group === type.group ? undefined : part.responseKind.version,
    verbs: part.verbs,
  }));
  return [main, ...parts];
}

function aggregatedResource(type: ServedType): JsonObject {
  const { group, version, kind, plural, singular, namespaced, verbs, shortNames, categories } =
    type;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    shortNames: orAbsent(shortNames),
    categories: orAbsent(categories),
    subresources: orAbsent(subresources(type)),
  };
}

interface Part {
  readonly subresource: string;
  readonly responseKind: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  };
  readonly verbs: readonly string[];
}

function subresources(type: ServedType): Part[] {
  const { group, version, kind, plural, status, scale, parts = {} } = type;
  const own = (subresource: string, responseKind: Part["responseKind"]) => ({
    ...{ subresource, responseKind },
    verbs: SUBRESOURCE_VERBS,
  });
  const actions = ACTIONS.filter(([resource]) => resource === plural && group === "");
  return [
    ...(status ? [own("status", { group, version, kind })] : []),
    ...Object.keys(parts).map((name) => own(name, { group, version, kind })),
    ...(scale === undefined
      ? []
      : [own("scale", { group: "autoscaling", version: "v1", kind: "Scale" })]),
    ...actions.map(([, subresource, of, named]) => ({
      subresource,
      responseKind: { group: of, version: "v1", kind: named },
      verbs: ["create"],
    })),
  ];
}

function orAbsent<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
