/** The type of a value as it is known before there is one. */
export type CelType =
  | { readonly kind: "simple"; readonly name: string }
  | { readonly kind: "dyn" }
  /** Stands for any one type in the signature of a function. */
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "list"; readonly item: CelType }
  | { readonly kind: "map"; readonly key: CelType; readonly value: CelType }
  | { readonly kind: "optional"; readonly item: CelType }
  | { readonly kind: "object"; readonly fields: ReadonlyMap<string, ObjectField> };

/** A field of an object type, under the name that expressions use. */
export interface ObjectField {
  readonly type: CelType;
  /** What it is called in the JSON. */
  readonly property: string;
}

const simple = (name: string): CelType => ({ kind: "simple", name });

export const DYN: CelType = { kind: "dyn" };
export const BOOL = simple("bool");
export const INT = simple("int");
export const DOUBLE = simple("double");
export const STRING = simple("string");
export const BYTES = simple("bytes");
export const NULL = simple("null_type");
export const TYPE = simple("type");
export const TIMESTAMP = simple("timestamp");
export const DURATION = simple("duration");

/** Types that null is a value of, as a message without content. */
const NULLABLE = new Set(["timestamp", "duration", "url", "quantity", "ip", "cidr", "format"]);

/** The type as messages name it. */
export function typeText(type: CelType): string {
  switch (type.kind) {
    case "simple":
      return LONG_NAMES[type.name] ?? type.name;
    case "dyn":
      return "dyn";
    case "variable":
      return type.name;
    case "list":
      return `list(${typeText(type.item)})`;
    case "map":
      return `map(${typeText(type.key)}, ${typeText(type.value)})`;
    case "optional":
      return `optional_type(${typeText(type.item)})`;
    case "object":
      return "object";
  }
}

/** How types are called that have another name in full. */
export const LONG_NAMES: Readonly<Record<string, string>> = {
  timestamp: "google.protobuf.Timestamp",
  duration: "google.protobuf.Duration",
  null_type: "null",
  url: "kubernetes.URL",
  quantity: "kubernetes.Quantity",
  ip: "net.IP",
  cidr: "net.CIDR",
  format: "kubernetes.NamedFormat",
};

/** Reads a type as signatures write it: "int", "list<T>", "map<string,dyn>". */
export function parseType(text: string): CelType {
  const [, outer, inner = ""] = /^(list|map|optional)<(.+)>$/.exec(text) ?? [];
  if (outer === "list") return { kind: "list", item: parseType(inner) };
  if (outer === "optional") return { kind: "optional", item: parseType(inner) };
  if (outer === "map") {
    const comma = inner.indexOf(",");
    const [key, value] = [inner.slice(0, comma), inner.slice(comma + 1)];
    return { kind: "map", key: parseType(key), value: parseType(value) };
  }
  if (/^[A-Z]$/.test(text)) return { kind: "variable", name: text };
  return text === "dyn" ? DYN : simple(text);
}

/** What the variables of a signature stand for in one call. */
export type Bindings = Map<string, CelType>;

/** Whether a value of type `given` can stand where `wanted` is asked for; learns what variables stand for. */
export function accepts(wanted: CelType, given: CelType, bindings: Bindings): boolean {
  if (wanted.kind === "variable") return acceptsVariable(wanted.name, given, bindings);
  if (wanted.kind === "dyn" || given.kind === "dyn") return true;
  if (given.kind === "simple") return isSimple(wanted, given.name);
  if (wanted.kind === "list" || wanted.kind === "optional")
    return given.kind === wanted.kind && accepts(wanted.item, given.item, bindings);
  if (wanted.kind === "map" && given.kind === "map")
    return accepts(wanted.key, given.key, bindings) && accepts(wanted.value, given.value, bindings);
  if (wanted.kind !== "object" || given.kind !== "object") return false;
  return sameFields(wanted.fields, given.fields, bindings);
}

function isSimple(wanted: CelType, name: string): boolean {
  return (
    (wanted.kind === "simple" && wanted.name === name) ||
    (name === "null_type" && isNullable(wanted))
  );
}

function acceptsVariable(name: string, given: CelType, bindings: Bindings): boolean {
  const known = bindings.get(name);
  if (known === undefined || (known.kind === "dyn" && given.kind !== "dyn")) {
    bindings.set(name, given);
    return true;
  }
  if (accepts(known, given, bindings)) return true;
  if (!accepts(given, known, bindings)) return false;
  bindings.set(name, given);
  return true;
}

function isNullable(type: CelType): boolean {
  return type.kind === "object" || (type.kind === "simple" && NULLABLE.has(type.name));
}

function sameFields(
  wanted: ReadonlyMap<string, ObjectField>,
  given: ReadonlyMap<string, ObjectField>,
  bindings: Bindings,
): boolean {
  if (wanted === given) return true;
  if (wanted.size !== given.size) return false;
  for (const [name, { type }] of wanted) {
    const other = given.get(name);
    if (other === undefined || !accepts(type, other.type, bindings)) return false;
  }
  return true;
}

/** `type` with what is known of its variables; of those not known nothing can be said. */
export function bound(type: CelType, bindings: Bindings): CelType {
  switch (type.kind) {
    case "variable":
      return bindings.get(type.name) ?? DYN;
    case "list":
    case "optional":
      return { kind: type.kind, item: bound(type.item, bindings) };
    case "map":
      return { kind: "map", key: bound(type.key, bindings), value: bound(type.value, bindings) };
    default:
      return type;
  }
}

/** The type of what is either an `a` or a `b`; undefined if there is none. */
export function joined(a: CelType, b: CelType): CelType | undefined {
  if (accepts(a, b, new Map())) return a;
  return accepts(b, a, new Map()) ? b : undefined;
}
