import { readdirSync, readFileSync } from "node:fs";
import { posix as path } from "node:path";
import { expect, it } from "vitest";

/** Lower layers first. A folder imports from the layers below it and from itself, never sideways. */
const LAYERS = [
  ["pkg/base"],
  ["pkg/wire", "pkg/apis"],
  ["pkg/topology", "pkg/replication", "pkg/tunnel", "pkg/trust", "pkg/kube", "pkg/apiserver"],
  ["pkg/shim", "pkg/reporting", "pkg/propagation", "pkg/otev1"],
  ["pkg/clustercontroller", "pkg/demo", "pkg/otectl", "shims"],
  ["pkg/simulation"],
  ["cmd"],
];

/** The only folders that may know each outside package. */
const OWNERS: Record<string, readonly string[]> = {
  "@kubernetes/client-node": ["pkg/kube"],
  "@peculiar/x509": ["pkg/base"],
  commander: ["cmd"],
  "fast-json-patch": ["pkg/apiserver"],
  lmdb: ["pkg/base"],
  pino: ["pkg/base"],
  "prom-client": ["pkg/base"],
  protobufjs: ["pkg/wire", "pkg/apiserver", "pkg/otev1"],
  "protobufjs/minimal.js": ["pkg/wire", "pkg/apiserver"],
  re2js: ["pkg/apiserver"],
  "reflect-metadata": ["pkg/base"],
  ws: ["pkg/tunnel", "pkg/otev1"],
  yaml: ["pkg/apiserver", "pkg/demo", "pkg/otectl", "shims", "cmd", "pkg/kube"],
};

/**
 * Statements only, which begin a line: `import ... from "x"`, `export ... from "x"` (also the last line of
 * one whose names are commented), `import "x"`; and calls `import("x")` anywhere.
 */
const IMPORTS =
  /^(?:(?:import|export)\b[\w$\s{},*]*?|\}\s*)\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"|\bimport\(\s*(?:"([^"]+)")?/gm;

const files = ["cmd", "pkg", "shims"].flatMap(sourceFiles);

it("finds the source files", () => {
  expect(files.length).toBeGreaterThan(20);
});

it("sees every kind of import, and no text that only looks like one", () => {
  const source = [
    'import { a, type B } from "./static.ts";',
    'import {\n  c,\n  d,\n} from "./lines.ts";',
    'import {\n  e, // from the "words" of it\n} from "./commented.ts";',
    'import type { F } from "./type.ts";',
    'import * as g from "./all.ts";',
    'import h from "./default.ts";',
    'export * from "./again.ts";',
    'import "./side-effect.ts";',
    'const i = await import("./dynamic.ts");',
    "const j = await import(name);",
    '/** Tags from "key=value"; import "nothing" here. */',
    'export interface K {\n  /** Text from "outside". */\n  readonly l: string;\n}',
    'const m = `copied from "place"`;',
  ].join("\n");
  const found = ["static", "lines", "commented", "type", "all", "default", "again", "side-effect"];
  expect(importsIn(source)).toEqual([...found, "dynamic"].map((n) => `./${n}.ts`).concat(""));
});

it.each(files)("%s imports only what its layer allows", (file) => {
  expect(imports(file).filter((target) => !mayImport(folderOf(file), target))).toEqual([]);
});

/** The rooms of the embedded API, lower ones first, and the ways up that there are: no more may come. */
const API_ROOMS = (
  "protobuf-messages cel store schema request table kinds types patch verbs access discovery traffic " +
  "listen ."
).split(" ");
const API_WAYS_UP = [
  "access traffic",
  "kinds types",
  "kinds verbs",
  "listen .",
  "patch verbs",
  "request types",
  "request verbs",
  "schema request",
  "store request",
  "table types",
  "types access",
];

it("the rooms of pkg/apiserver are used from above, but for the ways up that are known", () => {
  const roomOf = (file: string) => path.relative("pkg/apiserver", path.dirname(file)) || ".";
  const rank = (room: string) => {
    if (!API_ROOMS.includes(room)) throw new Error(`Cannot place room "${room}" of pkg/apiserver`);
    return API_ROOMS.indexOf(room);
  };
  const own = files.filter((file) => file.startsWith("pkg/apiserver/"));
  const ways = own.flatMap((file) =>
    imports(file)
      .filter((target) => own.includes(target) && rank(roomOf(target)) > rank(roomOf(file)))
      .map((target) => `${roomOf(file)} ${roomOf(target)}`),
  );
  expect([...new Set(ways)].sort()).toEqual(API_WAYS_UP);
});

function mayImport(home: string, target: string): boolean {
  if (target.startsWith("node:")) return true;
  if (!files.includes(target)) return (OWNERS[target] ?? []).includes(home);
  return folderOf(target) === home || layerOf(folderOf(target)) < layerOf(home);
}

function layerOf(folder: string): number {
  const layer = LAYERS.findIndex((folders) => folders.includes(folder));
  if (layer < 0) throw new Error(`Cannot place folder "${folder}": add it to LAYERS`);
  return layer;
}

/** The unit the layers are made of: "pkg/tunnel" for pkg/tunnel/link.ts, "cmd" for cmd/edgehub.ts. */
function folderOf(file: string): string {
  const [top = "", next = ""] = file.split("/");
  return top === "pkg" ? `${top}/${next}` : top;
}

function imports(file: string): string[] {
  return importsIn(readFileSync(file, "utf8")).map((name) =>
    name.startsWith(".") ? path.join(path.dirname(file), name) : name,
  );
}

/** What a source text imports, in whatever way; "" stands for an import that is computed. */
function importsIn(source: string): string[] {
  return [...source.matchAll(IMPORTS)].map(([, from, sideEffect, dynamic]) => {
    return from ?? sideEffect ?? dynamic ?? "";
  });
}

function sourceFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(root, name.replaceAll("\\", "/")))
    .filter((name) => /(?<!\.test|\.contract|\.fixture)\.ts$/.test(name));
}
