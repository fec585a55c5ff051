import { OTE_GROUP } from "../apis/cluster.ts";
import type { KubeObject, ObjectMeta, ResourceType } from "../apis/object.ts";

/** Label of objects that go down to clusters. */
export const PROPAGATE_LABEL = `${OTE_GROUP}/propagate`;
/** Annotation: to which clusters, as a selector text. */
export const SELECTOR_ANNOTATION = `${OTE_GROUP}/cluster-selector`;
/** Annotation: what becomes of the object at clusters to which it does not go any more. */
export const REMOVAL_ANNOTATION = `${OTE_GROUP}/removal`;
/** Annotation: "overwrite" takes an object of that name over that a cluster has already. */
export const CONFLICT_ANNOTATION = `${OTE_GROUP}/conflict`;
/** Annotation at the entry point: what has become of it. */
export const STATUS_ANNOTATION = `${OTE_GROUP}/propagation-status`;
/** Label at a cluster: the entry point from which an object has come. */
export const PROPAGATED_BY_LABEL = `${OTE_GROUP}/propagated-by`;
/** Annotation at a cluster: the version in which it has come. */
export const VERSION_ANNOTATION = `${OTE_GROUP}/propagated-version`;

/** Annotation at a cluster: the object was there before we took it over, and is not ours to delete. */
export const ADOPTED_ANNOTATION = `${OTE_GROUP}/adopted`;

const REMOVALS = ["delete", "keep"] as const;
/** What becomes of an object at a cluster that is not to have it any more. */
export type Removal = (typeof REMOVALS)[number];

/** A kind whose objects can go down. */
export interface PropagatedKind {
  readonly type: ResourceType;
  /** What is done at clusters that are not to have it any more, unless the object says otherwise. */
  readonly removal: Removal;
  /** Fields besides metadata and status that do not go down. */
  readonly without?: readonly string[];
  /** Whether an object that a cluster has already becomes one of ours. */
  readonly isShared?: boolean;
  /** Fields that are maps in which a cluster may not have more than was sent. */
  readonly exact?: readonly string[];
}

const type = (group: string, kind: string, plural: string, namespaced = true): ResourceType => {
  return { group, version: "v1", kind, plural, namespaced };
};

/** Definitions of custom resources: where they go, objects of theirs may go, too. */
export const DEFINITIONS: PropagatedKind = {
  type: type(
    "apiextensions.k8s.io",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    false,
  ),
  // Deleting a definition deletes everything of its kind.
  removal: "keep",
};

/** The kinds whose objects can go down, besides those of definitions that go down. */
export const PROPAGATED_KINDS: readonly PropagatedKind[] = [
  {
    type: type("", "Namespace", "namespaces", false),
    // Deleting a namespace deletes everything in it.
    removal: "keep",
    without: ["spec"],
    isShared: true,
  },
  { type: type("", "ConfigMap", "configmaps"), removal: "delete", exact: ["data", "binaryData"] },
  { type: type("", "Secret", "secrets"), removal: "delete", exact: ["data"] },
  { type: type("", "ServiceAccount", "serviceaccounts"), removal: "delete", without: ["secrets"] },
  { type: type("", "LimitRange", "limitranges"), removal: "delete" },
  { type: type("", "ResourceQuota", "resourcequotas"), removal: "delete" },
  { type: type("networking.k8s.io", "NetworkPolicy", "networkpolicies"), removal: "delete" },
  DEFINITIONS,
];

/**
 * Kinds from text such as "namespaces,configmaps"; "none" are none of them. Custom resources go down where
 * "customresourcedefinitions" do. Throws a SyntaxError.
 */
export function parsePropagated(text: string): readonly PropagatedKind[] {
  if (text.trim() === "none") return [];
  return text.split(",").map((word) => {
    const found = PROPAGATED_KINDS.find(({ type }) => type.plural === word.trim());
    if (found !== undefined) return found;
    const known = PROPAGATED_KINDS.map(({ type }) => type.plural).join(", ");
    throw new SyntaxError(`Cannot propagate "${word.trim()}": kinds are ${known}, or none`);
  });
}

/** The name of a kind's collection: "configmaps", "networkpolicies.networking.k8s.io". */
export function collectionOf({ plural, group }: ResourceType): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** An object on its way down, with what a cluster has to know to keep it. */
export interface Desired {
  readonly type: ResourceType;
  readonly object: KubeObject;
  readonly removal: Removal;
  readonly overwrite: boolean;
  readonly isShared: boolean;
  readonly exact: readonly string[];
}

/** An object as it goes down: without status, owners, and what belongs to this API only. Throws a SyntaxError. */
export function desiredOf(kind: PropagatedKind, object: KubeObject): Desired {
  const { metadata, status: _, ...content } = object as KubeObject & { status?: unknown };
  const { name, namespace, labels, annotations } = metadata;
  if ((content as { type?: unknown }).type === "kubernetes.io/service-account-token")
    throw new SyntaxError("Cannot propagate a service account's token: it means nothing elsewhere");
  const kept = Object.fromEntries(
    Object.entries(content).filter(([field]) => kind.without?.includes(field) !== true),
  );
  return {
    type: kind.type,
    object: {
      ...(kept as Pick<KubeObject, "apiVersion" | "kind">),
      metadata: { name, namespace, labels: ours(labels), annotations: ours(annotations) },
    },
    removal: removalOf(annotations) ?? kind.removal,
    overwrite: annotations?.[CONFLICT_ANNOTATION] === "overwrite",
    isShared: kind.isShared === true,
    exact: kind.exact ?? [],
  };
}

/** What came over the wire as a desired object; undefined if it is none. */
export function readDesired(value: unknown): Desired | undefined {
  const { type, object, removal, overwrite, isShared, exact } = fields(value) as Partial<Desired>;
  const { group, version, kind, plural, namespaced } = fields(type) as Partial<ResourceType>;
  const { metadata } = fields(object) as Partial<KubeObject>;
  const { name, namespace } = fields(metadata) as Partial<ObjectMeta>;
  // They become parts of a path.
  const isType = [version, kind, plural].every(
    (text) => typeof text === "string" && /^[A-Za-z0-9][A-Za-z0-9-]*$/.test(text),
  );
  const isWhole =
    isType &&
    typeof group === "string" &&
    /^([a-z0-9][a-z0-9.-]*)?$/.test(group) &&
    typeof name === "string" &&
    name !== "" &&
    typeof namespaced === "boolean" &&
    (namespaced ? typeof namespace === "string" : namespace === undefined) &&
    REMOVALS.some((word) => word === removal) &&
    typeof overwrite === "boolean" &&
    typeof isShared === "boolean" &&
    Array.isArray(exact) &&
    exact.every((field) => typeof field === "string");
  return isWhole ? (value as Desired) : undefined;
}

function removalOf(annotations: ObjectMeta["annotations"]): Removal | undefined {
  const text = annotations?.[REMOVAL_ANNOTATION];
  const found = REMOVALS.find((word) => word === text);
  if (text !== undefined && found === undefined)
    throw new SyntaxError(
      `Cannot read annotation ${REMOVAL_ANNOTATION} "${text}": it must be one of ${REMOVALS.join(", ")}`,
    );
  return found;
}

/** Without what means something only here. */
function ours(
  words: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  const kept = Object.entries(words ?? {}).filter(
    ([key]) =>
      !key.startsWith(`${OTE_GROUP}/`) &&
      key !== "kubectl.kubernetes.io/last-applied-configuration" &&
      // Every API gives its namespaces this one itself.
      key !== "kubernetes.io/metadata.name",
  );
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
