import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClusterProxy, ProxyRequest } from "../../apis/cluster-proxy.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { EmbeddedApi } from "../embedded-api.ts";
import type { User } from "../request/operation.ts";

/** What the far end of a test proxy does with a request. */
type Far = (
  request: ProxyRequest,
  body: Duplex,
) => { status: number; headers?: [string, string][] };

/** Two streams of which each reads what the other is written. */
function pair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  for (const at of [0, 1]) {
    const end: Duplex = new Duplex({
      allowHalfOpen: true,
      read: () => {},
      write: (chunk, _, done) => {
        ends[1 - at]?.push(chunk);
        done();
      },
      final: (done) => {
        ends[1 - at]?.push(null);
        done();
      },
      destroy: (error, done) => {
        const isOver = end.readableEnded && end.writableFinished;
        if (!isOver) setImmediate(() => ends[1 - at]?.destroy());
        done(error);
      },
    });
    end.on("error", () => {});
    ends.push(end);
  }
  return ends as [Duplex, Duplex];
}

let far: Far;
let asked: ProxyRequest[] = [];
const proxy: ClusterProxy = {
  exchange(cluster, request) {
    const [near, there] = pair();
    asked.push(request);
    const answer = new Promise<{ status: number; headers: [string, string][] }>(
      (resolve, reject) => {
        if (cluster === "offline") {
          reject(Object.assign(new Error("it is offline"), { code: "CLUSTER_UNREACHABLE" }));
          return;
        }
        const { status, headers = [] } = far(request, there);
        resolve({ status, headers });
      },
    );
    answer.catch(() => {});
    return { body: near, answer };
  },
};

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let api: EmbeddedApi;
let admin: { ca: string; cert: string; key: string };
let nobody: { ca: string; cert: string; key: string };

async function identity(user?: User) {
  const path = `${folder.path}/${user?.name ?? "admin"}.kubeconfig`;
  await api.writeKubeconfig(path, user);
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(path, "utf8");
  const field = (name: string): string => {
    const [, value = ""] = new RegExp(`${name}: (\\S+)`).exec(text) ?? [];
    return Buffer.from(value.replace(/"/g, ""), "base64").toString();
  };
  return {
    ca: field("certificate-authority-data"),
    cert: field("client-certificate-data"),
    key: field("client-key-data"),
  };
}

beforeAll(async () => {
  folder = await temporaryDirectory();
  api = await EmbeddedApi.open(
    { name: "t", dataDir: folder.path, listen: "127.0.0.1:0", crds: [], clusters: proxy },
    { log: silentLog, metrics: noMetrics },
  );
  admin = await identity();
  nobody = await identity({ name: "nobody", groups: [] });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

async function ask(path: string, who = admin, body?: Buffer, headers = {}): Promise<Got> {
  // As an option, for a URL would be tidied up.
  const client = httpsRequest(api.url, {
    ...who,
    path,
    method: body === undefined ? "GET" : "POST",
    headers,
    agent: false,
  });
  client.end(body);
  const [response] = (await once(client, "response")) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(pieces),
  };
}

const echo: Far = (_, body) => {
  body.pipe(body);
  return {
    status: 200,
    headers: [
      ["content-type", "text/plain"],
      ["connection", "close"],
    ],
  };
};

describe("requests under /clusters/", () => {
  it("go on without what is only between neighbours, as who asked", async () => {
    far = echo;
    asked = [];
    const headers = { te: "trailers", "proxy-authorization": "secret", "x-own": "1" };
    const got = await ask(
      "/clusters/edge/api/v1/pods?watch=0",
      admin,
      Buffer.from("words"),
      headers,
    );
    expect([got.status, String(got.body), got.headers["content-type"]]).toEqual([
      200,
      "words",
      "text/plain",
    ]);
    const [request] = asked;
    expect(request).toMatchObject({ method: "POST", path: "/api/v1/pods?watch=0" });
    const names = request?.headers.map(([name]) => name.toLowerCase());
    expect(names).toContain("x-own");
    for (const name of ["te", "proxy-authorization", "host", "connection"])
      expect(names).not.toContain(name);
    expect(request?.user).toEqual({ name: "kubernetes-admin", groups: ["system:masters"] });
  });

  it("carry large bodies both ways, over HTTP/1.1 and 2", async () => {
    far = echo;
    const body = randomBytes(3_000_000);
    const plain = await ask("/clusters/edge/x", admin, body);
    expect(plain.body.equals(body)).toBe(true);
    const session = connectHttp2(api.url, admin);
    const stream = session.request({ ":method": "POST", ":path": "/clusters/edge/x" });
    stream.end(body);
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(body)).toBe(true);
    session.close();
  });

  it("are for those alone who may", async () => {
    far = echo;
    const got = await ask("/clusters/edge/api", nobody);
    expect(got.status).toBe(403);
    expect(JSON.parse(String(got.body)).message).toContain(
      'cannot get resource "clusters/proxy" in API group "ote.baidu.com"',
    );
    const { ca } = admin;
    expect((await ask("/clusters/edge/api", { ca, cert: "", key: "" } as never)).status).toBe(401);
  });

  it("end with 503 and the reason when the cluster cannot be reached", async () => {
    const got = await ask("/clusters/offline/api");
    expect(got.status).toBe(503);
    expect(JSON.parse(String(got.body))).toMatchObject({
      kind: "Status",
      message: "Cannot reach the cluster (CLUSTER_UNREACHABLE): it is offline",
    });
  });

  it("end at the cluster when the caller goes", async () => {
    let ended: Promise<unknown> | undefined;
    far = (_, body) => {
      ended = once(body, "close");
      body.write("first");
      return { status: 200 };
    };
    const client = httpsRequest(`${api.url}/clusters/edge/watch`, { ...admin, agent: false });
    client.on("error", () => {});
    client.end();
    const [response] = (await once(client, "response")) as [IncomingMessage];
    await once(response, "data");
    client.destroy();
    await ended;
  });

  it("break off when the far end does, so that half an answer does not look whole", async () => {
    far = (_, body) => {
      body.write("half");
      setImmediate(() => body.destroy());
      return { status: 200 };
    };
    await expect(ask("/clusters/edge/x")).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });

  it("can become another protocol, bytes in both directions", async () => {
    far = (_, body) => {
      body.pipe(body);
      return {
        status: 101,
        headers: [
          ["connection", "Upgrade"],
          ["upgrade", "SPDY/3.1"],
        ],
      };
    };
    const headers = { connection: "Upgrade", upgrade: "SPDY/3.1" };
    const client = httpsRequest(`${api.url}/clusters/edge/exec`, {
      ...admin,
      agent: false,
      headers,
    });
    client.end();
    const [response, socket] = (await once(client, "upgrade")) as [IncomingMessage, Socket];
    expect([response.statusCode, response.headers.upgrade]).toEqual([101, "SPDY/3.1"]);
    const body = randomBytes(500_000);
    let back = Buffer.alloc(0);
    const whole = new Promise<void>((resolve) => {
      socket.on("data", (piece: Buffer) => {
        back = Buffer.concat([back, piece]);
        if (back.length >= body.length) resolve();
      });
    });
    socket.write(body);
    await whole;
    expect(back.equals(body)).toBe(true);
    socket.destroy();
  });

  it("can be refused another protocol", async () => {
    far = (_, body) => {
      body.end("no shell here");
      return { status: 400 };
    };
    const headers = { connection: "Upgrade", upgrade: "websocket" };
    const client = httpsRequest(`${api.url}/clusters/edge/exec`, {
      ...admin,
      agent: false,
      headers,
    });
    client.end();
    const [response] = (await once(client, "response")) as [IncomingMessage];
    // Clients over websockets tell their users these words.
    expect([response.statusCode, response.statusMessage]).toEqual([400, "Bad Request"]);
    let text = "";
    for await (const piece of response) text += String(piece);
    expect(text).toBe("no shell here");
  });

  it("refuse a body where bytes of another protocol would follow", async () => {
    asked = [];
    const headers = { connection: "Upgrade", upgrade: "SPDY/3.1", "content-length": "5" };
    const client = httpsRequest(`${api.url}/clusters/edge/exec`, {
      ...{ ...admin, agent: false, headers, method: "POST" },
    });
    client.end("GET /");
    const [response] = (await once(client, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    response.resume();
    expect(asked).toEqual([]);
  });

  it("do not lead up, nor to what is no cluster, and claim nobody's identity", async () => {
    far = echo;
    asked = [];
    for (const [path, status] of [
      ["/clusters/edge/../../api", 400],
      ["/clusters/edge/%2e%2e/api", 400],
      ["/clusters/%2e%2e/api", 404],
      ["/clusters/a%2fb/api", 404],
    ] as const) {
      const got = await ask(path);
      expect([path, got.status]).toEqual([path, status]);
      expect(JSON.parse(String(got.body))).toMatchObject({ kind: "Status", code: status });
    }
    expect(asked).toEqual([]);
    await ask("/clusters/edge/api", admin, undefined, { "x-remote-user": "root", "x-own": "1" });
    const names = asked[0]?.headers.map(([name]) => name.toLowerCase());
    expect(names).toContain("x-own");
    expect(names).not.toContain("x-remote-user");
  });

  it("leave everything else as it was", async () => {
    expect((await ask("/clusters")).status).toBe(404);
    expect((await ask("/version")).status).toBe(200);
  });
});
