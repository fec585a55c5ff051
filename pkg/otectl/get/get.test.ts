import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { eventually } from "../../../test/support/eventually.ts";
import type { QueryColumn, QueryEvent, QueryRow } from "../../apis/cluster-query.ts";
import { type GetAnswer, type GetIo, printAnswers } from "./get.ts";
import { type GetOptions, planOf } from "./get-options.ts";
import { HeldRows } from "./printer.ts";
import { type PrintedPlan, printerFor } from "./printer-for.ts";
import { compareKeys } from "./sort-key.ts";
import { GetUsageError } from "./targets.ts";

const OPTIONS: GetOptions = { namespace: "default", headers: true, deadline: "10s", clusters: "*" };
const NAMES = columns("Cluster", "Name", "Age");

function columns(...names: string[]): QueryEvent {
  return { type: "COLUMNS", columns: names.map(column) };
}

function column(text: string): QueryColumn {
  const [name = "", priority = "0"] = text.split(":");
  return { name, type: "string", format: "", description: "", priority: Number(priority) };
}

function rows(cluster: string, ...cells: unknown[][]): QueryEvent {
  const all: QueryRow[] = cells.map((rest) => ({
    cells: [cluster, ...rest],
    object: { kind: "Pod", metadata: { name: rest[0], namespace: "shop" } },
  }));
  return { type: "ROWS", cluster, resource: "pod", rows: all };
}

function failed(cluster: string, reason = "Offline", told = 0): QueryEvent {
  return {
    type: "FAILED",
    cluster,
    reason: reason as "Offline",
    message: "it is away",
    rows: told,
  };
}

function end(over: object = {}): QueryEvent {
  return { type: "END", asked: 2, answered: 2, failed: 0, remaining: 0, rows: 1, ...over };
}

/** What is printed and told of these events; a function is a pause that lasts until it holds. */
async function shown(
  events: readonly (QueryEvent | ((pieces: readonly string[]) => boolean))[],
  options: Partial<GetOptions> = {},
  progress?: (text: string) => void,
  plan?: PrintedPlan,
) {
  const out: string[] = [];
  const err: string[] = [];
  const source = async function* (): AsyncGenerator<QueryEvent> {
    for (const event of events) {
      if (typeof event === "function") await eventually("it goes on", () => event(out));
      else yield event;
    }
  };
  const io = {
    write: async (text: string) => void (text !== "" && out.push(text)),
    tell: (line: string) => void err.push(line),
    progress,
  };
  const code = await printed({ pods: source() }, { ...OPTIONS, ...options }, io, plan);
  return { code, pieces: out, lines: out.join("").split("\n").slice(0, -1), err };
}

/** Prints one answer, or several of different resources. */
function printed(
  answers: Readonly<Record<string, AsyncIterable<QueryEvent>>>,
  options: GetOptions,
  io: GetIo,
  plan: PrintedPlan = { kinds: false, only: undefined },
): Promise<number> {
  const source = async function* (): AsyncGenerator<GetAnswer> {
    for (const [resource, events] of Object.entries(answers))
      yield { resource, events, mayBeMissing: options.ignoreNotFound === true };
  };
  return printAnswers(source(), printerFor(options, plan), options, io);
}

const START: QueryEvent = { type: "SELECTED", clusters: 2 };

describe("otectl get", () => {
  it("prints an aligned table", async () => {
    const { code, lines, err } = await shown([
      START,
      NAMES,
      rows("edge-1", ["web", "5s"], ["a-longer-name", null]),
      rows("e2", ["db", "3d"]),
      end(),
    ]);
    expect([code, err]).toEqual([0, []]);
    expect(lines).toEqual([
      "CLUSTER   NAME            AGE",
      "edge-1    web             5s",
      "edge-1    a-longer-name   <none>",
      "e2        db              3d",
    ]);
  });

  it("prints what has come while other clusters still think", async () => {
    const { pieces } = await shown([
      START,
      NAMES,
      rows("a", ["x", "1s"]),
      (printed) => printed.length > 0,
      rows("b", ["y", "2s"]),
      end(),
    ]);
    expect(pieces).toEqual([
      "CLUSTER   NAME   AGE\na         x      1s\n",
      "b         y      2s\n",
    ]);
  });

  it("repeats the head when columns come later, and not for columns that are not shown", async () => {
    const { lines } = await shown([
      START,
      NAMES,
      rows("a", ["x", "1s"]),
      columns("Cluster", "Name", "Age", "Node:1"),
      rows("b", ["y", "2s", "n1"]),
      columns("Cluster", "Name", "Age", "Node:1", "Status"),
      rows("c", ["z", "3s", "n1", "Up"]),
      end(),
    ]);
    expect(lines).toEqual([
      "CLUSTER   NAME   AGE",
      "a         x      1s",
      "b         y      2s",
      "",
      "CLUSTER   NAME   AGE   STATUS",
      "c         z      3s    Up",
    ]);
  });

  it("shows more with -o wide, namespaces with -A, no head with --no-headers", async () => {
    const events = [START, columns("Cluster", "Name", "Node:1"), rows("a", ["x", "n1"]), end()];
    expect((await shown(events)).lines.at(-1)).toBe("a         x");
    expect((await shown(events, { output: "wide" })).lines).toEqual([
      "CLUSTER   NAME   NODE",
      "a         x      n1",
    ]);
    expect((await shown(events, { allNamespaces: true })).lines).toEqual([
      "CLUSTER   NAMESPACE   NAME",
      "a         shop        x",
    ]);
    expect((await shown(events, { headers: false })).lines).toEqual(["a     x"]);
  });

  it("does not let a cluster write to the terminal", async () => {
    const evil = rows("a", ["\u001b]0;owned\u0007\u202e", "1s\nsecond line"]);
    const { lines, err } = await shown([
      START,
      NAMES,
      evil,
      { ...failed("b"), message: "\u001b[2J" } as QueryEvent,
      end({ failed: 1 }),
    ]);
    expect(lines.at(-1)).toBe("a         \\x1b]0;owned\\x07\\u{202e}   1s...");
    expect(err[0]).toBe("b: Offline: \\x1b[2J");
  });

  it("prints a List as JSON and YAML, with the cluster in each object", async () => {
    const events = [START, NAMES, rows("a", ["x", "1s"]), rows("b", ["y", "2s"]), end()];
    const annotated = (name: string, cluster: string) => ({
      kind: "Pod",
      metadata: { name, namespace: "shop", annotations: { "ote.baidu.com/cluster": cluster } },
    });
    const list = {
      apiVersion: "v1",
      items: [annotated("x", "a"), annotated("y", "b")],
      kind: "List",
      metadata: { resourceVersion: "" },
    };
    expect(JSON.parse((await shown(events, { output: "json" })).lines.join("\n"))).toEqual(list);
    expect(parse((await shown(events, { output: "yaml" })).lines.join("\n"))).toEqual(list);
    for (const output of ["json", "yaml"] as const) {
      const { lines } = await shown([START, end({ rows: 0 })], { output });
      expect(parse(lines.join("\n"))).toMatchObject({ kind: "List", items: [] });
    }
  });

  it("prints names with -o name", async () => {
    const events = [START, NAMES, rows("a", ["x", "1s"]), end()];
    expect((await shown(events, { output: "name" })).lines).toEqual(["a/pod/x"]);
  });

  it("sorts by a column or a field, ages by their length", async () => {
    const events = [
      START,
      NAMES,
      rows("a", ["p10", "3m10s"], ["p9", "2d"], ["p1", "<unknown>"]),
      rows("b", ["p2", "45s"]),
      end(),
    ];
    const order = async (sortBy: string) =>
      (await shown(events, { sortBy })).lines.slice(1).map((line) => line.split(/ +/)[1]);
    expect(await order("name")).toEqual(["p1", "p2", "p9", "p10"]);
    expect((await order("AGE")).filter((name) => name !== "p1")).toEqual(["p2", "p10", "p9"]);
    expect(await order("{.metadata.name}")).toEqual(["p1", "p2", "p9", "p10"]);
    await expect(order("size")).rejects.toThrow(/no column "size"/);
  });

  it("names clusters that did not answer, and ends with 1", async () => {
    const { code, err } = await shown([
      START,
      failed("b"),
      failed("a"),
      failed("c", "Unreachable", 7),
      end({ asked: 4, failed: 3 }),
    ]);
    expect(code).toBe(1);
    expect(err).toEqual([
      "a, b: Offline: it is away",
      "c (after 7 rows): Unreachable: it is away",
      "3 of 4 clusters did not answer",
    ]);
  });

  it("does not name those that do not have it, if they need not", async () => {
    const events = [START, failed("a", "NotFound"), end({ rows: 0 })];
    expect((await shown(events)).code).toBe(1);
    const { code, err } = await shown(events, { ignoreNotFound: true });
    expect([code, err]).toEqual([0, ["No resources found"]]);
    const away = [START, failed("a", "NotFound"), failed("b"), end({ rows: 0 })];
    expect((await shown(away, { ignoreNotFound: true })).code).toBe(1);
  });

  it("does not fill a terminal with names", async () => {
    const many = Array.from({ length: 9000 }, (_, index) => failed(`c${index}`));
    const events = [START, ...many, end({ asked: 9000, failed: 9000 })];
    const { err } = await shown(events, {}, () => {});
    expect(err[0]?.length).toBeLessThan(200);
    expect(err[0]).toContain("and 8990 more: Offline");
    expect((await shown(events)).err[0]).toContain("c8999");
  });

  it("shows what came before the connection broke off", async () => {
    const broken = async function* (): AsyncGenerator<QueryEvent> {
      yield* [START, NAMES, rows("a", ["x", "1s"])];
      throw new Error("socket hang up");
    };
    for (const output of [undefined, "json"] as const) {
      const [out, err]: [string[], string[]] = [[], []];
      const io = {
        write: async (text: string) => void out.push(text),
        tell: (line: string) => void err.push(line),
      };
      expect(await printed({ pods: broken() }, { ...OPTIONS, output }, io)).toBe(1);
      expect(err).toEqual(["the answer was cut off, there may be more: socket hang up"]);
      if (output === undefined) expect(out.join("")).toContain("a         x");
      else expect(JSON.parse(out.join("")).items).toHaveLength(1);
    }
  });

  it.each([
    [
      "no cluster is selected",
      [{ type: "SELECTED", clusters: 0 }, end({ asked: 0 })],
      1,
      /no cluster/,
    ],
    ["the answer is cut off", [START, NAMES, rows("a", ["x", "1s"])], 1, /cut off/],
    ["there is nothing", [START, end({ rows: 0 })], 0, /No resources found/],
    ["there is more", [START, end({ continue: "abc" })], 0, /--continue abc/],
    ["some only lead to others", [START, failed("r", "NoApi"), end({ failed: 1 })], 0, /NoApi/],
  ] as const)("says when %s", async (_, events, expected, text) => {
    const { code, err } = await shown(events as readonly QueryEvent[]);
    expect([code, err.join("\n")]).toEqual([expected, expect.stringMatching(text)]);
  });

  it("shows how far it is, and takes that away again", async () => {
    const texts: string[] = [];
    await shown(
      [START, { type: "ANSWERED", cluster: "a", rows: 0 }, () => texts.length > 0, end()],
      {},
      (text) => void texts.push(text),
    );
    expect(texts[0]).toBe("1 of 2 clusters");
    expect(texts.at(-1)).toBe("");
  });
});

describe("several resources", () => {
  const service: QueryEvent = {
    type: "ROWS",
    cluster: "a",
    resource: "service",
    rows: [
      { cells: ["a", "db", "1.2.3.4"], object: { kind: "Service", metadata: { name: "db" } } },
    ],
  };
  const both = (): Record<string, AsyncIterable<QueryEvent>> => ({
    pods: told([START, NAMES, rows("a", ["x", "1s"]), failed("b"), end()]),
    nothing: told([START, failed("b"), end({ rows: 0 })]),
    svc: told([START, columns("Cluster", "Name", "Ip"), service, failed("b"), end()]),
  });

  async function* told(events: readonly QueryEvent[]): AsyncGenerator<QueryEvent> {
    yield* events;
  }

  async function print(
    options: Partial<GetOptions>,
    answers: Readonly<Record<string, AsyncIterable<QueryEvent>>> = both(),
  ) {
    const [out, err]: [string[], string[]] = [[], []];
    const io = {
      write: async (text: string) => void out.push(text),
      tell: (line: string) => void err.push(line),
    };
    const plan = { kinds: true, only: undefined };
    const code = await printed(answers, { ...OPTIONS, ...options }, io, plan);
    return { code, lines: out.join("").split("\n").slice(0, -1), err };
  }

  it("are a table each, with kinds before the names, and one end", async () => {
    const { code, lines, err } = await print({});
    expect(lines).toEqual([
      "CLUSTER   NAME    AGE",
      "a         pod/x   1s",
      "",
      "CLUSTER   NAME         IP",
      "a         service/db   1.2.3.4",
    ]);
    expect(code).toBe(1);
    expect(err).toEqual(["b: Offline: it is away", "1 of 2 clusters did not answer"]);
    expect((await print({ headers: false })).lines).toEqual([
      "a     pod/x   1s",
      "a     service/db   1.2.3.4",
    ]);
  });

  it("are one list of objects, and one of names", async () => {
    const { items } = JSON.parse((await print({ output: "json" })).lines.join("\n"));
    expect(items.map(({ kind }: { kind: string }) => kind)).toEqual(["Pod", "Service"]);
    expect((await print({ output: "name" })).lines).toEqual(["a/pod/x", "a/service/db"]);
    const sorted = await print({ sortBy: "name" });
    expect(sorted.lines).toHaveLength(5);
  });

  it("are shown up to where they were cut off", async () => {
    const cut = { ...both(), svc: told([START, columns("Cluster", "Name"), service]) };
    const { code, lines, err } = await print({ output: "name" }, cut);
    expect([code, lines]).toEqual([1, ["a/pod/x", "a/service/db"]]);
    expect(err.at(-1)).toMatch(/^the answer was cut off/);
  });
});

describe("what objects have", () => {
  const object = (name: string, more: object = {}) => ({
    kind: "Pod",
    metadata: { name, labels: { "example.com/app": name, tier: "x" } },
    ...more,
  });
  const event = (cluster: string, ...objects: { metadata: { name: string } }[]): QueryEvent => ({
    type: "ROWS",
    cluster,
    resource: "pod",
    rows: objects.map((one) => ({ cells: [cluster, one.metadata.name], object: one })),
  });
  const pods = [
    START,
    columns("Cluster", "Name"),
    event("a", object("x", { spec: { n: 10 } }), object("y", { spec: { n: 9 } })),
    event("b", { kind: "Pod", metadata: { name: "z" } } as ReturnType<typeof object>),
    end({ rows: 3 }),
  ];
  const path = (template: string, output: GetOptions["output"] = "jsonpath") =>
    shown(pods, { output, template });

  it("is shown in columns for labels", async () => {
    const { lines } = await shown(pods, {
      labelColumns: ["example.com/app", "none"],
      showLabels: true,
    });
    expect(lines).toEqual([
      "CLUSTER   NAME   APP   NONE   LABELS",
      "a         x      x            example.com/app=x,tier=x",
      "a         y      y            example.com/app=y,tier=x",
      "b         z                   <none>",
    ]);
  });

  it("is shown in columns of one's own, beside the cluster", async () => {
    const template = "Name:.metadata.name,N:{.spec.n}";
    expect((await shown(pods, { output: "custom-columns", template })).lines).toEqual([
      "CLUSTER   Name   N",
      "a         x      10",
      "a         y      9",
      "b         z      <none>",
    ]);
    const file = "NAME  L\nmetadata.name .metadata.labels\n";
    const { lines } = await shown(pods, { output: "custom-columns-file", template: file });
    expect(lines[1]).toBe("a         x      map[example.com/app:x tier:x]");
  });

  it("is printed with templates, as soon as it comes where that is possible", async () => {
    const flow = '{range .items[*]}{.metadata.name}{"\\n"}{end}.';
    const { pieces } = await shown(
      [...pods.slice(0, 3), (out) => out.length > 0, ...pods.slice(3)],
      { output: "jsonpath", template: `:${flow}` },
    );
    expect(pieces).toEqual([":x\ny\n", "z\n."]);
    expect((await path("{.items[*].spec.n}")).pieces.join("")).toBe("10 9");
    expect((await path("{.items[-1:].metadata.name} {.kind}")).pieces.join("")).toBe("z List");
    const cluster = "{.items[*].metadata.annotations.ote\\.baidu\\.com/cluster}";
    expect((await path(cluster)).pieces.join("")).toBe("a a b");
    expect((await path("{.items[*].spec.n}", "jsonpath-as-json")).pieces.join("")).toBe(
      "[\n    10,\n    9\n]\n",
    );
  });

  it("is the same with a template that flows as with one that waits", async () => {
    for (const inner of [
      "{.metadata.name},",
      "{.spec.n}{.missing} ",
      "{range .metadata}{.name}{end}",
    ])
      expect((await path(`{range .items[*]}${inner}{end}`)).pieces.join("")).toBe(
        (await path(`{range .items[0:]}${inner}{end}`)).pieces.join(""),
      );
  });

  it("is printed as one object if one of one cluster was asked for", async () => {
    const one = [START, columns("Cluster", "Name"), event("a", object("x")), end()];
    const only = { kinds: false, only: "a" };
    const options = { output: "jsonpath", template: "{.metadata.name}" } as const;
    const out = async (events: readonly QueryEvent[], given: Partial<GetOptions>) =>
      (await shown(events, given, undefined, only)).pieces.join("");
    expect(await out(one, options)).toBe("x");
    expect(parse(await out(one, { output: "yaml" }))).toMatchObject({ kind: "Pod" });
    expect(JSON.parse(await out(one, { output: "json" }))).toMatchObject({ kind: "Pod" });
    expect(await out([START, failed("a"), end()], { output: "json" })).toBe("");
    // A tag of that name: these are other clusters.
    const others = [START, columns("Cluster", "Name"), event("b", object("x")), end()];
    expect(JSON.parse(await out(others, { output: "json" }))).toMatchObject({ kind: "List" });
  });

  it("is what rows are sorted by, and a field that nothing has is refused", async () => {
    const order = async (sortBy: string) =>
      (await shown(pods, { sortBy })).lines.slice(1).map((line) => line.split(/ +/)[1]);
    expect(await order(".spec.n")).toEqual(["z", "y", "x"]);
    expect(await order("metadata.labels.example\\.com/app")).toEqual(["z", "x", "y"]);
    await expect(order(".spec.none")).rejects.toThrow(/no object has such a field/);
  });

  it.each([
    ["jsonpath", "{.x"],
    ["jsonpath", "{foo}"],
    ["custom-columns", "NAME"],
    ["custom-columns", "NAME:{.a}{.b}"],
    ["custom-columns-file", "A B\n.a"],
    ["custom-columns-file", ""],
  ] as const)("cannot be printed with -o %s=%s", (output, template) => {
    const plan = { kinds: false, only: undefined };
    expect(() => printerFor({ ...OPTIONS, output, template }, plan)).toThrow(GetUsageError);
  });

  it("must not be missing where a template says which one", async () => {
    await expect(path("{.items[9].metadata.name}")).rejects.toThrow(/index 9, length 3/);
    await expect(path("{.items[*].kind[0]}")).rejects.toThrow(/not array or slice/);
  });

  it("is not held without bounds", () => {
    const held = new HeldRows("Cannot sort by name", 100);
    const row = (size: number) => ({
      cluster: "a",
      resource: "pod",
      row: { cells: ["x".repeat(size)] },
    });
    held.add(row(50));
    expect(() => held.add(row(50))).toThrow(/^Cannot sort by name: all rows must be there/);
  });
});

describe("keys to sort by", () => {
  it.each([
    [
      ["2Gi", "100Mi", "1k", "500m", "3"],
      ["500m", "3", "1k", "100Mi", "2Gi"],
    ],
    [
      [10, 9, 1.5],
      [1.5, 9, 10],
    ],
    [
      ["1d", "2h3m", "45s"],
      ["45s", "2h3m", "1d"],
    ],
    [
      ["p10", "p9", null],
      [null, "p9", "p10"],
    ],
  ])("%j come as %j", (keys, expected) => {
    expect([...keys].sort((a, b) => compareKeys(a, b)).map(String)).toEqual(expected.map(String));
  });
});

describe("the question", () => {
  const all = (args: readonly string[], options: Partial<GetOptions> = {}) =>
    planOf(args, { ...OPTIONS, ...options }).questions.map(({ path }) =>
      Object.fromEntries(new URLSearchParams(path.split("?")[1])),
    );
  const ask = (resource: string, name: string, options: Partial<GetOptions> = {}) =>
    all([resource, name].filter(Boolean), options)[0];
  const rest = { clusters: "*", deadline: "10s", includeObject: "Metadata" };

  it("is what was typed", () => {
    expect(ask("po", "")).toEqual({ ...rest, resource: "po", namespace: "default" });
    expect(ask("pod/web", "", { namespace: "shop" })).toEqual({
      ...rest,
      resource: "pod",
      name: "web",
      namespace: "shop",
    });
    expect(ask("po", "", { allNamespaces: true, selector: "a=b", limit: "5" })).toEqual({
      ...rest,
      resource: "po",
      labelSelector: "a=b",
      limit: "5",
    });
    expect(ask("", "", { raw: "/version", output: "json" })).toEqual({
      ...rest,
      path: "/version",
      includeObject: "Object",
    });
  });

  it.each([
    [["pods", "web", "db"], ["pods/web", "pods/db"], false],
    [["pods,svc"], ["pods/", "svc/"], true],
    [["pods,svc", "web"], ["pods/web", "svc/web"], true],
    [["deploy/web", "svc/web"], ["deploy/web", "svc/web"], true],
    [["pod/a", "pod/b"], ["pod/a", "pod/b"], false],
    [["pods,pods"], ["pods/"], false],
    [["jobs.batch,jobs.batch"], ["jobs.batch/"], false],
  ])("%j is a question for each of %j", (args, expected, kinds) => {
    expect(all(args).map(({ resource, name = "" }) => `${resource}/${name}`)).toEqual(expected);
    expect(planOf(args, OPTIONS).kinds).toBe(kinds);
  });

  it("is for what Kubernetes calls all, which a cluster need not have", () => {
    const { questions, kinds } = planOf(["all,cm"], OPTIONS);
    expect([kinds, questions.length]).toEqual([true, 11]);
    expect(questions.filter(({ mayBeMissing }) => !mayBeMissing)).toMatchObject([
      { resource: "cm" },
    ]);
  });

  it.each([
    [["pod/web"], { clusters: "edge-1" }, "edge-1"],
    [["pods"], { clusters: "edge-1" }, undefined],
    [["pod/web", "pod/db"], { clusters: "edge-1" }, undefined],
    [["pod/web"], { clusters: "edge-*" }, undefined],
    [["pod/web"], { clusters: "a,b" }, undefined],
    [["pod/web"], { clusters: "tier=edge" }, undefined],
    [["pod/web"], { clusters: "edge-1", clusterSelector: "x=y" }, undefined],
  ])("%j with %j is for one object of %s", (args, options, only) => {
    expect(planOf(args, { ...OPTIONS, ...options }).only).toBe(only);
  });

  it.each([
    ["", "", {}],
    ["po", "", { clusters: undefined }],
    ["po", "", { raw: "/version" }],
    ["po/a", "b", {}],
    ["po/a/b", "", {}],
    ["po", "a", { allNamespaces: true }],
    ["po", "a", { selector: "x=y" }],
    ["po", "", { output: "json", showLabels: true }],
    ["po", "", { output: "name", labelColumns: ["app"] }],
    ["po,svc", "", { limit: "5" }],
    ["po", "svc/web", {}],
    ["po,svc/web", "", {}],
  ] as const)("%j %j %j is refused", (resource, name, options) => {
    expect(() => ask(resource, name, options)).toThrow(TypeError);
  });
});
