/**
 * Makes the tables in pkg/apiserver/protobuf-messages.
 *
 *     node tools/protobuf-messages.ts NEWEST [OLDER...]
 *
 * Each argument is a folder with checkouts of k8s.io/api, apimachinery, apiextensions-apiserver and
 * kube-aggregator of one release, under these names. Numbers never change their meaning, so the tables
 * are good for all releases at once.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const TARGET = new URL("../pkg/apiserver/protobuf-messages/", import.meta.url).pathname;

const META = "meta.k8s.io/v1";

/** Where the definitions of each apiVersion are. */
const SOURCES: Readonly<Record<string, string>> = {
  [META]: "apimachinery/pkg/apis/meta/v1",
  v1: "api/core/v1",
  "admissionregistration.k8s.io/v1": "api/admissionregistration/v1",
  "apiextensions.k8s.io/v1": "apiextensions-apiserver/pkg/apis/apiextensions/v1",
  "apiextensions.k8s.io/v1beta1": "apiextensions-apiserver/pkg/apis/apiextensions/v1beta1",
  "apiregistration.k8s.io/v1": "kube-aggregator/pkg/apis/apiregistration/v1",
  "apps/v1": "api/apps/v1",
  "authentication.k8s.io/v1": "api/authentication/v1",
  "authorization.k8s.io/v1": "api/authorization/v1",
  "authorization.k8s.io/v1beta1": "api/authorization/v1beta1",
  "autoscaling/v1": "api/autoscaling/v1",
  "batch/v1": "api/batch/v1",
  "batch/v1beta1": "api/batch/v1beta1",
  "certificates.k8s.io/v1": "api/certificates/v1",
  "coordination.k8s.io/v1": "api/coordination/v1",
  "discovery.k8s.io/v1": "api/discovery/v1",
  "discovery.k8s.io/v1beta1": "api/discovery/v1beta1",
  "events.k8s.io/v1": "api/events/v1",
  "extensions/v1beta1": "api/extensions/v1beta1",
  "networking.k8s.io/v1": "api/networking/v1",
  "networking.k8s.io/v1beta1": "api/networking/v1beta1",
  "node.k8s.io/v1": "api/node/v1",
  "policy/v1": "api/policy/v1",
  "policy/v1beta1": "api/policy/v1beta1",
  "rbac.authorization.k8s.io/v1": "api/rbac/v1",
  "scheduling.k8s.io/v1": "api/scheduling/v1",
  "storage.k8s.io/v1": "api/storage/v1",
};

/** The kinds of old versions that are of interest; of the others all are. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  "extensions/v1beta1": ["Ingress"],
  "networking.k8s.io/v1beta1": ["Ingress"],
};

/** How the types that JSON writes in a way of their own are called in the tables. */
const SPECIAL: Readonly<Record<string, string>> = {
  string: "",
  int32: "int",
  int64: "int",
  uint32: "int",
  uint64: "int",
  "k8s.io.apimachinery.pkg.api.resource.Quantity": "quantity",
  "k8s.io.apimachinery.pkg.util.intstr.IntOrString": "intOrString",
  "k8s.io.apimachinery.pkg.runtime.RawExtension": "json",
  "k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1": "json",
  "k8s.io.apimachinery.pkg.apis.meta.v1.Time": "time",
  "k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime": "microTime",
  Time: "time",
  MicroTime: "microTime",
  FieldsV1: "json",
  JSON: "json",
  ExtraValue: "texts",
  JSONSchemaPropsOrArray: "schemaOrSchemas",
  JSONSchemaPropsOrBool: "schemaOrBool",
  JSONSchemaPropsOrStringArray: "schemaOrTexts",
};

interface Field {
  readonly number: number;
  readonly name: string;
  readonly type: string;
}
type Messages = Map<string, Map<number, Field>>;

const folders = process.argv.slice(2);
const tables = new Map<string, Messages>(Object.keys(SOURCES).map((table) => [table, new Map()]));
for (const [table, messages] of tables) readTable(table, messages);
mkdirSync(TARGET, { recursive: true });
const reached = reachable();
for (const group of new Set([...tables.keys()].map(shortGroup))) {
  const members = [...tables.keys()].filter((table) => shortGroup(table) === group);
  writeFileSync(join(TARGET, `${group}.ts`), members.map((table) => text(table)).join("\n"));
}

/** For example "core", "meta" or "rbac". */
function shortGroup(table: string): string {
  return table.includes("/") ? (table.split(/[./]/)[0] ?? "") : "core";
}

function text(table: string): string {
  const lines = [...(tables.get(table) ?? [])]
    .filter(([name]) => reached.has(`${table}:${name}`))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, fields]) => {
      const rows = [...fields.values()]
        .filter(({ type }) => !type.includes(":") || tables.has(type.split(":")[0] ?? ""))
        .sort((a, b) => a.number - b.number);
      return `${name}: ${rows.map((row) => [row.number, row.name, row.type].join(" ").trim()).join(", ")}`.trimEnd();
    });
  const about = `/** Messages of ${table}, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */`;
  const version = (table.split("/").at(-1) ?? "").toUpperCase();
  return `${about}\nexport const ${version} = \`\n${lines.join("\n")}\n\`;\n`;
}

/** What a client can send: everything with metadata, the options, and what they are made of. */
function reachable(): Set<string> {
  const found = new Set<string>();
  const visit = (table: string, name: string) => {
    const [home = table, local = name] = name.includes(":") ? name.split(":") : [table, name];
    const where = tables.get(home)?.has(local) ? home : META;
    const fields = tables.get(where)?.get(local);
    if (fields === undefined || found.has(`${where}:${local}`)) return;
    found.add(`${where}:${local}`);
    for (const { type } of fields.values()) visit(where, type.replace(/[[\]{}!]/g, ""));
  };
  for (const [table, messages] of tables)
    for (const [name, fields] of messages) {
      const isKind = [...fields.values()].some(({ type }) => type === "ObjectMeta");
      const isWanted = ONLY[table]?.includes(name) ?? true;
      if (isWanted && (isKind || name === "DeleteOptions")) visit(table, name);
    }
  return found;
}

function readTable(table: string, messages: Messages): void {
  for (const folder of folders) {
    const source = join(folder, SOURCES[table] ?? "");
    if (existsSync(join(source, "generated.proto"))) addMessages(messages, source);
  }
}

function addMessages(messages: Messages, source: string): void {
  const proto = read(join(source, "generated.proto")).replace(/^\s*\/\/.*$/gm, "");
  const tags = goTags(source);
  for (const [, name = "", body = ""] of proto.matchAll(/^message (\w+) \{([^}]*)\}/gm)) {
    const fields = messages.get(name) ?? new Map<number, Field>();
    messages.set(name, fields);
    for (const [, type = "", own = "", digits = ""] of body.matchAll(
      /^\s*((?:optional|repeated|map).*?)\s+(\w+) = (\d+)[^;]*;/gm,
    )) {
      const number = Number(digits);
      if (!fields.has(number)) fields.set(number, field(number, own, type, tags.get(name)));
    }
  }
}

function field(number: number, own: string, type: string, tags?: ReadonlyMap<number, Tag>): Field {
  const tag = tags?.get(number);
  if (tag === undefined) return { number, name: own, type: kindOf(type, true) };
  const name = tag.name === "" ? "..." : tag.name;
  return { number, name, type: kindOf(type, tag.keepsZero) };
}

/** For example "int!" (zero is a value), "Container[]", "quantity{}" or "" for a text. */
function kindOf(type: string, keepsZero: boolean): string {
  const map = /^map<string, (.*)>$/.exec(type);
  if (map !== null) return `${nameOf(map[1] ?? "") || "text"}{}`;
  const [label, name = ""] = type.split(/\s+/);
  const called = nameOf(name);
  if (label === "repeated") return `${called || "text"}[]`;
  if (!keepsZero || !["", "int", "bool", "bytes", "double"].includes(called)) return called;
  return `${called || "text"}!`;
}

function nameOf(type: string): string {
  const name = type.replace(/^\./, "");
  if (Object.hasOwn(SPECIAL, name)) return SPECIAL[name] ?? "";
  const outside = /^k8s\.io\.(?:.*\.)?(\w+)\.(\w+)\.(\w+)$/.exec(name);
  if (outside === null) return name;
  const [, group = "", version, local] = outside;
  if (group === "meta") return `${local}`;
  const home = [...tables.keys()].find(
    (table) => shortGroup(table) === group && table.endsWith(`${version}`),
  );
  return `${home ?? `${group}/${version}`}:${local}`;
}

interface Tag {
  /** "" when the fields of the message stand among those of its owner. */
  readonly name: string;
  readonly keepsZero: boolean;
}

/** What types.go says of each field, by message and number. */
function goTags(source: string): ReadonlyMap<string, ReadonlyMap<number, Tag>> {
  const structs = new Map<string, Map<number, Tag>>();
  for (const file of ["types.go", "types_jsonschema.go"]) {
    if (!existsSync(join(source, file))) continue;
    for (const [, name = "", body = ""] of read(join(source, file)).matchAll(
      /^type (\w+) struct \{\n([\s\S]*?)^\}/gm,
    ))
      structs.set(name, tagsOf(body));
  }
  return structs;
}

function tagsOf(body: string): Map<number, Tag> {
  const tags = new Map<number, Tag>();
  for (const [, declared = "", json = "", number = ""] of body.matchAll(
    /^\s*([^/`\n]*?)\s*`json:"([^"]*)"[^`]* protobuf:"\w+,(\d+)[^`]*`/gm,
  )) {
    const [name = "", ...options] = json.split(",");
    const isPointer = / \*/.test(` ${declared}`);
    const omits = options.some((option) => option.startsWith("omit"));
    tags.set(Number(number), { name, keepsZero: isPointer || !omits });
  }
  return tags;
}

function read(file: string): string {
  return readFileSync(file, "utf8");
}
