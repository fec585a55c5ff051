import { readdirSync, readFileSync } from "node:fs";
import { posix as path } from "node:path";
import { expect, it } from "vitest";

/** Lower layers first. A folder imports from the layers below it and from itself, never sideways. */
const LAYERS = [
  ["pkg/base"],
  ["pkg/wire", "pkg/apis"],
  ["pkg/topology", "pkg/tunnel", "pkg/kube", "pkg/apiserver"],
  ["pkg/shim", "pkg/reporting"],
  ["pkg/clustercontroller", "pkg/demo", "shims"],
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
  protobufjs: ["pkg/wire", "pkg/apiserver"],
  "protobufjs/minimal.js": ["pkg/wire", "pkg/apiserver"],
  "reflect-metadata": ["pkg/base"],
  ws: ["pkg/tunnel"],
  yaml: ["pkg/apiserver", "pkg/demo", "shims", "cmd", "pkg/kube"],
};

const files = ["cmd", "pkg", "shims"].flatMap(sourceFiles);

it("finds the source files", () => {
  expect(files.length).toBeGreaterThan(20);
});

it.each(files)("%s imports only what its layer allows", (file) => {
  expect(imports(file).filter((target) => !mayImport(folderOf(file), target))).toEqual([]);
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
  const found = readFileSync(file, "utf8").matchAll(/\b(?:from|import)[\s(]*"([^"]+)"/g);
  return [...found].map(([, name = ""]) =>
    name.startsWith(".") ? path.join(path.dirname(file), name) : name,
  );
}

function sourceFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(root, name.replaceAll("\\", "/")))
    .filter((name) => /(?<!\.test|\.contract|\.fixture)\.ts$/.test(name));
}
