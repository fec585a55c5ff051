import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { Agent } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { ApiUnreachableError } from "../../apis/api-transport.ts";
import { CertificateAuthority, type KeyPair, writeKeyPair } from "../../base/certificates.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { callerOf, TestEntry } from "./entry.fixture.ts";

const DAY_MS = 86_400_000;

describe("an entry", () => {
  let entry: TestEntry;
  let authority: CertificateAuthority;
  let ann: KeyPair;
  beforeAll(async () => {
    entry = await TestEntry.open();
    authority = await CertificateAuthority.create("callers");
    ann = await callerOf(authority, "ann", { organizations: ["dev"] });
    await entry.trust(authority);
    await entry.allow("ann", "edge", "get", "create");
    await eventually("it trusts the authority", async () => {
      return (await entry.ask("/clusters/edge/api", ann)).status === 200;
    });
  });
  afterAll(() => entry?.[Symbol.asyncDispose]());

  it("passes on who may, as who they are", async () => {
    entry.cluster.asked.length = 0;
    expect(await entry.ask("/clusters/edge/api/v1/pods?watch=0", ann)).toMatchObject({
      status: 200,
    });
    expect(entry.cluster.asked).toMatchObject([
      {
        ...{ cluster: "edge", method: "GET", path: "/api/v1/pods?watch=0" },
        user: { name: "ann", groups: ["dev"] },
      },
    ]);
  });

  it.each([
    ["another cluster", "/clusters/shop/api", "GET"],
    ["another verb", "/clusters/edge/api", "DELETE"],
  ])("refuses %s in the words of Kubernetes", async (_, path, method) => {
    entry.cluster.asked.length = 0;
    const got = await entry.ask(path, ann, {}, method);
    expect(got.status).toBe(403);
    expect(JSON.parse(got.text)).toMatchObject({ kind: "Status", reason: "Forbidden", code: 403 });
    expect(got.text).toContain("cannot");
    expect(got.text).toContain('resource \\"clusters/proxy\\" in API group \\"ote.baidu.com\\"');
    expect(entry.cluster.asked).toEqual([]);
  });

  it("lets in whose token the API knows, a service account too", async () => {
    const { user, token } = await entry.account("robot");
    await entry.allow(user, "edge", "get");
    entry.cluster.asked.length = 0;
    const bearer = { authorization: `Bearer ${token}` };
    expect((await entry.ask("/clusters/edge/api", {}, bearer)).status).toBe(200);
    expect(entry.cluster.asked[0]).toMatchObject({
      user: { name: user, groups: ["system:serviceaccounts", "system:serviceaccounts:default"] },
    });
    expect(entry.cluster.asked[0]?.headers.flat().join()).not.toContain(token);
  });

  it("refuses everybody who does not show who they are", async () => {
    entry.cluster.asked.length = 0;
    const stranger = await CertificateAuthority.create("callers");
    const lies: [Partial<KeyPair>, Record<string, string>][] = [
      [{}, {}],
      [{}, { authorization: "Bearer rubbish" }],
      [{}, { authorization: "Basic YW5uOmFubg==" }],
      [{}, { "x-remote-user": "ann", "x-remote-group": "system:masters" }],
      [{}, { "impersonate-user": "ann" }],
      [await callerOf(stranger, "ann"), {}],
      [await callerOf(authority, "ann", { usage: "server" }), {}],
      [await callerOf(authority, "ann", { days: 1 / DAY_MS }), {}],
    ];
    for (const [shown, headers] of lies) {
      const got = await entry.ask("/clusters/edge/api", shown, headers);
      expect([got.status, JSON.parse(got.text)]).toMatchObject([401, { kind: "Status" }]);
    }
    expect(entry.cluster.asked).toEqual([]);
  });

  it("believes whom a successor of the authority has certified, who shows that", async () => {
    const successor = await CertificateAuthority.create("successor");
    const { certificate, key } = await callerOf(successor, "ann");
    const chain = `${certificate}\n${await authority.vouchFor(successor)}`;
    expect((await entry.ask("/clusters/edge/api", { certificate: chain, key })).status).toBe(200);
    expect((await entry.ask("/clusters/edge/api", { certificate, key })).status).toBe(401);
  });

  it("lets somebody act as another one only who may", async () => {
    const as = { "impersonate-user": "bob", "impersonate-group": ["dev", "ops"] };
    const refused = await entry.ask("/clusters/edge/api", ann, as);
    expect(refused.text).toContain('User \\"ann\\" cannot impersonate resource \\"users\\"');
    const masters = { organizations: ["system:masters"] };
    const admin = await callerOf(authority, "admin", masters);
    await entry.allow("bob", "edge", "get");
    entry.cluster.asked.length = 0;
    expect((await entry.ask("/clusters/edge/api", admin, as)).status).toBe(200);
    const [asked] = entry.cluster.asked;
    expect(asked?.user).toEqual({ name: "bob", groups: ["dev", "ops"] });
    expect(asked?.headers.some(([name]) => /^impersonate/i.test(name))).toBe(false);
    expect((await entry.ask("/clusters/shop/api", admin, as)).status).toBe(403);
    const nobody = { "impersonate-group": "dev" };
    expect((await entry.ask("/clusters/edge/api", admin, nobody)).status).toBe(400);
  });

  it("has nothing else, but says how it is", async () => {
    for (const path of ["/livez", "/readyz", "/healthz"])
      expect(await entry.ask(path)).toMatchObject({ status: 200, text: "ok" });
    for (const path of ["/", "/api", "/clusters", "/clusters/", "/metrics", "//clusters/edge"]) {
      const got = await entry.ask(path, ann);
      expect([path, got.status, JSON.parse(got.text).kind]).toEqual([path, 404, "Status"]);
    }
  });

  it("believes a certificate no longer than its authority, also on a connection that stays", async () => {
    const { url, ca = "" } = entry.address;
    const session = connectHttp2(url, { ca, cert: ann.certificate, key: ann.key });
    const stream = session.request({ ":path": "/clusters/edge/api" });
    stream.resume();
    expect((await once(stream, "response"))[0][":status"]).toBe(200);
    const closed = once(session, "close");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    const again = async () => {
      const got = await entry.ask("/clusters/edge/api", ann, {}, "GET", agent);
      sockets.add(got.socket);
      return got.status;
    };
    expect(await again()).toBe(200);
    const other = await CertificateAuthority.create("others");
    await entry.trust(other);
    const eve = await callerOf(other, "ann");
    await eventually("the other authority counts", async () => {
      return (await entry.ask("/clusters/edge/api", eve)).status === 200;
    });
    expect(await again()).toBe(401);
    expect(sockets.size).toBe(1);
    await closed;
    await entry.trust(authority, other);
    await eventually("both count", async () => {
      return (await entry.ask("/clusters/edge/api", ann)).status === 200;
    });
    expect(await again()).toBe(200);
    expect(sockets.size).toBe(1);
    expect((await entry.ask("/clusters/edge/api", eve)).status).toBe(200);
    agent.destroy();
  });
});

it("refuses everybody while the API cannot be asked", async () => {
  let isAway = false;
  await using entry = await TestEntry.open({}, (transport) => ({
    request: async (request, signal) => {
      if (isAway) throw new ApiUnreachableError("https://api", new Error("refused"));
      return transport.request(request, signal);
    },
    [Symbol.asyncDispose]: async () => {},
  }));
  const authority = await CertificateAuthority.create("callers");
  const ann = await callerOf(authority, "ann");
  await entry.trust(authority);
  const bearer = { authorization: "Bearer t" };
  await eventually("it trusts the authority", async () => {
    return (await entry.ask("/clusters/edge/api", ann)).status === 403;
  });
  isAway = true;
  for (const got of [
    await entry.ask("/clusters/other/api", ann),
    await entry.ask("/clusters/edge/api", {}, bearer),
  ]) {
    expect([got.status, JSON.parse(got.text).reason]).toEqual([503, "ServiceUnavailable"]);
    // kubectl would try again ten times before it says anything.
    expect(got.headers["retry-after"]).toBeUndefined();
  }
  expect(entry.cluster.asked).toEqual([]);
});

it("says who leads while it has no tree", async () => {
  const authority = await CertificateAuthority.create("callers");
  await using entry = await TestEntry.open();
  await entry.trust(authority);
  const admin = await callerOf(authority, "admin", { organizations: ["system:masters"] });
  const over = new AbortController();
  entry.proxy.lead(entry.cluster, over.signal);
  entry.proxy.follow(() => "root-b:8287");
  await eventually("it leads", async () => {
    return (await entry.ask("/clusters/edge/api", admin)).status === 200;
  });
  over.abort();
  const got = await entry.ask("/clusters/edge/api", admin);
  expect([got.status, got.text]).toEqual([503, expect.stringMatching(/NOT_LEADER.*root-b:8287/)]);
  expect((await entry.ask("/readyz")).status).toBe(503);
  expect((await entry.ask("/livez")).status).toBe(200);
});

it("shows a certificate from files, and believes authorities in a file", async () => {
  await using folder = await temporaryDirectory();
  const path = (name: string): string => join(folder.path, name);
  const authority = await CertificateAuthority.create("both");
  const leaf = { commonName: "entry", usage: "server", hosts: ["127.0.0.1"] } as const;
  await writeKeyPair(path("tls"), await authority.issue(leaf));
  await writeFile(path("ca"), authority.certificate);
  const files = { certificate: path("tls.crt"), key: path("tls.key"), ca: path("ca") };
  await using entry = await TestEntry.open({
    ...{ certificate: files, clientCa: path("ca"), url: "https://entry.example:1" },
  });
  expect(entry.address).toEqual({ url: "https://entry.example:1", ca: authority.certificate });
  await writeFile(path("wrong"), "no certificate");
  for (const [broken, code] of [
    [{ certificate: { ...files, key: path("none") } }, "ENTRY_FILE_INVALID"],
    [{ certificate: { ...files, certificate: path("wrong") } }, "ENTRY_FILE_INVALID"],
    [{ clientCa: path("none") }, "ENTRY_FILE_INVALID"],
    [{ clientCa: path("wrong") }, "ENTRY_FILE_INVALID"],
  ] as const)
    await expect(TestEntry.open(broken)).rejects.toMatchObject({ code });
});
