import { CelError } from "./cel-errors.ts";

/** What an expression can come to. An int is a bigint, a double a number. */
export type Value =
  | bigint
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | CelList
  | CelMap
  | Optional
  | TypeName
  | Opaque;

const MIN_INT = -(1n << 63n);
const MAX_INT = (1n << 63n) - 1n;
const MAX_UINT = (1n << 64n) - 1n;
const MIN_TIME = -62_135_596_800_000_000_000n;
const MAX_TIME = 253_402_300_799_999_999_999n;

/** An unsigned integer. */
export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    if (value < 0n || value > MAX_UINT) throw new CelError("unsigned integer overflow");
    this.value = value;
  }
}

/** `value` if it is an int of 64 bits. */
export function int(value: bigint): bigint {
  if (value < MIN_INT || value > MAX_INT) throw new CelError("integer overflow");
  return value;
}

/** A moment, in nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    if (nanos < MIN_TIME || nanos > MAX_TIME) throw new CelError("timestamp overflow");
    this.nanos = nanos;
  }
}

/** A length of time in nanoseconds. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    if (nanos < MIN_INT || nanos > MAX_INT) throw new CelError("duration overflow");
    this.nanos = nanos;
  }
}

/** How the items of a list make it equal to another, and what adding to it means. */
export interface ListRule {
  readonly type: "set" | "map";
  /** The fields that tell the items of a map apart. */
  readonly keys: readonly string[];
}

/** A list; `rule` is there if its schema says that the order does not matter. */
export class CelList {
  readonly items: readonly Value[];
  readonly rule: ListRule | undefined;

  constructor(items: readonly Value[], rule?: ListRule) {
    this.items = items;
    this.rule = rule;
  }
}

/** A map, or an object: names and values. */
export interface CelMap {
  readonly isMap: true;
  readonly size: number;
  get(key: Value): Value | undefined;
  keys(): readonly Value[];
}

/** A map that an expression has made. */
export class EntryMap implements CelMap {
  readonly isMap = true;
  readonly #entries = new Map<unknown, readonly [Value, Value]>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(identity(key))?.[1];
  }

  keys(): readonly Value[] {
    return [...this.#entries.values()].map(([key]) => key);
  }

  /** Adds an entry. Throws if the key is there already. */
  add(key: Value, value: Value): void {
    const id = identity(key);
    if (this.#entries.has(id)) throw new CelError(`Failed with repeated key: ${String(id)}`);
    this.#entries.set(id, [key, value]);
  }
}

/** Keys that are equal have the same identity: 1 is 1u. */
function identity(key: Value): unknown {
  if (key instanceof Uint) return key.value;
  if (typeof key === "number" && Number.isInteger(key)) return BigInt(key);
  if (typeof key === "bigint" || typeof key === "string" || typeof key === "boolean") return key;
  throw new CelError("unsupported key type");
}

/** A value that may be absent. */
export class Optional {
  static readonly none = new Optional(undefined);
  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** The name of a type as a value, which `type(x)` returns. */
export class TypeName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A value of one of the libraries: a URL, a quantity. Those of the same `text` are equal. */
export interface Opaque {
  readonly opaque: string;
  readonly text: string;
}

/** Whether `value` is a map or an object. */
export function isMap(value: Value | undefined): value is CelMap {
  return typeof value === "object" && value !== null && "isMap" in value;
}

/** Whether `value` belongs to a library. */
export function isOpaque(value: Value): value is Opaque {
  return typeof value === "object" && value !== null && "opaque" in value;
}

const NAMES: Readonly<Record<string, string>> = {
  bigint: "int",
  number: "double",
  string: "string",
  boolean: "bool",
};
const CLASSES = [
  [Uint, "uint"],
  [Timestamp, "timestamp"],
  [Duration, "duration"],
  [CelList, "list"],
  [Optional, "optional"],
  [TypeName, "type"],
  [Uint8Array, "bytes"],
] as const;

/** The short name of the type of `value`. */
export function typeOf(value: Value): string {
  const plain = NAMES[typeof value];
  if (plain !== undefined) return plain;
  if (value === null) return "null_type";
  if (isMap(value)) return "map";
  if (isOpaque(value)) return value.opaque;
  return CLASSES.find(([made]) => value instanceof made)?.[1] ?? "dyn";
}

/** Whether `value` is a number of any type. */
export function isNumeric(value: Value): value is bigint | number | Uint {
  return typeof value === "bigint" || typeof value === "number" || value instanceof Uint;
}
