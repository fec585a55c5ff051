import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix as path } from "node:path";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { COMMON_ROWS, type OptionRow } from "../cmd/option-table.ts";
import { OTECTL_COMMANDS } from "../cmd/otectl-commands.ts";
import { GET_COMMAND } from "../cmd/otectl-get.ts";
import type { ClusterController } from "../pkg/apis/cluster-controller.ts";
import { QUERY_FAILURE_REASONS } from "../pkg/apis/cluster-query.ts";
import { OTE_CRDS } from "../pkg/apis/crds.ts";
import type { MetricRow } from "../pkg/base/metrics.ts";
import { planTask } from "../pkg/clustercontroller/tasks/task-plan.ts";
import { DEFAULT_TOPOLOGY } from "../pkg/demo/topology.ts";
import { REPORT_CRDS } from "../pkg/reporting/mirror-objects.ts";
import { parseSelector } from "../pkg/topology/selector.ts";
import { KINDS, SCHEMA } from "../pkg/wire/schema.ts";
import { readApiTask } from "../shims/api-task.ts";
import { readHelmTask } from "../shims/helm/helm-task.ts";

const read = (file: string): string => readFileSync(file, "utf8");
const own = ownFiles();
const sources = own.filter((name) =>
  /^(cmd|pkg|shims)\/.*(?<!\.test|\.contract|\.fixture)\.ts$/.test(name),
);
const pages = own.filter((name) => name.endsWith(".md"));

describe("docs/configuration.md", async () => {
  const doc = read("docs/configuration.md");
  const programs = await exportsOf<readonly OptionRow[]>(/^cmd\/(.*)-options\.ts$/, "_ROWS");

  it("finds the options of the programs", () => {
    expect(programs.size).toBeGreaterThan(3);
    expect(COMMON_ROWS.length).toBeGreaterThan(0);
  });

  it.each([...programs])("has every option of %s, and no other", (program, rows) => {
    const wanted = rows.map((row) => [row.flags, row.env, row.default || ""]);
    const told = tableRows(section(doc, program)).filter(([flag]) => flag?.includes("--"));
    const known = told.filter(([, variable]) => variable?.startsWith("OTE_"));
    expect(known.map((cells) => cells.slice(0, 3))).toEqual(wanted);
  });
});

describe("otectl in docs/configuration.md", () => {
  const part = section(read("docs/configuration.md"), "otectl");
  const rows = tableRows(part).map((cells) => cells.map(plain));

  it("has every command, and no other", () => {
    const told = rows.filter(([first = ""]) => /^[a-z]/.test(first) && first !== "command");
    const own = OTECTL_COMMANDS.map(({ name, arguments: given = [], meaning }) => [
      [name, ...given.map(([argument]) => argument)].join(" "),
      meaning,
    ]);
    expect(told.filter(([first]) => first !== "flag").map((cells) => cells.slice(0, 2))).toEqual(
      own.map(([name, meaning]) => [name, meaning]),
    );
  });

  it("has every option of token create, and no other", () => {
    const told = rows.filter(([first = ""]) => first.startsWith("--"));
    const create = OTECTL_COMMANDS.find(({ name }) => name === "token create");
    const wanted = (create?.options ?? []).map((row) => [row.flags, row.default ?? ""]);
    expect(told.map((cells) => cells.slice(0, 2))).toEqual(wanted);
  });
});

describe("docs/errors.md", () => {
  const doc = read("docs/errors.md");
  const codes = errorCodes();
  const explained = [...doc.matchAll(/^## ([A-Z][A-Z_]+)$/gm)].map(([, code = ""]) => code);
  const reasonsPart = doc.slice(doc.indexOf("\n# Reasons"));
  const reasons = [...reasonsPart.matchAll(/^\|.*?`([A-Z][A-Za-z]+)` *\|/gm)].map(
    ([, word]) => word,
  );

  it("finds codes in the sources", () => expect(codes.length).toBeGreaterThan(30));

  it("explains every error code, and no other", () => {
    expect([...explained].sort()).toEqual(codes);
  });

  it("explains every reason of a verdict or condition", () => {
    expect(verdictReasons().filter((word) => !reasons.includes(word))).toEqual([]);
  });

  it("explains no reason that does not exist", () => {
    const texts = sources.map(read).join("\n");
    expect(reasons.filter((word) => !texts.includes(`"${word}"`))).toEqual([]);
  });
});

describe("docs/queries.md", () => {
  it("has every option of otectl get, and no other", () => {
    const told = tableRows(section(read("docs/queries.md"), "otectl get"));
    const wanted = (GET_COMMAND.options ?? []).map((row) => [
      row.flags,
      row.default ?? "",
      row.meaning,
    ]);
    expect(told.filter(([flag = ""]) => flag.includes("--"))).toEqual(wanted);
  });

  it("explains every reason for which a cluster does not answer, and no other", () => {
    const told = tableRows(section(read("docs/queries.md"), "Clusters that do not answer"));
    const reasons = told.map(([reason = ""]) => reason).filter((word) => word !== "reason");
    expect(reasons).toEqual([...QUERY_FAILURE_REASONS]);
  });
});

describe("docs/operations.md", async () => {
  const doc = read("docs/operations.md");
  const tables = await exportsOf<Readonly<Record<string, MetricRow>>>(
    /^pkg\/(.*)\/metrics\.ts$/,
    "_METRICS",
  );
  const metrics = Object.assign({}, ...tables.values()) as Readonly<Record<string, MetricRow>>;

  it("has every metric with its kind and labels, and no other", () => {
    const told = tableRows(doc).filter(([name]) => /^(ote|apiserver)_/.test(name ?? ""));
    const wanted = Object.entries(metrics).map(([name, { kind, labels = [] }]) => [
      name,
      kind,
      labels.join(", "),
    ]);
    expect(wanted.length).toBeGreaterThan(5);
    expect(told.map((cells) => cells.slice(0, 3)).sort()).toEqual(wanted.sort());
  });

  it("names no metric that does not exist", () => {
    const named = pages.flatMap(
      (page) => read(page).match(/\b(?:ote|apiserver)_[a-z_]+[a-z]/g) ?? [],
    );
    expect(named.filter((name) => !Object.hasOwn(metrics, name))).toEqual([]);
  });
});

describe("docs/protocol", () => {
  const { root } = protobuf.parse(read("docs/protocol.proto"), { keepCase: true });
  const types = root.lookup("ote.v1") as protobuf.Namespace;

  it("has the messages of the schema", () => {
    const told = Object.fromEntries(
      types.nestedArray.map((type) => [type.name, fieldsOf(type as protobuf.Type)]),
    );
    expect(told).toEqual({ ...SCHEMA, Envelope: KINDS });
  });

  it("has one choice of kinds in an envelope", () => {
    const { oneofs } = types.lookupType("Envelope");
    expect(Object.values(oneofs ?? {}).map(({ oneof }) => oneof)).toEqual([Object.keys(KINDS)]);
  });

  it.each(Object.keys(KINDS))("says what %s means", (kind) => {
    expect(read("docs/protocol.md")).toContain(`### ${kind}\n`);
  });
});

/** A definition of ours as a file: written anew by `npx vitest run test/documents.test.ts -u`. */
describe("deployments/crds", () => {
  const fileOf = (name: string): string => {
    const [plural, group] = name.split(".");
    return group === "report" ? `report-${plural}.yaml` : `${plural}.yaml`;
  };
  const all = [...OTE_CRDS, ...REPORT_CRDS];

  it.each(all)("has $metadata.name", async (definition) => {
    const head = "# Written from the sources; see CONTRIBUTING.md.\n";
    const text = head + stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false });
    await expect(text).toMatchFileSnapshot(
      `../deployments/crds/${fileOf(definition.metadata.name)}`,
    );
  });

  it("has no other", () => {
    const files = readdirSync("deployments/crds").sort();
    expect(files).toEqual(all.map(({ metadata }) => fileOf(metadata.name)).sort());
  });
});

describe("deployments", () => {
  const manifests = own.filter((name) => /^deployments\/.*\.yaml$/.test(name));

  it.each(manifests)("%s can be read", (file) => {
    for (const document of parseAllDocuments(read(file))) {
      expect(document.errors).toEqual([]);
      const object = document.toJS() as Partial<ClusterController>;
      expect(object.apiVersion).toBeTypeOf("string");
      expect(object.metadata?.name).toBeTypeOf("string");
      if (object.kind === "ClusterController") expectGoodTask(object);
    }
  });

  it("uses only options and images that exist", () => {
    const texts = manifests.map(read);
    const rows = ["cluster-controller"].flatMap((program) =>
      tableRows(section(read("docs/configuration.md"), program)),
    );
    const known = rows.flatMap(([flags = ""]) => flags.match(/--[a-z-]+/g) ?? []);
    const used = texts.flatMap((text) => text.match(/(?<=^\s*- "?)--[a-z-]+/gm) ?? []);
    expect(used.filter((flag) => !known.includes(flag))).toEqual([]);
  });
});

describe("examples in pages", () => {
  const blocks = pages.flatMap((page) =>
    [...read(page).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => ({ page, text })),
  );

  it.each(blocks)("$page: yaml can be read, and a task in it executed", ({ text }) => {
    for (const document of parseAllDocuments(text)) {
      expect(document.errors).toEqual([]);
      const object = document.toJS() as Partial<ClusterController> | null;
      if (object?.kind === "ClusterController") expectGoodTask(object);
    }
  });

  it("shows selectors that can be read", () => {
    const table = section(read("docs/selectors.md"), "Names, globs, tags");
    const shown = tableRows(table).map(([selector = ""]) => selector);
    const texts = shown.filter((text) => text !== "term");
    expect(texts.length).toBeGreaterThan(5);
    for (const text of texts) expect(() => parseSelector(text), text).not.toThrow();
  });
});

describe("pages", () => {
  const scripts = (JSON.parse(read("package.json")) as { scripts: object }).scripts;

  it.each(pages)("%s names only npm scripts that exist", (page) => {
    const named = [...read(page).matchAll(/\bnpm (?:run ([a-z:]+)|(start|test)\b)/g)];
    const names = named.map(([, script, builtin]) => script ?? builtin ?? "");
    expect(names.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it.each(pages)("%s has only links that lead somewhere", (page) => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    expect(links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(page, link))).toEqual(
      [],
    );
  });

  // Decisions are history: what they name may have moved since.
  const present = pages.filter((page) => !page.startsWith("docs/decisions/"));

  it.each(present)("%s names only files that exist", (page) => {
    const named = [
      ...read(page).matchAll(/`((?:cmd|pkg|shims|test|docs|deployments)\/[\w./-]+)`/g),
    ];
    const files = named.map(([, file = ""]) => file.replace(/\/$/, ""));
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  it("tell the limits as they are", () => {
    const rows = tableRows(section(read("docs/architecture.md"), "Limits"));
    const told = rows.filter(([, name]) => /^[A-Z_]+$/.test(name ?? ""));
    expect(told.length).toBeGreaterThan(15);
    for (const [, name = "", value = "", file = ""] of told)
      expect([name, quantity(value)]).toEqual([name, constantIn(file, name)]);
  });
});

describe("docs/decisions/0007-dependencies.md", () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(
    read("package.json"),
  ) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const names = [dependencies, optionalDependencies, devDependencies].flatMap((some) =>
    Object.keys(some ?? {}),
  );

  it.each(names)("says why %s is there", (name) => {
    expect(read("docs/decisions/0007-dependencies.md")).toContain(`\`${name}\``);
  });
});

describe("every file", () => {
  const texts = own.filter((name) => /\.(ts|md|json|ya?ml|proto|sh)$|^[^.]+$|^\.ci\//.test(name));

  it.each([
    // Written in two halves, so that this file does not name them itself.
    ["a place outside of the project", new RegExp(`\\.\\./${"shared"}\\b`), [".ci/run"]],
    [
      "a directory of somebody's machine",
      new RegExp(`(?<![\\w.-])/${"work"}/|/${"home"}/[a-z]`),
      [],
    ],
    ["a registry", /"resolved": "https?:/, []],
  ] as const)("does not name %s", (_, forbidden, except) => {
    const checked = texts.filter((name) => !(except as readonly string[]).includes(name));
    expect(checked.length).toBeGreaterThan(100);
    expect(checked.filter((name) => forbidden.test(read(name)))).toEqual([]);
  });
});

/** What git has or would add: nothing that is built or installed. */
function ownFiles(): string[] {
  const arguments_ = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const list = execFileSync("git", arguments_, { encoding: "utf8" }).trim().split("\n");
  return list.filter((name) => existsSync(name));
}

/** The tables that the files matching `files` export under names that end in `suffix`, by what the pattern captures. */
async function exportsOf<T>(files: RegExp, suffix: string): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  for (const file of sources) {
    const [, name] = files.exec(file) ?? [];
    if (name === undefined) continue;
    const all = (await import(/* @vite-ignore */ `../${file}`)) as Readonly<Record<string, T>>;
    for (const [key, value] of Object.entries(all))
      if (key.endsWith(suffix)) found.set(name, value);
  }
  return found;
}

/** The part of a page below "## title", up to the next title of that level. */
function section(doc: string, title: string): string {
  const [, after = ""] = doc.split(`\n## ${title}\n`);
  return after.split(/\n##? /)[0] ?? "";
}

/** The cells of all tables in a text, row by row, without the marks of code. */
function tableRows(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("|") && !/^[|\s:-]+$/.test(line));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map(plain),
  );
}

function plain(cell: string): string {
  return cell.trim().replace(/^`(.*)`$/, "$1");
}

/** Codes that never leave the program, and what only looks like one. */
const NO_CODES = /^(NOTHING_TO_DO|OTE_\w+|WS_ERR\w*|ERR_\w+)$/;

function errorCodes(): string[] {
  const found = new Set(["UNKNOWN"]);
  for (const text of sources.map(read)) {
    for (const [, code = ""] of text.matchAll(/\bcode\s*[:=]\s*"([A-Z][A-Z_]+)"/g)) found.add(code);
    for (const [, code = ""] of text.matchAll(/new TrustError\(\s*"([A-Z_]+)"/g)) found.add(code);
    for (const [, code = ""] of text.matchAll(/(?<!env: )"([A-Z]+(?:_[A-Z]+)+)"/g)) found.add(code);
  }
  return [...found].filter((code) => !NO_CODES.test(code)).sort();
}

/** CamelCase words of the folders that make verdicts, except those that a Kubernetes API says. */
function verdictReasons(): string[] {
  const folders = /^(pkg\/clustercontroller\/(?!query\/|entry\/)|pkg\/shim\/|shims\/)/;
  const words = sources
    .filter((name) => folders.test(name))
    .flatMap((name) => [...read(name).matchAll(/"([A-Z][a-z]+(?:[A-Z][a-z]+)+)"/g)])
    .map(([, word = ""]) => word);
  const kinds = ["ClusterController", "ClusterControllerResult", "HelmTask"];
  const foreign = ["AlreadyExists", "NotFound", ...kinds];
  return [...new Set(words)].filter((word) => !foreign.includes(word));
}

function fieldsOf(type: protobuf.Type): Readonly<Record<string, readonly [number, string]>> {
  return Object.fromEntries(
    type.fieldsArray.map((field) => [
      field.name,
      [field.id, field.repeated ? `${field.type}[]` : field.type],
    ]),
  );
}

function expectGoodTask({ spec = {} }: Partial<ClusterController>): void {
  const { destination = "", method = "GET", url = "", body = "", contentType } = spec;
  expect(planTask(spec, DEFAULT_TOPOLOGY).selected.length).toBeGreaterThan(0);
  const task = { id: "1", destination, method, url, body, contentType };
  if (destination === "api") expect(() => readApiTask(task)).not.toThrow();
  if (destination === "helm") expect(() => readHelmTask(task, false)).not.toThrow();
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? page : path.join(path.dirname(page), file);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchors(read(target)).includes(anchor);
}

function anchors(doc: string): string[] {
  return [...doc.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  ms: 1,
  s: 1000,
  min: 60_000,
};

/** "32 MiB" as a number of bytes, "5 s" as one of milliseconds. */
function quantity(text: string): number {
  const [, number = "", unit = ""] = /^([\d,.]+)(?: ([A-Za-z]+))?$/.exec(text) ?? [];
  return Number(number.replaceAll(",", "")) * (UNITS[unit] ?? Number.NaN);
}

/** The value of a constant that is written as a product or a shift of numbers. */
function constantIn(file: string, name: string): number {
  const [, text = ""] = new RegExp(`const ${name} = ([^;]+);`).exec(read(file)) ?? [];
  const [left = "", shift] = text.replaceAll("_", "").split("<<");
  const product = left.split("*").reduce((value, factor) => value * Number(factor), 1);
  return shift === undefined ? product : product * 2 ** Number(shift);
}
