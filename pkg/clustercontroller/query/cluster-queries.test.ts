import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import type { QueryEvent } from "../../apis/cluster-query.ts";
import { isStatus } from "../../apis/status.ts";
import { testServer } from "../../apiserver/server.fixture.ts";
import type { QueryCaller } from "./choose-clusters.ts";
import { MAX_CLUSTER_BYTES } from "./cluster-api.ts";
import { MAX_ROW_BYTES } from "./json-members.ts";
import {
  answering,
  behind,
  everything,
  gathered,
  of,
  podsInPages,
  podTable,
  queryOf,
  quiet,
  type TestApi,
  type TestCluster,
  TestClusters,
} from "./query.fixture.ts";

afterEach(() => void vi.useRealTimers());

/** From now on no time passes by itself; messages move all the same. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
}

/** Lets `ms` pass whenever nothing moves any more, until `work` is done. */
async function inSteps<T>(ms: number, clusters: TestClusters, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  work.then(done, done);
  for (;;) {
    await quiet(clusters);
    if (isDone) return work;
    vi.advanceTimersByTime(ms);
  }
}

/** Clusters c000, c001, ... with this API. */
function many(count: number, api: (index: number) => TestApi | undefined) {
  const entries = Array.from({ length: count }, (_, index): [string, TestCluster] => [
    `c${String(index).padStart(5, "0")}`,
    { api: api(index) },
  ]);
  return Object.fromEntries(entries);
}

function numbered(count: number, prefix = "p"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** Never answers. */
const silent: TestApi = () => {};

function names(events: readonly QueryEvent[]): unknown[][] {
  return of(events, "ROWS").flatMap(({ rows }) => rows.map(({ cells }) => cells.slice(0, 2)));
}

function reasons(events: readonly QueryEvent[]): Record<string, string> {
  return Object.fromEntries(of(events, "FAILED").map(({ cluster, reason }) => [cluster, reason]));
}

/** Waits until no stream is open anywhere. */
async function ended(clusters: TestClusters): Promise<void> {
  await eventually("no stream is open", () => clusters.open === 0);
  expect(clusters.queries.asked).toBe(0);
}

describe("a query to many clusters", () => {
  it("tells the rows of each, the failures with their reasons, and a sum", async () => {
    const clusters = new TestClusters({
      "edge-1": { tags: { tier: "edge" }, api: answering(podTable(["a", "b"])) },
      "edge-2": { tags: { tier: "edge" } },
      "edge-3": { tags: { tier: "edge" }, api: answering(podTable([])) },
      other: { api: answering(podTable(["z"])) },
    });
    const events = await gathered(clusters.ask({ clusters: "tier=edge,nowhere" }));
    expect(events[0]).toEqual({ type: "SELECTED", clusters: 4 });
    expect(names(events)).toEqual([
      ["edge-1", "a"],
      ["edge-1", "b"],
    ]);
    expect(of(events, "COLUMNS")[0]?.columns.map(({ name }) => name)).toEqual([
      "Cluster",
      "Name",
      "Status",
    ]);
    expect(reasons(events)).toEqual({ "edge-2": "Offline", nowhere: "Unknown" });
    const counts = { asked: 4, answered: 2, failed: 2, rows: 2, remaining: 0 };
    expect(events.at(-1)).toEqual({ type: "END", ...counts });
    await ended(clusters);
  });

  it("asks for tables as the caller, with what selects", async () => {
    const seen: string[] = [];
    const api: TestApi = (request, body, answer) => {
      const accept = request.headers.find(([name]) => name === "Accept")?.[1] ?? "";
      seen.push(request.method, request.path, request.user.name, accept.split(",")[0] ?? "");
      answering(podTable([]))(request, body, answer);
    };
    const clusters = new TestClusters({ "edge-1": { api } });
    const selects = { labelSelector: "app in (a,b)", fieldSelector: "spec.nodeName=n1" };
    await gathered(clusters.ask({ resource: "deploy", namespace: "shop", ...selects }));
    expect(seen).toEqual([
      "GET",
      "/apis/apps/v1/namespaces/shop/deployments?labelSelector=app+in+%28a%2Cb%29&fieldSelector=spec.nodeName%3Dn1&includeObject=Metadata&limit=500",
      "admin",
      "application/json;as=Table;v=v1;g=meta.k8s.io",
    ]);
  });

  it("puts columns of different versions under one head", async () => {
    const table = (columns: string[], ...rows: unknown[][]) => ({
      ...podTable([]),
      columnDefinitions: columns.map((name) => ({ name, type: "string" })),
      rows: rows.map((cells) => ({ cells })),
    });
    const clusters = new TestClusters({
      a: { api: answering(table(["Name", "Ready", "Age"], ["x", "1/1", "5s"])) },
      b: { api: answering(table(["Name", "Age", "Status", "Age"], ["y", "6s", "Up", "7s"])) },
    });
    const events = await gathered(clusters.ask({ limit: "10" }));
    expect(
      of(events, "COLUMNS")
        .at(-1)
        ?.columns.map(({ name }) => name),
    ).toEqual(["Cluster", "Name", "Ready", "Age", "Status", "Age"]);
    expect(of(events, "ROWS").flatMap(({ rows }) => rows.map(({ cells }) => cells))).toEqual([
      ["a", "x", "1/1", "5s"],
      ["b", "y", null, "6s", "Up", "7s"],
    ]);
  });

  it("tells a cluster as soon as it answers, whatever the others do", async () => {
    const clusters = new TestClusters({
      quick: { api: answering(podTable(["a"])) },
      slow: { api: silent },
    });
    const events = clusters.ask({ deadline: "60s" });
    const got: QueryEvent[] = [];
    for await (const event of events) {
      got.push(event);
      if (event.type === "ANSWERED") break;
    }
    expect(names(got)).toEqual([["quick", "a"]]);
    await ended(clusters);
  });

  it("reads every page of a cluster, and packed answers", async () => {
    const packed: TestApi = (_, body, answer) => {
      const headers: [string, string][] = [
        ["Content-Type", "application/json"],
        ["Content-Encoding", "gzip"],
      ];
      answer({ status: 200, headers });
      body.resume();
      body.end(gzipSync(JSON.stringify(podTable(numbered(1000)))));
    };
    const clusters = new TestClusters({
      pages: { api: podsInPages(numbered(1234)) },
      packed: { api: packed },
    });
    const events = await gathered(clusters.ask({}));
    expect(
      Object.fromEntries(of(events, "ANSWERED").map((one) => [one.cluster, one.rows])),
    ).toEqual({ pages: 1234, packed: 1000 });
    expect(clusters.asked.filter((name) => name === "pages")).toHaveLength(3);
  });

  it("finds what a resource is where a cluster has it elsewhere or only under a short name", async () => {
    const paths: string[] = [];
    const old: TestApi = (request, body, answer) => {
      const documents: Record<string, unknown> = {
        "/api": { kind: "APIVersions", versions: ["v1"] },
        "/api/v1": { kind: "APIResourceList", resources: [] },
        "/apis": {
          kind: "APIGroupList",
          groups: [
            { name: "broken.io", preferredVersion: { version: "v1" } },
            { name: "batch", preferredVersion: { version: "v1" } },
            {
              name: "batch2",
              preferredVersion: { version: "v1" },
              versions: [{ version: "v1" }, { version: "v1beta1" }],
            },
          ],
        },
        "/apis/batch/v1": { resources: [{ name: "jobs", singularName: "job", namespaced: true }] },
        "/apis/batch2/v1": { resources: [] },
        "/apis/batch2/v1beta1": {
          resources: [{ name: "cronjobs", singularName: "", shortNames: ["cj"], namespaced: true }],
        },
        "/apis/batch2/v1beta1/namespaces/shop/cronjobs": podTable(["nightly"]),
      };
      const path = request.path.split("?")[0] ?? "";
      paths.push(path);
      const document = documents[path];
      const missing = answering("404 page not found", { status: 404, type: "text/plain" });
      (document === undefined ? missing : answering(document))(request, body, answer);
    };
    const clusters = new TestClusters({ old: { api: old } });
    const ask = () => gathered(clusters.ask({ resource: "cj", namespace: "shop" }));
    const events = await ask();
    expect(of(events, "ROWS").map(({ resource }) => resource)).toEqual(["cronjobs.batch2"]);
    expect(paths[0]).toBe("/apis/batch/v1/namespaces/shop/cronjobs");
    const other = await gathered(clusters.ask({ resource: "widgets" }));
    expect(of(other, "FAILED")[0]).toMatchObject({ reason: "NotFound" });
  });

  it("works on real APIs, for any path, and with whole objects", async () => {
    await using server = await testServer({ roles: true });
    const clusters = new TestClusters({ real: { api: behind(server.transport) } });
    const kinds = await gathered(clusters.ask({ resource: "crd", includeObject: "Object" }));
    const [rows] = of(kinds, "ROWS");
    expect(rows?.resource).toBe("customresourcedefinition.apiextensions.k8s.io");
    expect(rows?.rows[0]?.object).toMatchObject({ kind: "CustomResourceDefinition" });
    const custom = await gathered(clusters.ask({ resource: "clusters" }));
    expect(custom.at(-1)).toMatchObject({ answered: 1, failed: 0 });
    const version = await gathered(clusters.ask({ path: "/version" }));
    expect(of(version, "ROWS")[0]?.rows[0]).toMatchObject({
      cells: ["real", expect.stringContaining('"major"')],
      object: { major: expect.any(String) },
    });
    const health = await gathered(clusters.ask({ path: "/livez" }));
    expect(names(health)).toEqual([["real", "ok"]]);
    const whole = await gathered(clusters.ask({ path: "/livez", includeObject: "Object" }));
    expect(of(whole, "ROWS")[0]?.rows[0]?.object).toEqual({ text: "ok" });
    const one = await gathered(clusters.ask({ resource: "ns", name: "default" }));
    expect(names(one)).toEqual([["real", "default"]]);
    const none = await gathered(clusters.ask({ resource: "ns", name: "nowhere" }));
    expect(of(none, "FAILED")[0]).toMatchObject({
      reason: "NotFound",
      message: 'namespaces "nowhere" not found',
    });
  });

  it("takes lists, objects and refusals of APIs that speak no tables", async () => {
    const list = {
      kind: "PodList",
      apiVersion: "v1",
      metadata: {},
      items: [{ metadata: { name: "p" } }],
    };
    const picky: TestApi = (request, body, answer) => {
      const isTable = request.headers.some(([, value]) => value.includes("as=Table"));
      const api = isTable ? answering("{}", { status: 406 }) : answering(list);
      api(request, body, answer);
    };
    const clusters = new TestClusters({ list: { api: answering(list) }, picky: { api: picky } });
    const events = await gathered(clusters.ask({ includeObject: "Object", limit: "9" }));
    expect(of(events, "ROWS").map(({ rows }) => rows)).toEqual(
      ["list", "picky"].map((name) => [
        {
          cells: [name, "p", "<unknown>"],
          object: { apiVersion: "v1", kind: "Pod", metadata: { name: "p" } },
        },
      ]),
    );
  });
});

/** APIs that do not answer as they should, with the reason that is told. */
const BAD: Readonly<Record<string, readonly [reason: string, api: TestApi]>> = {
  "that answers with rubbish": ["InvalidAnswer", answering("rubbish")],
  "that answers with half a table": [
    "InvalidAnswer",
    answering(JSON.stringify(podTable(["a"])).slice(0, -5)),
  ],
  "that has rows without columns": [
    "InvalidAnswer",
    answering({ kind: "Table", rows: [{ cells: [] }] }),
  ],
  "that has rows wider than its head": [
    "InvalidAnswer",
    answering({ ...podTable([]), rows: [{ cells: [1, 2, 3] }] }),
  ],
  "that has a thousand columns": [
    "InvalidAnswer",
    answering({
      ...podTable([]),
      columnDefinitions: numbered(1000).map((name) => ({ name })),
      rows: [{ cells: [] }],
    }),
  ],
  "that answers in an unknown encoding": [
    "InvalidAnswer",
    (_, body, answer) => {
      answer({ status: 200, headers: [["content-encoding", "br"]] });
      body.resume();
      body.end("x");
    },
  ],
  "that says it is packed but is not": [
    "Unreachable",
    (_, body, answer) => {
      answer({ status: 200, headers: [["content-encoding", "gzip"]] });
      body.resume();
      body.end("not gzip at all");
    },
  ],
  "that answers with a row without end": [
    "TooLarge",
    endless(Buffer.from('{"kind":"Table","rows":[{"a":"'), Buffer.alloc(64 * 1024, "x")),
  ],
  "that answers with text without end": [
    "TooLarge",
    endless(Buffer.alloc(0), Buffer.alloc(9999, "x"), "text/plain"),
  ],
  "that answers with a gigabyte of rows": [
    "TooLarge",
    endless(
      Buffer.from(JSON.stringify(podTable([])).slice(0, -2)),
      Buffer.from(`{"cells":["${"x".repeat(30_000)}"]},`.repeat(8)),
    ),
  ],
  "that never answers": ["Deadline", silent],
  "that begins and never ends": [
    "Deadline",
    (_, body, answer) => {
      answer({ status: 200, headers: [["content-type", "application/json"]] });
      body.write('{"kind":"Table","rows":[');
    },
  ],
  "that continues for ever": ["Deadline", answering(podTable([], "again"))],
  "that refuses": [
    "Forbidden",
    answering({ kind: "Status", message: "no, you may not", code: 403 }, { status: 403 }),
  ],
  "that has had enough": ["Refused", answering("slow down", { status: 429, type: "text/plain" })],
  "whose page is too old": [
    "Expired",
    answering({ kind: "Status", message: "too old" }, { status: 410 }),
  ],
  "that refuses without end": [
    "TooLarge",
    endless(Buffer.alloc(0), Buffer.alloc(9999, "x"), "text/plain", 500),
  ],
  "that answers with a redirect": ["Refused", answering("", { status: 302 })],
};

function endless(
  head: Uint8Array,
  piece: Uint8Array,
  type = "application/json",
  status = 200,
): TestApi {
  return (_, body, answer) => {
    answer({ status, headers: [["content-type", type]] });
    body.write(head);
    const more = (): void => {
      while (!body.destroyed && body.write(piece));
    };
    body.on("drain", more);
    more();
  };
}

describe("a cluster", () => {
  /** What is told of a bad and a good cluster; time passes only for those that would need it without end. */
  async function told(clusters: TestClusters, reason: string): Promise<QueryEvent[]> {
    stopClock();
    const all: QueryEvent[] = [];
    const work = async (): Promise<void> => {
      for await (const event of clusters.ask({ deadline: "60s" })) all.push(event);
    };
    const working = work();
    while (of(all, "ANSWERED").length === 0) await new Promise(setImmediate);
    if (reason === "Deadline") vi.advanceTimersByTime(60_000);
    await working;
    vi.useRealTimers();
    return all;
  }

  const bad = Object.entries(BAD).map(([what, [reason, api]]) => ({ what, reason, api }));

  it.each(bad)(
    "$what is named, and does not keep others from answering",
    async ({ reason, api }) => {
      const clusters = new TestClusters({
        bad: { api },
        good: { api: answering(podTable(["a"])) },
      });
      const events = await told(clusters, reason);
      expect(reasons(events)).toEqual({ bad: reason });
      expect(names(events).filter(([cluster]) => cluster === "good")).toEqual([["good", "a"]]);
      expect(events.at(-1)).toMatchObject({ asked: 2, answered: 1, failed: 1 });
      await ended(clusters);
      expect(clusters.sent).toBeLessThan(MAX_CLUSTER_BYTES + MAX_ROW_BYTES);
    },
    120_000,
  );

  it("tells what its API says", async () => {
    const text = 'pods is forbidden: User "ann" cannot list resource "pods"';
    const clusters = new TestClusters({
      c: { api: answering({ kind: "Status", message: text }, { status: 403 }) },
    });
    const events = await gathered(clusters.ask({}));
    expect(of(events, "FAILED")[0]).toMatchObject({ code: 403, message: text, rows: 0 });
  });

  it("that is cut off in the middle is named with the rows that came", async () => {
    const half: TestApi = (_, body, answer) => {
      answer({ status: 200, headers: [["content-type", "application/json"]] });
      body.write(JSON.stringify(podTable(["a", "b"])).slice(0, -2));
      body.write(",");
    };
    const clusters = new TestClusters({ c: { api: half } });
    const got: QueryEvent[] = [];
    for await (const event of clusters.ask({ deadline: "60s" })) {
      got.push(event);
      if (event.type === "ROWS") clusters.cut("c");
    }
    const rows = names(got).length;
    expect(rows).toBeGreaterThan(0);
    expect(of(got, "FAILED")).toEqual([
      expect.objectContaining({ cluster: "c", reason: "Unreachable", rows }),
    ]);
    await ended(clusters);
  });
});

describe("a reader", () => {
  it("that goes away ends everything", async () => {
    const clusters = new TestClusters(
      many(300, (index) => (index % 2 ? silent : podsInPages(["a"]))),
    );
    const gone = new AbortController();
    let count = 0;
    for await (const event of clusters.ask({ deadline: "300s" }, { signal: gone.signal })) {
      if (event.type === "ANSWERED") count++;
      if (count === 20) break;
    }
    await ended(clusters);
  });

  it("that goes away while nothing comes ends everything", async () => {
    const clusters = new TestClusters(many(300, () => silent));
    const gone = new AbortController();
    const events = clusters.ask({ deadline: "300s" }, { signal: gone.signal });
    await events.next();
    const waiting = events.next();
    await eventually("clusters are asked", () => clusters.open > 0);
    gone.abort();
    await waiting;
    await events.return();
    await ended(clusters);
  });

  it("that stalls makes the clusters wait", async () => {
    const rows = podTable(numbered(100_000));
    const clusters = new TestClusters(many(8, () => answering(rows)));
    const events = clusters.ask({ deadline: "300s" });
    for (let i = 0; i < 5; i++) await events.next();
    await quiet(clusters);
    expect(clusters.sent).toBeGreaterThan(0);
    expect(clusters.sent).toBeLessThan(8 * 400 * 1024);
    await events.return();
    await ended(clusters);
  });
});

describe("clusters that do not answer", () => {
  it("lose their places to those that wait", async () => {
    const limits = { all: 20, each: 10, ofUser: 20, patienceMs: 1000 };
    const clusters = new TestClusters(
      many(120, (index) => (index % 10 === 0 ? silent : answering(podTable(["a"])))),
      limits,
    );
    // Twelve never answer and there are ten places: nobody else gets one until their patience ends.
    stopClock();
    const got: QueryEvent[] = [];
    const work = async (): Promise<void> => {
      for await (const event of clusters.ask({ deadline: "5m" })) {
        got.push(event);
        if (of(got, "ANSWERED").length === 108) break;
      }
    };
    const working = work();
    await quiet(clusters);
    expect([of(got, "ANSWERED").length, clusters.queries.asked]).toEqual([81, 10]);
    vi.advanceTimersByTime(1000);
    await working;
    expect(new Set(Object.values(reasons(got)))).toEqual(new Set(["Deadline"]));
    vi.useRealTimers();
    await ended(clusters);
  });

  it("are all named when the deadline comes, also those that were not asked", async () => {
    const clusters = new TestClusters(
      many(50, () => silent),
      { all: 10, each: 10, ofUser: 10, patienceMs: 9000 },
    );
    stopClock();
    const working = gathered(clusters.ask({ deadline: "300ms" }));
    await quiet(clusters);
    vi.advanceTimersByTime(300);
    expect((await working).at(-1)).toMatchObject({ asked: 50, answered: 0, failed: 50 });
    vi.useRealTimers();
    expect(clusters.asked).toHaveLength(10);
    await ended(clusters);
  });

  it("wait for the reader, offline or not", async () => {
    const clusters = new TestClusters(many(100_000, () => undefined));
    // With work that grows with the square of their number this never came to an end.
    const events = await gathered(clusters.ask({ deadline: "300s" }));
    expect(events.at(-1)).toMatchObject({ answered: 0, failed: 100_000 });
  }, 120_000);

  it("are not asked when they are known to be offline", async () => {
    const clusters = new TestClusters(
      many(10_000, (index) => (index % 10 === 0 ? answering(podTable(["a"])) : undefined)),
    );
    const events = await gathered(clusters.ask({ deadline: "300s" }));
    expect(events.at(-1)).toMatchObject({ answered: 1000, failed: 9000, rows: 1000 });
    expect(clusters.asked).toHaveLength(1000);
    await ended(clusters);
  });
});

describe("pages", () => {
  /** All pages of a query, one after another. */
  async function pages(clusters: TestClusters, parameters: Record<string, string>) {
    const all: QueryEvent[][] = [];
    let token = "";
    do {
      const more = token === "" ? {} : { continue: token };
      const page = await gathered(clusters.ask({ ...parameters, ...more }));
      all.push(page);
      const end = page.at(-1);
      token = (end?.type === "END" ? end.continue : undefined) ?? "";
      expect(all.length).toBeLessThan(200);
    } while (token !== "");
    return all;
  }

  it.each([1, 2, 7, 50, 1000])("of %i rows hold every row once, in order", async (limit) => {
    const sizes = [3, 0, 12, 1, 1, 30, 0, 5, 2, 0];
    const clusters = new TestClusters(
      many(sizes.length, (index) => podsInPages(numbered(sizes[index] ?? 0))),
    );
    const all = await pages(clusters, { limit: String(limit) });
    const expected = sizes.flatMap((size, index) =>
      numbered(size).map((name) => [`c0000${index}`, name]),
    );
    expect(all.flatMap(names)).toEqual(expected);
    for (const page of all.slice(0, -1)) expect(names(page)).toHaveLength(limit);
    expect(all.flatMap((page) => of(page, "ANSWERED"))).toHaveLength(sizes.length);
    expect(all.at(-1)?.at(-1)).toMatchObject({ remaining: 0 });
    await ended(clusters);
  });

  it("name each failure once, and go on behind a cluster that is silent", async () => {
    const clusters = new TestClusters(
      many(30, (index) =>
        index === 3 ? silent : index % 5 === 0 ? undefined : podsInPages(["a", "b"]),
      ),
    );
    stopClock();
    const all = await inSteps(1500, clusters, pages(clusters, { limit: "10", deadline: "3s" }));
    vi.useRealTimers();
    const failed = all.flatMap((page) => of(page, "FAILED").map(({ cluster }) => cluster));
    expect(failed).toEqual(["c00000", "c00003", "c00005", "c00010", "c00015", "c00020", "c00025"]);
    expect(all.flatMap(names)).toHaveLength(46);
    await ended(clusters);
  });

  it("are not taken for those of another query", async () => {
    const clusters = new TestClusters(many(3, () => podsInPages(numbered(5))));
    const [first] = await pages(clusters, { limit: "2" });
    const end = first?.at(-1);
    const token = (end?.type === "END" ? end.continue : "") ?? "";
    for (const other of [{ resource: "services" }, { clusters: "c*" }, { labelSelector: "a=b" }]) {
      const events = clusters.ask({ limit: "2", continue: token, ...other });
      await expect(events.next()).rejects.toMatchObject({ status: { code: 400 } });
    }
    await expect(clusters.ask({ limit: "2", continue: "x" }).next()).rejects.toThrow(/continue/);
  });

  it("do not hold what is larger than a page", async () => {
    const big = { kind: "Table", columnDefinitions: [{ name: "Name" }] };
    const rows = Array.from({ length: 600 }, () => ({ cells: ["x".repeat(30_000)] }));
    const clusters = new TestClusters({
      a: { api: podsInPages(["a"]) },
      b: { api: answering({ ...big, rows }) },
      c: { api: podsInPages(["c"]) },
    });
    const all = await pages(clusters, { limit: "5000" });
    expect(all.flatMap(names)).toEqual([
      ["a", "a"],
      ["c", "c"],
    ]);
    expect(all.flatMap((page) => of(page, "FAILED"))).toEqual([
      expect.objectContaining({ cluster: "b", reason: "TooLarge", rows: 0 }),
    ]);
    await ended(clusters);
  });
});

describe("who may not ask a cluster", () => {
  function caller(reach: readonly string[], list: boolean): QueryCaller {
    return {
      user: { name: "ann", groups: [] },
      mayReach: async (cluster) => cluster !== undefined && reach.includes(cluster),
      mayList: async () => list,
    };
  }
  const clusters = () =>
    new TestClusters({
      mine: { tags: { tier: "edge" }, api: answering(podTable(["a"])) },
      hidden: { tags: { tier: "edge", secret: "yes" }, api: answering(podTable(["b"])) },
    });

  it("is told so by name if they may list clusters", async () => {
    const events = await gathered(
      clusters().ask({ clusters: "*" }, { caller: caller(["mine"], true) }),
    );
    expect(names(events)).toEqual([["mine", "a"]]);
    expect(of(events, "FAILED")).toEqual([
      expect.objectContaining({ cluster: "hidden", reason: "Forbidden", code: 403 }),
    ]);
  });

  it("does not learn of it otherwise", async () => {
    const tree = clusters();
    const ask = (selector: string) =>
      gathered(tree.ask({ clusters: selector }, { caller: caller(["mine"], false) }));
    for (const selector of ["*", "tier=edge", "mine", "*i*"]) {
      const events = await ask(selector);
      expect(JSON.stringify(events)).not.toContain("hidden");
      expect(events.at(-1)).toMatchObject({ asked: 1, answered: 1 });
    }
    const [there, nowhere, tag] = await Promise.all(["hidden", "nowhere", "secret"].map(ask));
    const alike = (events: QueryEvent[] | undefined, name: string) =>
      JSON.stringify(events).replaceAll(name, "X");
    expect(alike(there, "hidden")).toBe(alike(nowhere, "nowhere"));
    expect(alike(tag, "secret")).toBe(alike(nowhere, "nowhere"));
    expect(reasons(there ?? [])).toEqual({ hidden: "Forbidden" });
    expect(tree.asked).not.toContain("hidden");
  });
});

describe("parameters", () => {
  it.each([
    [{ clusters: "" }, /clusters or clusterSelector/],
    [{ clusters: "a,,b" }, /a term is empty/],
    [{ clusterSelector: "a=(" }, /unable to parse/],
    [{ path: "/version", resource: "pods" }, /either resource/],
    [{ path: "version" }, /must begin/],
    [{ path: "/api/../x" }, /path must not contain/],
    [{ path: "/api/%2e%2e/x" }, /path must not contain/],
    [{ path: "/api/v1/pods?watch=1" }, /parameter watch/],
    [{ path: "/a b" }, /escaped/],
    [{ path: "/version", namespace: "x" }, /go with resource/],
    [{ resource: "pods/log" }, /as a resource/],
    [{ resource: "a,b" }, /as a resource/],
    [{ name: ".." }, /name must be/],
    [{ namespace: "a/b" }, /namespace must be/],
    [{ limit: "0" }, /limit/],
    [{ limit: "99999" }, /limit/],
    [{ limit: "-1" }, /limit/],
    [{ deadline: "0" }, /deadline/],
    [{ deadline: "1h" }, /deadline/],
    [{ deadline: "301s" }, /deadline/],
    [{ includeObject: "All" }, /includeObject/],
    [{ namespaces: "x" }, /no parameter/],
  ])("%j are refused", (parameters, message) => {
    expect(() => queryOf(parameters)).toThrow(message);
  });

  it("say which clusters by their tags", async () => {
    const clusters = new TestClusters({
      a: { tags: { tier: "edge" }, api: answering(podTable(["x"])) },
      b: { tags: { tier: "edge", old: "" }, api: answering(podTable(["y"])) },
      c: { api: answering(podTable(["z"])) },
    });
    const chosen = { clusters: "*", clusterSelector: "tier in (edge),!old" };
    expect(names(await gathered(clusters.ask(chosen)))).toEqual([["a", "x"]]);
  });
});

describe("a user who asks a hundred questions at once", () => {
  const as = (name: string): QueryCaller => ({ ...everything, user: { name, groups: [] } });

  /** A hundred questions of ann that nobody answers, each as far as it comes. */
  function flood(clusters: TestClusters, signal: AbortSignal) {
    const all = Array.from({ length: 100 }, async () => {
      const events = clusters.ask({ deadline: "300s" }, { caller: as("ann"), signal });
      try {
        return await gathered(events);
      } catch (error) {
        return error;
      }
    });
    return Promise.all(all);
  }

  it("does not keep another from being answered, and is told why not all are taken", async () => {
    const clusters = new TestClusters(
      many(500, (index) => (index % 10 === 0 ? answering(podTable(["a"])) : silent)),
      { all: 100, each: 40, ofUser: 50, patienceMs: 300_000 },
    );
    const gone = new AbortController();
    const flooded = flood(clusters, gone.signal);
    await eventually("ann has as many places as she may", () => clusters.queries.asked === 50);
    const selected = "c00000,c00010,c00020";
    const events = await gathered(clusters.ask({ clusters: selected }, { caller: as("bob") }));
    expect(events.at(-1)).toMatchObject({ asked: 3, answered: 3 });
    gone.abort();
    const ends = await flooded;
    const refused = ends.filter((end) => isStatus(end, "TooManyRequests"));
    expect(refused).toHaveLength(100 - 8 - 8);
    expect(refused[0]).toMatchObject({ status: { details: { retryAfterSeconds: 1 } } });
    await ended(clusters);
  });

  it("gets all answers when they come one after another", async () => {
    const clusters = new TestClusters({ a: { api: answering(podTable(["x"])) } });
    for (let i = 0; i < 100; i++) {
      const events = await gathered(clusters.ask({}, { caller: as("ann") }));
      expect(events.at(-1)).toMatchObject({ answered: 1 });
    }
  });
});
