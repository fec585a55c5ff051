import { once } from "node:events";
import { readFile, rm, stat } from "node:fs/promises";
import { connect as connectHttp2, constants } from "node:http2";
import { type RequestOptions, request } from "node:https";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { eventually } from "../../../test/support/eventually.ts";
import { CertificateAuthority, readKeyPair } from "../../base/certificates.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { EmbeddedApi } from "../embedded-api.ts";
import { ApiDoor, type ApiDoorParts } from "./api-door.ts";
import type { Door } from "./door.ts";
import { HttpsListener, type ListenerParts } from "./https-listener.ts";
import { parseListen } from "./listen-address.ts";
import { issueClient, issueServer } from "./pki.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";

async function open(dataDir: string) {
  const options = { name: "test", dataDir, listen: "127.0.0.1:0", crds: [] };
  const api = await EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics });
  const path = join(dataDir, "admin.kubeconfig");
  await api.writeKubeconfig(path);
  const config = parse(await readFile(path, "utf8"));
  const pem = (text: string) => Buffer.from(text, "base64").toString();
  const { user } = config.users[0];
  const trust = {
    ca: pem(config.clusters[0].cluster["certificate-authority-data"]),
    cert: pem(user["client-certificate-data"]),
    key: pem(user["client-key-data"]),
  };
  return { api, config, path, trust };
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

function ask(url: string, options: RequestOptions, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, ...options }, async (response) => {
      const pieces: Buffer[] = [];
      for await (const piece of response) pieces.push(piece);
      resolve({ status: response.statusCode, text: Buffer.concat(pieces).toString() });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** An API that answers everybody with 200, and counts how often. */
function waitingParts() {
  const user = { name: "user", groups: [] };
  let answers = 0;
  const handle = async () => {
    answers++;
    return { status: 200, headers: {}, body: Readable.from([Buffer.from("ok")]) };
  };
  const authenticator = { userOf: () => user };
  const door = { api: { handle }, authenticator, log: silentLog, bodyMs: 200 };
  const doors = [new ApiDoor(door as unknown as ApiDoorParts)] as const;
  const parts: ListenerParts = { doors: [...doors], log: silentLog };
  return { user, answered: () => answers, parts };
}

describe("HttpsListener", () => {
  it("shows health and version to everybody, and nothing else", async () => {
    await using directory = await temporaryDirectory();
    const { api, trust } = await open(directory.path);
    await using _api = api;
    const { ca } = trust;
    for (const path of ["/livez", "/readyz", "/healthz", "/version"])
      expect([path, (await ask(api.url + path, { ca })).status]).toEqual([path, 200]);
    for (const path of ["/", "/api", "/apis", "/openapi/v2", MAPS])
      expect([path, (await ask(api.url + path, { ca })).status]).toEqual([path, 401]);
    const body = Buffer.alloc(2 << 20, "x");
    expect((await ask(api.url + MAPS, { ca, method: "POST" }, body)).status).toBe(401);
  });

  it("does not wait long for a body", async () => {
    const authority = await CertificateAuthority.create("test-ca");
    const { user, answered, parts } = waitingParts();
    const pair = await issueServer(authority, "127.0.0.1");
    const trust = { ca: authority.certificate, pair };
    await using listener = await HttpsListener.listen({ host: "127.0.0.1", port: 0 }, trust, parts);
    const { certificate: cert, key } = await issueClient(authority, user);
    const url = `https://127.0.0.1:${listener.port}/`;
    const options = { ca: authority.certificate, cert, key, method: "POST", agent: false };
    const slow = request(url, { ...options, headers: { "content-length": "10" } });
    slow.write("half ");
    await once(slow, "error");
    const session = connectHttp2(url, { ca: authority.certificate, cert, key });
    session.on("error", () => undefined);
    const stream = session.request({ ":path": "/", ":method": "POST" });
    stream.on("error", () => undefined);
    stream.write("half ");
    await once(stream, "close");
    session.destroy();
    expect(answered()).toBe(0);
    expect((await ask(url, options, "whole")).status).toBe(200);
  });

  it("renews the kubeconfig it has written, if it is still there", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      await using directory = await temporaryDirectory();
      const { api, path } = await open(directory.path);
      await using _api = api;
      const read = () => readFile(path, "utf8");
      const first = await read();
      vi.advanceTimersByTime(21 * 24 * 3_600_000);
      await eventually("it is renewed", async () => (await read()) !== first);
      const config = parse(await read());
      expect(config.clusters).toEqual(parse(first).clusters);
      await rm(path);
      vi.advanceTimersByTime(21 * 24 * 3_600_000);
      await expect(read()).rejects.toThrow("ENOENT");
    } finally {
      vi.useRealTimers();
    }
  });

  it("serves administrators over HTTP/1.1 and HTTP/2", async () => {
    await using directory = await temporaryDirectory();
    const { api, trust } = await open(directory.path);
    await using _api = api;
    expect((await ask(api.url + MAPS, trust)).status).toBe(200);
    const session = connectHttp2(api.url, trust);
    const stream = session.request({ ":path": MAPS });
    const [headers] = await once(stream, "response");
    expect(headers[":status"]).toBe(200);
    session.destroy();
  });

  it("refuses those it does not know, and those who may not", async () => {
    await using directory = await temporaryDirectory();
    const { api, trust } = await open(directory.path);
    await using _api = api;
    const { ca } = trust;
    const stranger = await (await CertificateAuthority.create("test-ca")).issue({
      commonName: "kubernetes-admin",
      organizations: ["system:masters"],
      usage: "client",
    });
    const forged = { ca, cert: stranger.certificate, key: stranger.key };
    expect((await ask(api.url + MAPS, forged)).status).toBe(401);
    const authority = await CertificateAuthority.load(
      await readKeyPair(join(directory.path, "pki", "ca")),
    );
    const guest = await authority.issue({ commonName: "guest", usage: "client" });
    const answer = await ask(api.url + MAPS, { ca, cert: guest.certificate, key: guest.key });
    expect([answer.status, JSON.parse(answer.text).message]).toEqual([
      403,
      'configmaps is forbidden: User "guest" cannot list resource "configmaps" in API group "" in the namespace "default"',
    ]);
    const server = await authority.issue({
      commonName: "x",
      organizations: ["system:masters"],
      usage: "server",
    });
    expect(
      (await ask(api.url + MAPS, { ca, cert: server.certificate, key: server.key })).status,
    ).toBe(401);
  });

  it("speaks nothing older than TLS 1.2", async () => {
    await using directory = await temporaryDirectory();
    const { api, trust } = await open(directory.path);
    await using _api = api;
    const { port } = new URL(api.url);
    const socket = connectTls({
      ...trust,
      port: Number(port),
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
    });
    await expect(once(socket, "secureConnect")).rejects.toThrow();
  });

  it("refuses a body that is too long without reading all of it into memory", async () => {
    await using directory = await temporaryDirectory();
    const { api, trust } = await open(directory.path);
    await using _api = api;
    const body = Buffer.alloc(5 << 20, "x");
    const options = { ...trust, method: "POST", headers: { "content-type": "application/json" } };
    expect((await ask(api.url + MAPS, options, body)).status).toBe(413);
  });

  it.each(["http/1.1", "h2"])(
    "lets what is on its way arrive when it closes: %s",
    async (protocol) => {
      const authority = await CertificateAuthority.create("test-ca");
      const pair = await issueServer(authority, "127.0.0.1");
      const whole = Buffer.alloc(6 << 20, "x");
      const door: Door = {
        serves: () => true,
        serve: async (_, response) => void response.end(whole),
      };
      const trust = { ca: "", pair };
      const parts: ListenerParts = { doors: [door], log: silentLog };
      const listener = await HttpsListener.listen({ host: "127.0.0.1", port: 0 }, trust, parts);
      const [url, client] = [`https://127.0.0.1:${listener.port}`, { ca: authority.certificate }];
      const session = protocol === "h2" ? connectHttp2(url, client) : undefined;
      const asked =
        session?.request({ ":path": "/" }) ?? request(url, { ...client, agent: false }).end();
      const [first] = await once(asked, "response");
      const closed = listener[Symbol.asyncDispose]();
      const got = await buffer(asked instanceof Readable ? asked : first);
      expect(got.length).toBe(whole.length);
      await closed;
      session?.destroy();
    },
  );

  it("ends watches when it closes, and closes soon", async () => {
    await using directory = await temporaryDirectory();
    const { api, trust } = await open(directory.path);
    const plain = ask(`${api.url}${MAPS}?watch=1`, trust);
    const session = connectHttp2(api.url, trust);
    session.on("error", () => undefined);
    const stream = session.request({ ":path": `${MAPS}?watch=1` });
    await once(stream, "response");
    stream.resume();
    const order: string[] = [];
    const ended = Promise.all([
      once(stream, "end").then(() => order.push("a watch ends")),
      plain.then(() => order.push("a watch ends")),
    ]);
    await api[Symbol.asyncDispose]();
    order.push("closed");
    // Cut off, a stream would have another code, and the other request an error instead of an answer.
    await ended;
    expect([order.at(-1), stream.rstCode]).toEqual(["closed", constants.NGHTTP2_NO_ERROR]);
    expect((await plain).status).toBe(200);
  });

  it("keeps its authority over a restart, so that old kubeconfigs go on", async () => {
    await using directory = await temporaryDirectory();
    const first = await open(directory.path);
    await first.api[Symbol.asyncDispose]();
    const second = await open(directory.path);
    await using _api = second.api;
    expect((await ask(second.api.url + MAPS, first.trust)).status).toBe(200);
  });

  it("writes a kubeconfig for its owner, with our namespace", async () => {
    await using directory = await temporaryDirectory();
    const { api, config, path } = await open(directory.path);
    await using _api = api;
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(config).toMatchObject({
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", namespace: "kube-system" } }],
      clusters: [{ name: "test", cluster: { server: api.url } }],
    });
  });

  it("lets a watch go on after a restart with what it has not seen", async () => {
    await using directory = await temporaryDirectory();
    const first = await open(directory.path);
    const post = {
      ...first.trust,
      method: "POST",
      headers: { "content-type": "application/json" },
    };
    const create = (url: string, name: string) =>
      ask(url + MAPS, post, JSON.stringify({ metadata: { name } }));
    await create(first.api.url, "a");
    const listed = JSON.parse((await ask(first.api.url + MAPS, first.trust)).text).metadata
      .resourceVersion;
    await first.api[Symbol.asyncDispose]();
    const second = await open(directory.path);
    await using _api = second.api;
    const since = async (revision: string) => {
      const url = `${second.api.url}${MAPS}?watch=1&resourceVersion=${revision}`;
      const [response] = await once(
        request(url, { agent: false, ...second.trust }).end(),
        "response",
      );
      return createInterface(response)[Symbol.asyncIterator]();
    };
    const next = async (lines: AsyncIterator<string>) => JSON.parse((await lines.next()).value);
    const going = await since(listed);
    await create(second.api.url, "b");
    const b = { type: "ADDED", object: { metadata: { name: "b" } } };
    expect(await next(going)).toMatchObject(b);
    const both = await since(String(listed - 1));
    expect((await next(both)).object.metadata.name).toBe("a");
    expect(await next(both)).toMatchObject(b);
  });
});

describe("parseListen", () => {
  it.each([
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["[::1]:6443", { host: "::1", port: 6443 }],
    [":8443", { host: "0.0.0.0", port: 8443 }],
  ])("reads %s", (text, address) => {
    expect(parseListen(text)).toEqual(address);
  });

  it.each(["", "6443", "host", "a:b", "127.0.0.1:70000", "::1:6443"])("refuses %j", (text) => {
    expect(() => parseListen(text)).toThrow(SyntaxError);
  });
});
