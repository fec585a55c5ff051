import { OteError } from "../base/errors.ts";

/** A version of an object: 16 hexadecimal digits that differ when its content does. */
export type Version = string;

/** What the end that has the truth says. */
export type SourceMessage =
  /** These collections exist here; what the other end has of any other one is to go. */
  | { readonly kind: "collections"; readonly names: readonly string[] }
  /** Digests of the buckets of a collection that are not empty. */
  | {
      readonly kind: "digest";
      readonly collection: string;
      readonly buckets: readonly (readonly [bucket: number, digest: string])[];
    }
  /** Everything that is in one bucket. */
  | {
      readonly kind: "listing";
      readonly collection: string;
      readonly bucket: number;
      readonly entries: readonly (readonly [key: string, version: Version])[];
    }
  /** An object as it is now. */
  | {
      readonly kind: "put";
      readonly collection: string;
      readonly key: string;
      readonly version: Version;
      readonly object: unknown;
    }
  /** An object does not exist any more. */
  | { readonly kind: "gone"; readonly collection: string; readonly key: string };

/** What the end that follows says. */
export type SinkMessage =
  /** These buckets of a collection are others here. */
  | {
      readonly kind: "differs";
      readonly collection: string;
      readonly buckets: readonly number[];
    }
  /** These objects are missing or others here. */
  | { readonly kind: "want"; readonly collection: string; readonly keys: readonly string[] }
  /** What has become of an object here: `state` and `text` mean what both ends have agreed on. */
  | {
      readonly kind: "notice";
      readonly collection: string;
      readonly key: string;
      readonly version: Version;
      readonly state: string;
      readonly text: string;
    };

/** What the following end tells of an object. */
export type Notice = Extract<SinkMessage, { kind: "notice" }>;

/** How many parts a collection is compared in. */
export const BUCKETS = 64;
/** Longest key of an object, in characters. */
export const MAX_KEY = 512;
/** Most collections between two ends. */
export const MAX_COLLECTIONS = 1024;

/** The other end says something that the protocol does not know. */
export class BadReplicationError extends OteError {
  readonly code = "BAD_REPLICATION";
  constructor(what: string) {
    super(`Cannot follow the other end: ${what}`);
  }
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const text = (longest: number): Check => {
  return (value) => typeof value === "string" && value !== "" && value.length <= longest;
};
/** A plural and its group, which is a DNS name. */
const name = text(320);
const key = text(MAX_KEY);
const version: Check = (value) => typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
const bucket: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < BUCKETS;
const list = (item: Check, most: number): Check => {
  return (value) => Array.isArray(value) && value.length <= most && value.every(item);
};
const pair = (one: Check, other: Check): Check => {
  return (value) => Array.isArray(value) && value.length === 2 && one(value[0]) && other(value[1]);
};
const isText: Check = (value) => typeof value === "string" && value.length <= 4096;
const anything: Check = (value) => value !== undefined;
/** Lists of objects are bounded by the length of a line. */
const MANY = 1_000_000;

type Shapes<M extends { readonly kind: string }> = {
  readonly [K in M["kind"]]: Readonly<
    Record<Exclude<keyof Extract<M, { kind: K }>, "kind">, Check>
  >;
};

const SOURCE_SHAPES: Shapes<SourceMessage> = {
  collections: { names: list(name, MAX_COLLECTIONS) },
  digest: { collection: name, buckets: list(pair(bucket, version), BUCKETS) },
  listing: { collection: name, bucket, entries: list(pair(key, version), MANY) },
  put: { collection: name, key, version, object: anything },
  gone: { collection: name, key },
};

const SINK_SHAPES: Shapes<SinkMessage> = {
  differs: { collection: name, buckets: list(bucket, BUCKETS) },
  want: { collection: name, keys: list(key, MANY) },
  notice: { collection: name, key, version, state: text(32), text: isText },
};

/** `value` as a message of a source. Throws a BadReplicationError. */
export function sourceMessage(value: unknown): SourceMessage {
  return checked(value, SOURCE_SHAPES) as SourceMessage;
}

/** `value` as a message of a sink. Throws a BadReplicationError. */
export function sinkMessage(value: unknown): SinkMessage {
  return checked(value, SINK_SHAPES) as SinkMessage;
}

function checked(value: unknown, shapes: Readonly<Record<string, Fields>>): unknown {
  const fields = (typeof value === "object" && value !== null ? value : {}) as Fields;
  const kind = String(fields.kind);
  const shape = Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
  if (shape === undefined) throw new BadReplicationError(`"${kind.slice(0, 40)}" is no message`);
  for (const [field, check] of Object.entries(shape) as [string, Check][]) {
    if (!check(fields[field])) throw new BadReplicationError(`"${field}" of "${kind}" is wrong`);
  }
  return value;
}
