import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { type RequestOptions, request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CertificateAuthority, readKeyPair } from "../../base/certificates.ts";
import { toHeader } from "../../base/header-text.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { call } from "../calls.fixture.ts";
import { EmbeddedApi } from "../embedded-api.ts";
import { SigningKey } from "./signing-key.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const REVIEW = "/apis/authentication.k8s.io/v1/tokenreviews";
const ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts";
const RBAC = "/apis/rbac.authorization.k8s.io/v1";

const TOKENS = ['s3cret,ann,u-1,"team,ops"', "boss-token,bob,,system:masters", "plain,carl,u-3"];

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let api: EmbeddedApi;
let ca: string;

beforeAll(async () => {
  directory = await temporaryDirectory();
  const tokenFile = join(directory.path, "tokens");
  await writeFile(tokenFile, `${TOKENS.join("\n")}\n`, { mode: 0o600 });
  api = await open(tokenFile);
  ca = await readFile(join(directory.path, "data", "pki", "ca.crt"), "utf8");
  const view = { kind: "ClusterRole", name: "view", apiGroup: "rbac.authorization.k8s.io" };
  const subjects = [{ kind: "ServiceAccount", name: "robot", namespace: "default" }];
  const binding = { metadata: { name: "robot" }, roleRef: view, subjects };
  await call(api.transport, "POST", `${RBAC}/namespaces/default/rolebindings`, binding);
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await directory?.[Symbol.asyncDispose]();
});

function open(tokenFile?: string): Promise<EmbeddedApi> {
  const dataDir = join(directory.path, "data");
  const options = { name: "test", dataDir, listen: "127.0.0.1:0", crds: [], tokenFile };
  return EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics });
}

function ask(
  path: string,
  options: RequestOptions,
  body?: object,
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
): Promise<{ status: number | undefined; body: any }> {
  const method = body === undefined ? "GET" : "POST";
  const headers = { "content-type": "application/json", ...options.headers };
  return new Promise((resolve, reject) => {
    const sent = request(
      api.url + path,
      { agent: false, ca, method, ...options, headers },
      async (response) => {
        const pieces: Buffer[] = [];
        for await (const piece of response) pieces.push(piece);
        resolve({
          status: response.statusCode,
          body: JSON.parse(Buffer.concat(pieces).toString()),
        });
      },
    );
    sent.on("error", reject);
    // Node sends headers as UTF-8 together with a body that is a text.
    sent.end(body && Buffer.from(JSON.stringify(body)));
  });
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** Who the server thinks we are; a code if it serves us at all not. */
async function whoAmI(options: RequestOptions): Promise<unknown> {
  const { status, body } = await ask(WHO, options, {});
  return status === 201 ? body.status.userInfo : status;
}

async function makeAccount(name: string): Promise<string> {
  return (await call(api.transport, "POST", ACCOUNTS, { metadata: { name } })).body.metadata.uid;
}

async function tokenOf(name: string, spec: object = {}): Promise<string> {
  const answer = await call(api.transport, "POST", `${ACCOUNTS}/${name}/token`, { spec });
  expect(answer.status).toBe(201);
  return answer.body.status.token;
}

describe("certificates and tokens of a file", () => {
  it("knows a certificate's owner", async () => {
    const { certificate, key } = await api.issueClient({ name: "dora", groups: ["team", "ops"] });
    expect(await whoAmI({ cert: certificate, key })).toEqual({
      username: "dora",
      groups: ["team", "ops", "system:authenticated"],
    });
  });

  it("knows a token's owner, over both versions of HTTP", async () => {
    expect(await whoAmI(bearer("s3cret"))).toEqual({
      username: "ann",
      uid: "u-1",
      groups: ["team", "ops", "system:authenticated"],
    });
    expect(await whoAmI(bearer("plain"))).toMatchObject({ groups: ["system:authenticated"] });
    expect((await ask(MAPS, bearer("boss-token"))).status).toBe(200);
    const session = connectHttp2(api.url, { ca });
    const stream = session.request({ ":path": MAPS, authorization: "bearer boss-token" });
    const status = await new Promise((resolve) =>
      stream.once("response", (headers) => resolve(headers[":status"])),
    );
    session.destroy();
    expect(status).toBe(200);
  });

  it("answers 401 to everybody else, and says nothing more", async () => {
    const stranger = await (await CertificateAuthority.create("test-ca")).issue({
      commonName: "kubernetes-admin",
      organizations: ["system:masters"],
      usage: "client",
    });
    const foreign = { cert: stranger.certificate, key: stranger.key };
    for (const options of [
      {},
      bearer("wrong"),
      bearer("s3cre"),
      bearer(""),
      { headers: { authorization: "Basic czNjcmV0" } },
      bearer("x".repeat(10_000)),
      foreign,
      { ...foreign, ...bearer("wrong") },
    ]) {
      const answer = await ask(MAPS, options);
      expect([answer.status, answer.body]).toEqual([
        401,
        {
          kind: "Status",
          apiVersion: "v1",
          metadata: {},
          status: "Failure",
          message: "Unauthorized",
          reason: "Unauthorized",
          code: 401,
        },
      ]);
    }
    expect(await whoAmI({ ...foreign, ...bearer("s3cret") })).toMatchObject({ username: "ann" });
  });

  it("takes a certificate's word before a token's", async () => {
    const { certificate, key } = await api.issueClient({ name: "dora", groups: [] });
    expect(await whoAmI({ cert: certificate, key, ...bearer("s3cret") })).toMatchObject({
      username: "dora",
    });
  });

  it.each([
    ["others may read", "t,u,1", 0o604, "mode 604"],
    ["its group may write", "t,u,1", 0o660, "mode 660"],
    ["has a line without a user", "a,b,c\nt", 0o600, "line 2"],
    ["has an open quote", 't,u,1,"a', 0o600, "line 1"],
  ])("refuses a file that %s", async (_, text, mode, why) => {
    const file = join(directory.path, `bad-${mode}-${text.length}`);
    await writeFile(file, text);
    await chmod(file, mode);
    await expect(open(file)).rejects.toMatchObject({
      code: "TOKEN_FILE_INVALID",
      message: expect.stringContaining(why),
    });
  });
});

describe("tokens of service accounts", () => {
  it("are good as long as the very account is there", async () => {
    const uid = await makeAccount("robot");
    const token = await tokenOf("robot");
    expect(await whoAmI(bearer(token))).toEqual({
      username: "system:serviceaccount:default:robot",
      uid,
      groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": [expect.stringMatching(/^JTI=/)] },
    });
    expect((await ask(MAPS, bearer(token))).status).toBe(200);
    expect((await ask("/api/v1/namespaces/default/secrets", bearer(token))).status).toBe(403);
    await call(api.transport, "DELETE", `${ACCOUNTS}/robot`);
    expect(await whoAmI(bearer(token))).toBe(401);
    await makeAccount("robot");
    expect(await whoAmI(bearer(token))).toBe(401);
    expect(await whoAmI(bearer(await tokenOf("robot")))).toMatchObject({
      groups: expect.anything(),
    });
  });

  it("end with the pod or secret they are bound to", async () => {
    await makeAccount("bound");
    const pods = "/api/v1/namespaces/default/pods";
    const containers = [{ name: "c", image: "i" }];
    const spec = { serviceAccountName: "bound", nodeName: "n1", containers };
    const pod = await call(api.transport, "POST", pods, { metadata: { name: "p" }, spec });
    expect(pod.status).toBe(201);
    await call(api.transport, "POST", "/api/v1/nodes", { metadata: { name: "n1" } });
    const { uid } = pod.body.metadata;
    const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: "p", uid };
    const token = await tokenOf("bound", { boundObjectRef });
    expect(await whoAmI(bearer(token))).toMatchObject({
      extra: {
        "authentication.kubernetes.io/pod-name": ["p"],
        "authentication.kubernetes.io/pod-uid": [uid],
        "authentication.kubernetes.io/node-name": ["n1"],
      },
    });
    const ask = async (reference: object) => {
      const body = { spec: { boundObjectRef: { ...boundObjectRef, ...reference } } };
      return (await call(api.transport, "POST", `${ACCOUNTS}/bound/token`, body)).status;
    };
    expect(await ask({ uid: "other" })).toBe(409);
    expect(await ask({ name: "missing" })).toBe(404);
    expect(await ask({ kind: "ConfigMap" })).toBe(400);
    await call(api.transport, "DELETE", `${pods}/p?gracePeriodSeconds=0`);
    expect(await whoAmI(bearer(token))).toBe(401);
  });

  it("are asked for with a time and audiences that make sense", async () => {
    await makeAccount("timed");
    const path = `${ACCOUNTS}/timed/token`;
    const short = await call(api.transport, "POST", path, { spec: { expirationSeconds: 599 } });
    expect([short.status, short.body.message]).toEqual([
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    ]);
    const good = await call(api.transport, "POST", path, { spec: { expirationSeconds: 600 } });
    const left = Date.parse(good.body.status.expirationTimestamp) - Date.now();
    expect(left).toBeGreaterThan(590_000);
    expect(left).toBeLessThan(601_000);
    expect((await call(api.transport, "POST", `${ACCOUNTS}/none/token`, {})).status).toBe(404);
    const foreign = await tokenOf("timed", { audiences: ["vault"] });
    expect(await whoAmI(bearer(foreign))).toBe(401);
    const review = async (spec: object) =>
      (await call(api.transport, "POST", REVIEW, { spec: { token: foreign, ...spec } })).body
        .status;
    expect(await review({ audiences: ["vault", "other"] })).toMatchObject({
      authenticated: true,
      audiences: ["vault"],
      user: { username: "system:serviceaccount:default:timed" },
    });
    expect(await review({})).toEqual({ user: {}, error: "invalid bearer token" });
    expect(await review({ token: "s3cret" })).toMatchObject({
      authenticated: true,
      user: { username: "ann", uid: "u-1", groups: ["team", "ops", "system:authenticated"] },
    });
    expect((await call(api.transport, "POST", REVIEW, { spec: {} })).status).toBe(400);
  });

  it("are refused when somebody has changed, forged or kept them too long", async () => {
    const uid = await makeAccount("forged");
    const token = await tokenOf("forged");
    const [head = "", body = "", signature = ""] = token.split(".");
    const claims = JSON.parse(Buffer.from(body, "base64url").toString());
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const other = encoded({ ...claims, sub: "system:serviceaccount:kube-system:admin" });
    const file = join(directory.path, "data", "pki", "service-account.key");
    const own = await SigningKey.open(file);
    const now = Math.floor(Date.now() / 1000);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await whoAmI(bearer(own.sign(claims)))).toMatchObject({ uid });
    for (const bad of [
      `${head}.${other}.${signature}`,
      `${encoded({ alg: "none" })}.${body}.`,
      `${head}.${body}.`,
      `${head}.${body}`,
      `${token}.x`,
      SigningKey.generate().sign(claims),
      own.sign({ ...claims, exp: now - 1 }),
      own.sign({ ...claims, exp: undefined }),
      own.sign({ ...claims, nbf: now + 60 }),
      own.sign({ ...claims, iss: "somebody" }),
      own.sign({ ...claims, sub: "system:serviceaccount:kube-system:admin" }),
      own.sign({ ...claims, aud: ["vault"] }),
      own.sign({ ...claims, "kubernetes.io": undefined }),
    ])
      expect([bad.length, await whoAmI(bearer(bad))]).toEqual([bad.length, 401]);
  });

  it("are good that a controller has written into a Secret, until it is gone", async () => {
    const uid = await makeAccount("old");
    const file = join(directory.path, "data", "pki", "service-account.key");
    const prefix = "kubernetes.io/serviceaccount";
    const token = (await SigningKey.open(file)).sign({
      iss: "kubernetes/serviceaccount",
      sub: "system:serviceaccount:default:old",
      [`${prefix}/namespace`]: "default",
      [`${prefix}/secret.name`]: "old-token",
      [`${prefix}/service-account.name`]: "old",
      [`${prefix}/service-account.uid`]: uid,
    });
    expect(await whoAmI(bearer(token))).toBe(401);
    const secrets = "/api/v1/namespaces/default/secrets";
    const secret = { metadata: { name: "old-token" }, stringData: { token } };
    await call(api.transport, "POST", secrets, secret);
    expect(await whoAmI(bearer(token))).toMatchObject({ uid });
    await call(api.transport, "DELETE", `${secrets}/old-token`);
    expect(await whoAmI(bearer(token))).toBe(401);
  });
});

describe("somebody who acts as another", () => {
  const asWhom = async (headers: RequestOptions["headers"], token = "boss-token") =>
    ask(WHO, { headers: { authorization: `Bearer ${token}`, ...headers } }, {});

  it("is that other, with all that was said", async () => {
    const { body } = await asWhom({
      "Impersonate-User": "zoe",
      "Impersonate-Group": ["one", "two, three"],
      "Impersonate-Uid": "u-9",
      "Impersonate-Extra-Example.com%2Fteam": ["x", "y"],
    });
    expect(body.status.userInfo).toEqual({
      username: "zoe",
      uid: "u-9",
      groups: ["one", "two, three", "system:authenticated"],
      extra: { "example.com/team": ["x", "y"] },
    });
    const foreign = await asWhom({ "Impersonate-User": toHeader("jörg") });
    expect(foreign.body.status.userInfo.username).toBe("jörg");
    const account = await asWhom({ "Impersonate-User": "system:serviceaccount:blue:robot" });
    expect(account.body.status.userInfo.groups).toEqual([
      "system:serviceaccounts",
      "system:serviceaccounts:blue",
      "system:authenticated",
    ]);
  });

  it("needs the right to each part", async () => {
    const refused = async (headers: RequestOptions["headers"]) => {
      const { status, body } = await asWhom(headers, "s3cret");
      return [status, body.message];
    };
    expect(await refused({ "Impersonate-User": "zoe" })).toEqual([
      403,
      'users "zoe" is forbidden: User "ann" cannot impersonate resource "users" in API group "" at the cluster scope',
    ]);
    expect(await refused({ "Impersonate-User": "system:serviceaccount:blue:robot" })).toEqual([
      403,
      'serviceaccounts "robot" is forbidden: User "ann" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "blue"',
    ]);
    const rules = [{ apiGroups: [""], resources: ["users"], verbs: ["impersonate"] }];
    const role = { metadata: { name: "actor" }, rules };
    await call(api.transport, "POST", `${RBAC}/clusterroles`, role);
    const roleRef = { kind: "ClusterRole", name: "actor", apiGroup: "rbac.authorization.k8s.io" };
    const binding = {
      metadata: { name: "actor" },
      roleRef,
      subjects: [{ kind: "User", name: "ann" }],
    };
    await call(api.transport, "POST", `${RBAC}/clusterrolebindings`, binding);
    expect((await refused({ "Impersonate-User": "zoe" }))[0]).toBe(201);
    const zoe = { "Impersonate-User": "zoe" };
    expect((await refused({ ...zoe, "Impersonate-Group": "system:masters" }))[1]).toContain(
      'groups "system:masters" is forbidden',
    );
    expect((await refused({ ...zoe, "Impersonate-Uid": "1" }))[1]).toContain(
      'uids.authentication.k8s.io "1" is forbidden',
    );
    expect((await refused({ ...zoe, "Impersonate-Extra-Scopes": "all" }))[1]).toContain(
      'cannot impersonate resource "userextras/scopes" in API group "authentication.k8s.io"',
    );
    expect((await refused({ "Impersonate-Group": "one" }))[0]).toBe(400);
  });
});

it("gives callers of this process the rights of the user they come as", async () => {
  const transport = api.transportFor({ name: "inside", groups: [] });
  expect((await call(transport, "GET", MAPS)).status).toBe(403);
  expect((await call(transport, "GET", "/api")).status).toBe(200);
  expect((await call(api.transport, "GET", MAPS)).status).toBe(200);
});

it("keeps its key over a restart, so that tokens go on", async () => {
  await using home = await temporaryDirectory();
  const options = { name: "t", dataDir: home.path, listen: "127.0.0.1:0", crds: [] };
  const parts = { log: silentLog, metrics: noMetrics };
  const first = await EmbeddedApi.open(options, parts);
  await call(first.transport, "POST", ACCOUNTS, { metadata: { name: "robot" } });
  const made = await call(first.transport, "POST", `${ACCOUNTS}/robot/token`, {});
  await first[Symbol.asyncDispose]();
  await using second = await EmbeddedApi.open(options, parts);
  const { token } = made.body.status;
  const { body } = await call(second.transport, "POST", REVIEW, { spec: { token } });
  expect(body.status.authenticated).toBe(true);
  expect(await readKeyPair(join(home.path, "pki", "ca"))).toHaveProperty("key");
});
