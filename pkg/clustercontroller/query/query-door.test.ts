import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { EmbeddedApi, type EmbeddedApiOptions } from "../../apiserver/embedded-api.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import type { ClusterQueries } from "./cluster-queries.ts";
import { answering, podsInPages, podTable, type TestApi, TestClusters } from "./query.fixture.ts";
import { QueryDoor } from "./query-door.ts";

type Identity = { readonly ca: string; readonly cert: string; readonly key: string };

/** How long the reader of a test may take nothing. */
const STALL_MS = 500;

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let api: EmbeddedApi;
let present: ClusterQueries | undefined;
let admin: Identity;
let ann: Identity;

beforeAll(async () => {
  folder = await temporaryDirectory();
  const options: EmbeddedApiOptions = {
    name: "t",
    dataDir: folder.path,
    listen: "127.0.0.1:0",
    crds: [],
    auditLog: `${folder.path}/audit.log`,
    doors: (visits) => [new QueryDoor({ ...visits, queries: () => present, stallMs: STALL_MS })],
  };
  api = await EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics });
  admin = await identity("kubernetes-admin", ["system:masters"]);
  ann = await identity("ann", []);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

let clusters: TestClusters;
function have(all: Readonly<Record<string, TestApi | undefined>>): void {
  const entries = Object.entries(all).map(([name, of]) => [name, { api: of }] as const);
  clusters = new TestClusters(Object.fromEntries(entries));
  present = clusters.queries;
}
beforeEach(() => have({ a: answering(podTable(["x"])), b: undefined }));

async function identity(name: string, groups: string[]): Promise<Identity> {
  const { certificate: cert, key } = await api.issueClient({ name, groups });
  const ca = await readFile(`${folder.path}/pki/ca.crt`, "utf8");
  return { ca, cert, key };
}

interface Asking {
  readonly who?: Identity;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function open(query: string, { who = admin, method = "GET", headers = {} }: Asking = {}) {
  const url = `${api.url}/api/v1/query${query}`;
  const client = httpsRequest(url, { ...who, method, headers, agent: false });
  client.on("error", () => {});
  client.end();
  const [response] = (await once(client, "response")) as [IncomingMessage];
  response.on("error", () => {});
  return { client, response };
}

async function ask(query: string, asking: Asking = {}) {
  const { response } = await open(query, asking);
  const text = await textOf(response);
  return { status: response.statusCode, headers: response.headers, text };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

/** Waits until nothing of a query is left. */
async function ended(): Promise<void> {
  await eventually("no stream is open", () => clusters.open === 0);
}

const PODS = "?clusters=*&resource=pods&namespace=shop";
const JSONL = { headers: { accept: "application/jsonl" } };

describe("GET /api/v1/query", () => {
  it("answers with one Table, the failures beside the rows", async () => {
    const { status, headers, text } = await ask(PODS);
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(JSON.parse(text)).toMatchObject({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      metadata: {},
      columnDefinitions: [{ name: "Cluster" }, { name: "Name" }, { name: "Status" }],
      summary: { asked: 2, answered: 1, failed: 1, rows: 1, remaining: 0 },
      failures: [{ cluster: "b", reason: "Offline", rows: 0 }],
      rows: [{ cells: ["a", "x", "Running"], object: { metadata: { name: "x" } } }],
    });
  });

  it("pages a Table of many rows without being asked to", async () => {
    have({ a: podsInPages(Array.from({ length: 1200 }, (_, index) => `p${index}`)) });
    const sizes: number[] = [];
    let next = "";
    do {
      const table = JSON.parse((await ask(`${PODS}${next && `&continue=${next}`}`)).text);
      sizes.push(table.rows.length);
      next = table.metadata.continue ?? "";
    } while (next !== "");
    expect(sizes).toEqual([500, 500, 200]);
  });

  it.each(["application/jsonl", "application/x-ndjson", "application/json;stream=watch"])(
    "answers with lines to %s",
    async (accept) => {
      const { headers, text } = await ask(PODS, { headers: { accept } });
      expect(headers["content-type"]).toBe("application/jsonl");
      const events = text.trimEnd().split("\n");
      expect(events.map((line) => JSON.parse(line).type).sort()).toEqual(
        ["ANSWERED", "COLUMNS", "END", "FAILED", "ROWS", "SELECTED"].sort(),
      );
    },
  );

  it("tells lines as clusters answer", async () => {
    have({ a: answering(podTable(["x"])), never: () => {} });
    const { client, response } = await open(`${PODS}&deadline=5m`, JSONL);
    let text = "";
    for await (const piece of response) {
      text += String(piece);
      if (text.includes("ANSWERED")) break;
    }
    expect(text).toContain('"cells":["a","x","Running"]');
    client.destroy();
    await ended();
  });

  it("is served over HTTP/2, too, however much it is", async () => {
    const row = { cells: ["x".repeat(1000), "y"] };
    have({ a: answering({ ...podTable([]), rows: new Array(20_000).fill(row) }) });
    const session = connectHttp2(api.url, admin);
    const path = `/api/v1/query${PODS}`;
    const stream = session.request({ ":path": path, accept: "application/jsonl" });
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece);
    const last = Buffer.concat(pieces).toString().trimEnd().split("\n").at(-1) ?? "";
    expect(JSON.parse(last)).toMatchObject({ type: "END", rows: 20_000 });
    session.close();
  });

  it.each([
    ["POST", PODS, {}, 405, "MethodNotAllowed"],
    ["DELETE", PODS, {}, 405, "MethodNotAllowed"],
    ["GET", "", {}, 400, "BadRequest"],
    ["GET", "?clusters=a,,b&resource=pods", {}, 400, "BadRequest"],
    ["GET", `${PODS}&continue=x`, {}, 400, "BadRequest"],
    ["GET", `${PODS}&limit=2&limit=3`, {}, 400, "BadRequest"],
    ["GET", PODS, { accept: "application/yaml" }, 406, "NotAcceptable"],
    [
      "GET",
      PODS,
      { accept: "application/json;as=PartialObjectMetadataList" },
      406,
      "NotAcceptable",
    ],
  ])("%s %s %j is refused", async (method, query, headers, status, reason) => {
    const got = await ask(query, { method, headers });
    expect([got.status, JSON.parse(got.text)]).toEqual([
      status,
      expect.objectContaining({ kind: "Status", code: status, reason }),
    ]);
    if (status === 405) expect(got.headers.allow).toBe("GET");
    expect(clusters.asked).toEqual([]);
  });

  it("is refused to strangers, and while there is no controller", async () => {
    const { ca } = admin;
    expect((await ask(PODS, { who: { ca, cert: "", key: "" } })).status).toBe(401);
    present = undefined;
    const { status, text } = await ask(PODS);
    expect([status, JSON.parse(text).reason]).toEqual([503, "ServiceUnavailable"]);
  });

  it("is refused to one user who asks too much at once, and not to another", async () => {
    have({ never: () => {}, a: answering(podTable(["x"])) });
    const stuck = `?clusters=never&resource=pods&deadline=5m`;
    const all = Array.from({ length: 8 }, () => open(stuck, JSONL));
    const opened = await Promise.all(all);
    const waiting = Array.from({ length: 8 }, () => open(stuck, JSONL));
    await eventually("eight wait and one is refused", async () => {
      const { status, headers, text } = await ask(`${stuck}&limit=1`);
      if (status !== 429) return false;
      expect(headers["retry-after"]).toBe("1");
      return JSON.parse(text).message.startsWith('user "kubernetes-admin" has 8 queries under way');
    });
    expect((await ask("?clusters=a&resource=pods", { who: ann })).status).toBe(200);
    for (const { client } of opened) client.destroy();
    for (const { client, response } of await Promise.all(waiting)) {
      expect(response.statusCode).toBe(200);
      client.destroy();
    }
    await ended();
  });

  it("does not take other paths", async () => {
    for (const path of ["/x", "s", "/"]) expect((await ask(path)).status).toBe(404);
  });

  it("goes on as who asks, for the clusters that they may reach", async () => {
    const users: string[] = [];
    const noting: TestApi = (request, body, answer) => {
      users.push(`${request.user.name} ${request.user.groups}`);
      answering(podTable(["x"]))(request, body, answer);
    };
    have({ a: noting, b: noting });
    const nothing = JSON.parse((await ask(PODS, { who: ann })).text);
    expect([nothing.rows, nothing.failures, nothing.summary.asked]).toEqual([[], [], 0]);
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      metadata: { name: "to-a", namespace: "kube-system" },
    };
    await create("roles", {
      ...role,
      kind: "Role",
      rules: [
        {
          apiGroups: ["ote.baidu.com"],
          resources: ["clusters/proxy"],
          resourceNames: ["a"],
          verbs: ["get"],
        },
      ],
    });
    await create("rolebindings", {
      ...role,
      kind: "RoleBinding",
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "to-a" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "ann" }],
    });
    const some = JSON.parse((await ask(PODS, { who: ann })).text);
    expect([some.rows.length, some.failures, some.summary.asked]).toEqual([1, [], 1]);
    expect(users).toEqual(["ann "]);
    const as = { "impersonate-user": "ann", "impersonate-group": "ops" };
    await ask(PODS, { headers: as });
    expect(users.at(-1)).toBe("ann ops");
    expect((await ask(PODS, { who: ann, headers: { "impersonate-user": "bob" } })).status).toBe(
      403,
    );
  });

  it("is one line in the audit", async () => {
    await ask(`${PODS}&limit=7`);
    const told = async () =>
      (await audited()).filter(({ requestURI }) => requestURI.endsWith("limit=7"));
    await expect.poll(told).not.toEqual([]);
    const lines = await told();
    expect(lines).toEqual([
      expect.objectContaining({
        verb: "get",
        requestURI: `/api/v1/query${PODS}&limit=7`,
        user: expect.objectContaining({ username: "kubernetes-admin" }),
        responseStatus: expect.objectContaining({ code: 200 }),
      }),
    ]);
  });

  it("makes clusters wait for a reader that stalls, and cuts it off in the end", async () => {
    const row = { cells: ["x".repeat(1000), "y"] };
    have({ a: answering({ ...podTable([]), rows: new Array(50_000).fill(row) }) });
    const { response } = await open(PODS, JSONL);
    await eventually("rows are on their way", () => clusters.sent > 0);
    await ended();
    // What the sockets between have room for, and no more.
    expect(clusters.sent).toBeLessThan(20_000_000);
    await expect(textOf(response)).rejects.toThrow();
  });

  it("ends when the listener closes", async () => {
    have({ never: () => {} });
    const dataDir = `${folder.path}/other`;
    const other = await EmbeddedApi.open(
      {
        ...{ name: "o", dataDir, listen: "127.0.0.1:0", crds: [] },
        doors: (visits) => [new QueryDoor({ ...visits, queries: () => present })],
      },
      { log: silentLog, metrics: noMetrics },
    );
    const ca = await readFile(`${dataDir}/pki/ca.crt`, "utf8");
    const { certificate: cert, key } = await other.issueClient({
      name: "x",
      groups: ["system:masters"],
    });
    const client = httpsRequest(`${other.url}/api/v1/query${PODS}&deadline=5m`, {
      ...{ ca, cert, key, agent: false },
      ...JSONL,
    });
    client.on("error", () => {});
    client.end();
    const [response] = (await once(client, "response")) as [IncomingMessage];
    response.on("error", () => {});
    await other[Symbol.asyncDispose]();
    await ended();
  });
});

async function create(plural: string, object: object): Promise<void> {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/${plural}`;
  const request = { method: "POST", path, body: JSON.stringify(object) };
  const headers = { "content-type": "application/json" };
  const { status } = await api.transport.request(
    { ...request, headers },
    AbortSignal.timeout(60_000),
  );
  expect(status).toBe(201);
}

async function audited(): Promise<{ requestURI: string }[]> {
  const text = await readFile(`${folder.path}/audit.log`, "utf8");
  const lines = text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return lines.filter(({ requestURI }) => requestURI.includes("/query"));
}
