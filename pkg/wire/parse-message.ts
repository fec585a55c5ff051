import { OteError } from "../base/errors.ts";
import { formatAddress, parseAddress } from "./address.ts";
import type { Message, Neighbour, Route } from "./message.ts";
import { type ClusterName, clusterName, MAX_TAGS, type Tags, tagsOf } from "./names.ts";

/** A peer said something that the protocol does not allow; its connection ends, nothing else. */
export class ProtocolError extends OteError {
  readonly code: string;
  constructor(what: string, code = "PROTOCOL_ERROR", options?: ErrorOptions) {
    super(`Cannot read what the peer sent: ${what}`, options);
    this.code = code;
  }
}

/** A decoded protobuf message, every field still unchecked. */
export type Raw = Readonly<Record<string, unknown>>;

/** Longest of the short texts: versions, instances, addresses, codes, reasons, task ids. */
const MAX_TEXT = 256;
/** Most hops from the top of a tree to its last leaf. */
export const MAX_DEPTH = 64;
/** Highest rank of a cluster; a root that reaches it stays there. */
export const MAX_RANK = 2 ** 52;
/** Most entries in any list of one message; longer snapshots are sent in several messages. */
export const MAX_LIST = 10_000;

/** The last millisecond that a Date can be. */
const LAST_MOMENT = 8_640_000_000_000_000;
/** Longest time between signs of life in milliseconds; a timer of the runtime takes little more. */
export const LONGEST_HEARTBEAT_MS = 3_600_000;

/** Most bytes of a certificate or a request for one. */
const MAX_CERTIFICATE = 8192;
/** Most characters of a certificate and those that vouch for its issuer. */
const MAX_CHAIN = 32_768;
/** Most bytes of a signature of any kind that we use. */
const MAX_SIGNATURE = 128;
/** Most bytes of the proof that a task is meant for a cluster. */
const MAX_PROOF = 2048;
/** Most bytes of a trust document. */
export const MAX_TRUST_DOCUMENT = 512 * 1024;

/** Most bytes of a request or an answer without its body. */
export const MAX_STREAM_HEAD = 128 * 1024;
/** Most bytes of a stream in one message. */
export const MAX_STREAM_DATA = 64 * 1024;

type Parsers = { readonly [K in Message["kind"]]: (raw: Raw) => Extract<Message, { kind: K }> };

/** One row for each kind: from unchecked fields to a message, or a ProtocolError or SyntaxError. */
export const PARSERS: Parsers = {
  hello: (raw) => ({
    kind: "hello",
    name: name(raw.name),
    instance: text(raw.instance, "instance"),
    session: number(raw.session, "session"),
    tags: tags(raw.tags),
    listen: listen(raw.listen),
    version: text(raw.version, "version"),
    capabilities: list(raw.capabilities, 64, (item) => text(item, "capability")),
    heartbeatMs: number(raw.heartbeatMs, "heartbeatMs", LONGEST_HEARTBEAT_MS),
    preferredParent: text(raw.preferredParent, "preferredParent"),
    rank: rank(raw),
    anchored: raw.anchored === true,
    certificate: shortBytes(raw.certificate, "certificate", MAX_CERTIFICATE),
    proof: shortBytes(raw.proof, "proof", MAX_SIGNATURE),
    trustVersion: number(raw.trustVersion, "trustVersion") || undefined,
  }),
  welcome: (raw) => ({
    kind: "welcome",
    name: name(raw.name),
    version: text(raw.version, "version"),
    capabilities: list(raw.capabilities, 64, (item) => text(item, "capability")),
    heartbeatMs: number(raw.heartbeatMs, "heartbeatMs", LONGEST_HEARTBEAT_MS),
    path: list(raw.path, MAX_DEPTH, name),
    listen: listen(raw.listen),
    rank: rank(raw),
    anchored: raw.anchored === true,
  }),
  redirect: (raw) => ({ kind: "redirect", leader: listen(raw.leader) }),
  path: (raw) => ({
    kind: "path",
    path: list(raw.path, MAX_DEPTH, name),
    rank: rank(raw),
    anchored: raw.anchored === true,
  }),
  raise: (raw) => ({ kind: "raise", rank: rank(raw) }),
  routes: (raw) => ({
    kind: "routes",
    reset: raw.reset === true,
    changed: list(raw.changed, MAX_LIST, route),
    removed: list(raw.removed, MAX_LIST, name),
    digest: text(raw.digest, "digest"),
  }),
  resync: () => ({ kind: "resync" }),
  conflict: (raw) => ({
    kind: "conflict",
    name: name(raw.name),
    instance: text(raw.instance, "instance"),
    code: text(raw.code, "code"),
    text: text(raw.text, "text"),
  }),
  neighbours: (raw) => ({
    kind: "neighbours",
    grandparent: list(raw.grandparent, 64, neighbour),
    aunts: list(raw.aunts, 64, neighbour),
    siblings: list(raw.siblings, 64, neighbour),
  }),
  task: (raw) => ({
    kind: "task",
    id: identifier(raw.id),
    origin: name(raw.origin),
    targets: list(raw.targets, MAX_LIST, name),
    ttlMs: number(raw.ttlMs, "ttlMs"),
    body: bytes(raw.body),
    hops: number(raw.hops, "hops", MAX_DEPTH),
    startedAt: number(raw.startedAt, "startedAt"),
    notAfter: number(raw.notAfter, "notAfter", LAST_MOMENT) || undefined,
    certificate: shortBytes(raw.certificate, "certificate", MAX_CERTIFICATE),
    signature: shortBytes(raw.signature, "signature", MAX_SIGNATURE),
    proofs: proofs(raw.proofs),
  }),
  result: (raw) => ({
    kind: "result",
    id: identifier(raw.id),
    origin: name(raw.origin),
    cluster: name(raw.cluster),
    verdict: verdict(raw.verdict),
    code: number(raw.code, "code", 999),
    reason: text(raw.reason, "reason"),
    truncated: raw.truncated === true,
    timestamp: number(raw.timestamp, "timestamp", LAST_MOMENT),
    body: bytes(raw.body),
    signature: shortBytes(raw.signature, "signature", MAX_SIGNATURE),
  }),
  trust: (raw) => ({ kind: "trust", ...signedTrust(raw) }),
  enrol: (raw) => ({
    kind: "enrol",
    id: identifier(raw.id),
    door: name(raw.door),
    name: name(raw.name),
    request: bytesUpTo(raw.request, "request", MAX_CERTIFICATE),
    token: text(raw.token, "token"),
    proof: bytesUpTo(raw.proof, "proof", MAX_SIGNATURE),
  }),
  enrolled: (raw) => ({
    kind: "enrolled",
    id: identifier(raw.id),
    door: name(raw.door),
    chain: text(raw.chain, "chain", MAX_CHAIN),
    ...signedTrust(raw),
    time: number(raw.time, "time", LAST_MOMENT),
    signature: bytesUpTo(raw.signature, "signature", MAX_SIGNATURE),
    code: text(raw.code, "code"),
    text: text(raw.text, "text"),
  }),
  open: (raw) => ({
    kind: "open",
    stream: number(raw.stream, "stream"),
    target: name(raw.target),
    entry: name(raw.entry),
    hops: number(raw.hops, "hops", MAX_DEPTH),
    head: bytesUpTo(raw.head, "head", MAX_STREAM_HEAD),
    certificate: shortBytes(raw.certificate, "certificate", MAX_CERTIFICATE),
    signature: shortBytes(raw.signature, "signature", MAX_SIGNATURE),
  }),
  opened: (raw) => ({
    kind: "opened",
    stream: number(raw.stream, "stream"),
    head: bytesUpTo(raw.head, "head", MAX_STREAM_HEAD),
  }),
  data: (raw) => ({
    kind: "data",
    stream: number(raw.stream, "stream"),
    bytes: bytesUpTo(raw.bytes, "bytes", MAX_STREAM_DATA),
  }),
  credit: (raw) => ({
    kind: "credit",
    stream: number(raw.stream, "stream"),
    bytes: number(raw.bytes, "bytes"),
  }),
  close: (raw) => ({
    kind: "close",
    stream: number(raw.stream, "stream"),
    code: text(raw.code, "code"),
    text: text(raw.text, "text"),
  }),
};

function signedTrust(raw: Raw): { document: Uint8Array; signatures: readonly Uint8Array[] } {
  return {
    document: bytesUpTo(raw.document, "document", MAX_TRUST_DOCUMENT),
    signatures: list(raw.signatures, 8, (item) => bytesUpTo(item, "signature", MAX_SIGNATURE)),
  };
}

function route(item: unknown): Route {
  const raw = item as Raw;
  return {
    name: name(raw.name),
    parent: name(raw.parent),
    instance: text(raw.instance, "instance"),
    session: number(raw.session, "session"),
    tags: tags(raw.tags),
    listen: listen(raw.listen),
    version: text(raw.version, "version"),
    preferredParent: text(raw.preferredParent, "preferredParent"),
    certificate: shortBytes(raw.certificate, "certificate", MAX_CERTIFICATE),
    proof: shortBytes(raw.proof, "proof", MAX_SIGNATURE),
  };
}

function neighbour(item: unknown): Neighbour {
  const raw = item as Raw;
  return { name: name(raw.name), listen: listen(raw.listen) };
}

function rank(raw: Raw): number {
  return number(raw.rank, "rank", MAX_RANK);
}

function name(value: unknown): ClusterName {
  return clusterName(typeof value === "string" ? value : "");
}

function tags(value: unknown): Tags {
  return tagsOf(
    list(value, MAX_TAGS, (item) => {
      const { key, value: text } = item as { key: string; value: string };
      return [key, text];
    }),
  );
}

function identifier(value: unknown): string {
  const id = text(value, "id");
  if (!/^[A-Za-z0-9._/-]+$/.test(id))
    throw new ProtocolError("a task id has other characters than A-Z a-z 0-9 . _ / -");
  return id;
}

const ANSWERS = ["done", "failed", "refused", "expired"] as const;

function verdict(value: unknown): (typeof ANSWERS)[number] {
  const known = ANSWERS.find((answer) => answer === value);
  if (known === undefined) throw new ProtocolError("the verdict of a result is none of ours");
  return known;
}

function text(value: unknown, field: string, most: number = MAX_TEXT): string {
  if (typeof value !== "string" || value.length > most) {
    throw new ProtocolError(`field "${field}" is longer than ${most} characters`);
  }
  return value;
}

function listen(value: unknown): string {
  const address = text(value, "listen");
  return address === "" ? "" : formatAddress(parseAddress(address));
}

function number(value: unknown, field: string, most: number = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most) {
    throw new ProtocolError(`field "${field}" is not a whole number from 0 to ${most}`);
  }
  return value;
}

function list<T>(value: unknown, limit: number, parse: (item: unknown) => T): T[] {
  const items = value as readonly unknown[];
  if (items.length > limit)
    throw new ProtocolError(`a list has ${items.length} entries, at most ${limit} are allowed`);
  return items.map(parse);
}

/** Absent bytes are empty ones, which protobufjs gives as a list. */
function bytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function bytesUpTo(value: unknown, field: string, most: number): Uint8Array {
  const found = bytes(value);
  if (found.length > most) throw new ProtocolError(`field "${field}" is longer than ${most} bytes`);
  return found;
}

function proofs(value: unknown): readonly Uint8Array[] | undefined {
  const found = list(value, MAX_LIST, (item) => bytesUpTo(item, "proof", MAX_PROOF));
  return found.length === 0 ? undefined : found;
}

/** Bytes that may be absent, which is how none travel. */
function shortBytes(value: unknown, field: string, most: number): Uint8Array | undefined {
  const found = bytesUpTo(value, field, most);
  return found.length === 0 ? undefined : found;
}
