import { hash } from "node:crypto";
import { OTE_GROUP } from "../apis/cluster.ts";
import { type Column, definition } from "../apis/crds.ts";
import type { KubeObject, ObjectMeta, ResourceType } from "../apis/object.ts";
import type { Version } from "../replication/message.ts";
import { REPORTED_TYPES } from "./reported-types.ts";

/** The API group of what clusters have reported: kinds of their own, so that nothing acts on them. */
export const REPORT_GROUP = `report.${OTE_GROUP}`;
/** Label of everything that a cluster has reported: its name. */
export const CLUSTER_LABEL = `${OTE_GROUP}/cluster`;
/** Label: the names from the root to the cluster, joined by "_", the last 63 characters of it. */
export const PATH_LABEL = `${OTE_GROUP}/path`;
/** Label: the namespace of the object in its cluster. */
export const NAMESPACE_LABEL = `${OTE_GROUP}/namespace`;
/** Annotations: key and version with which an object was reported, its uid and its age. */
const KEY = `${OTE_GROUP}/key`;
const VERSION = `${OTE_GROUP}/version`;
const UID = `${OTE_GROUP}/uid`;
const CREATED = `${OTE_GROUP}/created`;
/** Annotation: characters of it, as JSON. */
const SIZE = `${OTE_GROUP}/size`;

const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

/** Where the mirrored objects of a kind are found. */
export function mirrorType(plural: string): ResourceType | undefined {
  const type = Object.hasOwn(REPORTED_TYPES, plural) ? REPORTED_TYPES[plural]?.type : undefined;
  return type && { ...type, group: REPORT_GROUP, version: "v1", namespaced: true };
}

/** The definitions of all kinds of mirrored objects. */
export const REPORT_CRDS: readonly KubeObject[] = Object.entries(REPORTED_TYPES).map(
  ([plural, { type, columns }]) =>
    definition({
      type: { ...type, group: REPORT_GROUP, namespaced: true },
      singular: type.kind.toLowerCase(),
      shortNames: [],
      categories: ["ote-reports"],
      statusSubresource: false,
      columns: [
        text("Cluster", `.metadata.labels.ote\\.baidu\\.com/cluster`),
        ...columns.map(([name, kind, jsonPath]) => ({ name, type: kind, jsonPath })),
        { name: "Age", type: "date", jsonPath: `.metadata.annotations.ote\\.baidu\\.com/created` },
      ],
      schema: {
        type: "object",
        description: `One of the ${plural} of a cluster, as the cluster has reported it; changes here have no effect.`,
        "x-kubernetes-preserve-unknown-fields": true,
      },
    }),
);

function text(name: string, jsonPath: string): Column {
  return { name, type: "string", jsonPath };
}

/** The namespace in which everything is that a cluster has reported. */
export function mirrorNamespace(cluster: string): string {
  const plain = `ote-${cluster}`;
  if (!cluster.includes(".") && plain.length <= LONGEST_LABEL) return plain;
  // A name with dots, or a long one, cannot be a namespace as it is.
  const readable = cluster.replaceAll(".", "-").slice(0, 46).replace(/-+$/, "");
  return `ote-${readable}-${hash("sha256", cluster, "hex").slice(0, 12)}`;
}

/** The name under which an object is mirrored: "namespace.name", which no other object of the cluster gets. */
export function mirrorName(key: string): string {
  const plain = key.replace("/", ".");
  // Names of RBAC objects may hold characters that names of other objects may not.
  if (plain.length <= LONGEST_NAME && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(plain)) return plain;
  const readable = plain
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 200);
  return `${readable.replace(/^-+|-+$/g, "") || "x"}-${hash("sha256", key, "hex").slice(0, 16)}`;
}

/** The label value that stands for a path. */
export function pathLabel(path: readonly string[]): string {
  return path
    .join("_")
    .slice(-LONGEST_LABEL)
    .replace(/^[^a-zA-Z0-9]+/, "");
}

/** Whose mirror it is. */
export interface MirrorOwner {
  readonly cluster: string;
  /** Names from the root to the cluster. */
  readonly path: readonly string[];
}

/** A reported object as it is written at the centre. Fields that a cluster may not decide are not taken over. */
export function mirrored(
  type: ResourceType,
  { cluster, path }: MirrorOwner,
  key: string,
  version: Version,
  reported: Readonly<Record<string, unknown>>,
): KubeObject {
  const { metadata, apiVersion: _, kind: __, ...content } = reported;
  const theirs = (metadata ?? {}) as Partial<ObjectMeta>;
  const annotations: Record<string, string> = {
    [KEY]: key,
    [VERSION]: version,
    [SIZE]: String(sizeIn(reported)),
  };
  if (typeof theirs.uid === "string") annotations[UID] = theirs.uid;
  if (typeof theirs.creationTimestamp === "string") annotations[CREATED] = theirs.creationTimestamp;
  return {
    ...content,
    apiVersion: `${REPORT_GROUP}/v1`,
    kind: type.kind,
    metadata: {
      name: mirrorName(key),
      namespace: mirrorNamespace(cluster),
      labels: {
        ...labelsOf(theirs.labels),
        [CLUSTER_LABEL]: cluster,
        [PATH_LABEL]: pathLabel(path),
        ...(key.includes("/") ? { [NAMESPACE_LABEL]: key.split("/")[0] ?? "" } : {}),
      },
      annotations,
    },
  };
}

/** What is known of a mirrored object. */
export interface MirroredAs {
  readonly key: string;
  /** None that any object has when it is said to be somewhere else in the tree. */
  readonly version: Version;
  readonly size: number;
}

/** What a mirrored object says of itself; undefined if it is none. */
export function reportedAs(
  object: Pick<KubeObject, "metadata">,
  { path }: MirrorOwner,
): MirroredAs | undefined {
  const { annotations, labels } = object.metadata;
  const key = annotations?.[KEY];
  const version = annotations?.[VERSION];
  if (key === undefined || version === undefined) return undefined;
  const isHere = labels?.[PATH_LABEL] === pathLabel(path);
  return { key, version: isHere ? version : "0".repeat(16), size: sizeOf(object) };
}

/** Characters of what was reported, as JSON. */
export function sizeOf({ metadata }: Pick<KubeObject, "metadata">): number {
  const size = Number(metadata.annotations?.[SIZE]);
  return Number.isSafeInteger(size) && size > 0 ? size : 0;
}

/** More than any limit where it cannot be written as JSON, because it is nested too deeply. */
function sizeIn(reported: object): number {
  try {
    return JSON.stringify(reported).length;
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
}

function labelsOf(labels: unknown): Record<string, string> {
  if (typeof labels !== "object" || labels === null) return {};
  return Object.fromEntries(
    Object.entries(labels).filter(
      (pair): pair is [string, string] =>
        typeof pair[1] === "string" && !pair[0].startsWith(`${OTE_GROUP}/`),
    ),
  );
}
