import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { eventually } from "../../../test/support/eventually.ts";
import type { QueryColumn, QueryEvent, QueryRow } from "../../apis/cluster-query.ts";
import { printAnswer } from "./get.ts";
import { type GetOptions, queryPath } from "./get-options.ts";

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
  const code = await printAnswer(source(), { ...OPTIONS, ...options }, io);
  return { code, pieces: out, lines: out.join("").split("\n").slice(0, -1), err };
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
    expect((await shown(events, { headers: false })).lines).toEqual(["a   x"]);
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
      expect(await printAnswer(broken(), { ...OPTIONS, output }, io)).toBe(1);
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

describe("the question", () => {
  const ask = (resource: string, name: string, options: Partial<GetOptions> = {}) =>
    Object.fromEntries(
      new URLSearchParams(queryPath(resource, name, { ...OPTIONS, ...options }).split("?")[1]),
    );
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
    ["", "", {}],
    ["po", "", { clusters: undefined }],
    ["po", "", { raw: "/version" }],
    ["po/a", "b", {}],
    ["po/a/b", "", {}],
    ["po", "a", { allNamespaces: true }],
  ])("%j %j %j is refused", (resource, name, options) => {
    expect(() => ask(resource, name, options)).toThrow(TypeError);
  });
});
