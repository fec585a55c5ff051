import { ProtocolError } from "../wire/parse-message.ts";

/** Where one cluster is: the body of ClusterRegist and ClusterUnregist. */
export interface Registration {
  readonly name: string;
  readonly listen: string;
  readonly parent: string;
}

/** The clusters that can be dialled, by name; the value is host:port as its owner wrote it. */
export type OldAddresses = Readonly<Record<string, string>>;

/** Most clusters that are read from one report, which holds a whole subtree. */
export const MAX_OLD_SUBTREE = 10_000;
/** Longest name or address that is looked at. */
const MAX_TEXT = 256;

/** Throws a ProtocolError. */
export function readRegistration(body: Uint8Array): Registration {
  const fields = readObject(body, "a registration");
  return {
    name: textOf(fields.Name),
    listen: textOf(fields.Listen),
    parent: textOf(fields.ParentName),
  };
}

/** Every cluster below the sender, and the sender's child that leads to it. Throws a ProtocolError. */
export function readSubtree(body: Uint8Array): ReadonlyMap<string, string> {
  const entries = Object.entries(readObject(body, "a subtree report"));
  if (entries.length > MAX_OLD_SUBTREE) {
    const text = `a subtree report has ${entries.length} clusters, at most ${MAX_OLD_SUBTREE} are read`;
    throw new ProtocolError(text, "SUBTREE_TOO_LARGE");
  }
  return new Map(entries.map(([name, port]) => [textOf(name), textOf(port)]));
}

/**
 * The body of NeighborRoute: `siblings` are all children of the sender, the receiver among them, and
 * `aunts` whom the receiver may dial should the sender be lost.
 */
export function writeNeighbours(siblings: OldAddresses, aunts: OldAddresses): Uint8Array {
  const body = { Childs: siblings, Neighbor: aunts, ParentNeighbor: null };
  return new TextEncoder().encode(JSON.stringify(body));
}

function readObject(body: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new ProtocolError(`${what} is no JSON`, "PROTOCOL_ERROR", { cause });
  }
  // An empty map of theirs is written as null where it was never made.
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw new ProtocolError(`${what} is no JSON object`);
  return value as Readonly<Record<string, unknown>>;
}

function textOf(value: unknown): string {
  return typeof value === "string" && value.length <= MAX_TEXT ? value : "";
}
