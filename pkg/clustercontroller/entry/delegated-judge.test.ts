import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Answer, ScriptedApi } from "../../../test/support/scripted-api.ts";
import type { ResourceAttributes } from "../../apiserver/access/attributes.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { KubeconfigTransport } from "../../kube/kubeconfig-transport.ts";
import { DelegatedJudge } from "./delegated-judge.ts";
import { ReviewDesk } from "./review-desk.ts";

const WANTED: ResourceAttributes = {
  kind: "resource",
  ...{ verb: "get", group: "ote.baidu.com", version: "v1", namespace: "kube-system" },
  ...{ resource: "clusters", subresource: "proxy", name: "edge" },
};
const ANN = { name: "ann", groups: ["dev"] };

let api: ScriptedApi;
let transport: KubeconfigTransport;
let judge: DelegatedJudge;

beforeEach(async () => {
  api = await ScriptedApi.listen();
  transport = await KubeconfigTransport.open(api.kubeconfig);
  const desk = { transport, log: silentLog, metrics: noMetrics, limitMs: 300 };
  judge = new DelegatedJudge(new ReviewDesk(desk));
});
afterEach(async () => {
  await transport[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const says = (status: object): Answer => ({ status: 201, body: JSON.stringify({ status }) });
const shows = (authorization: string | undefined) => ({ certificate: undefined, authorization });

describe("who somebody is", () => {
  it("is what a TokenReview says, asked once", async () => {
    const user = { username: "ann", uid: "7", groups: ["dev"], extra: { team: ["a", "b"] } };
    api.answer = () => says({ authenticated: true, user });
    const expected = {
      name: "ann",
      uid: "7",
      groups: ["dev", "system:authenticated"],
      extra: { team: ["a", "b"] },
    };
    expect(await judge.userOf(shows("Bearer secret"))).toEqual(expected);
    expect(await judge.userOf(shows("bearer   secret "))).toEqual(expected);
    expect(api.requests).toHaveLength(1);
    const [{ method, url, body } = { method: "", url: "", body: "" }] = api.requests;
    expect([method, url]).toEqual(["POST", "/apis/authentication.k8s.io/v1/tokenreviews"]);
    expect(JSON.parse(body)).toEqual({
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token: "secret" },
    });
  });

  it.each([
    ["not authenticated", { authenticated: false, user: { username: "ann" } }],
    ["silent about it", { user: { username: "ann" } }],
    ["nearly true", { authenticated: "true", user: { username: "ann" } }],
    ["nobody's name", { authenticated: true, user: { username: "" } }],
    ["no name", { authenticated: true, user: {} }],
    ["no user", { authenticated: true }],
  ])("is nobody when the answer is %s", async (_, status) => {
    api.answer = () => says(status);
    expect(await judge.userOf(shows("Bearer t"))).toBeUndefined();
    expect(await judge.userOf(shows("Bearer t"))).toBeUndefined();
    expect(api.requests).toHaveLength(1);
  });

  it.each([undefined, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Token t"])(
    "is not asked for %j",
    async (authorization) => {
      expect(await judge.userOf(shows(authorization))).toBeUndefined();
      expect(api.requests).toEqual([]);
    },
  );

  it("is not asked for tokens of any length, nor for a certificate", async () => {
    expect(await judge.userOf(shows(`Bearer ${"t".repeat(20_000)}`))).toBeUndefined();
    const shown = { certificate: ANN, authorization: "Bearer other" };
    expect(await judge.userOf(shown)).toBe(ANN);
    expect(api.requests).toEqual([]);
  });
});

describe("what somebody may do", () => {
  it("is what a SubjectAccessReview says, asked once for each question", async () => {
    api.answer = () => says({ allowed: true, reason: "by role" });
    expect(await judge.decide(ANN, WANTED)).toEqual({ allowed: true, reason: "by role" });
    await judge.decide(ANN, WANTED);
    expect(api.requests).toHaveLength(1);
    const { kind: _, ...resourceAttributes } = WANTED;
    expect(JSON.parse(api.requests[0]?.body ?? "")).toMatchObject({
      kind: "SubjectAccessReview",
      spec: { user: "ann", groups: ["dev"], resourceAttributes },
    });
    await judge.decide({ ...ANN, groups: [] }, WANTED);
    await judge.decide(ANN, { ...WANTED, name: "other" });
    await judge.decide(ANN, { ...WANTED, verb: "create" });
    expect(api.requests).toHaveLength(4);
  });

  it.each([
    ["no", { allowed: false, reason: "RBAC: none" }],
    ["nothing", {}],
    ["nearly yes", { allowed: "true" }],
    ["yes and no", { allowed: true, denied: true }],
  ])("is not allowed when the answer is %s", async (_, status) => {
    api.answer = () => says(status);
    expect((await judge.decide(ANN, WANTED)).allowed).toBe(false);
  });
});

describe("an API that does not answer", () => {
  const answers: [string, Answer][] = [
    ["refuses", { status: 403, body: JSON.stringify({ kind: "Status", message: "no" }) }],
    ["fails", { status: 500, body: "oops" }],
    ["says no JSON", { status: 201, body: "<html>" }],
    ["has no status", { status: 201, body: "{}" }],
    ["talks for ever", { status: 201, body: "x".repeat(2 << 20) }],
    ["is silent", "hang"],
    ["hangs up", "reset"],
  ];
  it.each(answers)("lets nobody in when it %s, and is asked again", async (_, answer) => {
    const away = { status: { code: 503, reason: "ServiceUnavailable" } };
    api.answer = () => answer;
    await expect(judge.userOf(shows("Bearer t"))).rejects.toMatchObject(away);
    await expect(judge.decide(ANN, WANTED)).rejects.toMatchObject(away);
    api.answer = ({ url }) =>
      says(
        /token/.test(url) ? { authenticated: true, user: { username: "b" } } : { allowed: true },
      );
    expect((await judge.userOf(shows("Bearer t")))?.name).toBe("b");
    expect((await judge.decide(ANN, WANTED)).allowed).toBe(true);
  });
});

describe("many callers at once", () => {
  it("wait until those before them are known", async () => {
    let [underWay, most] = [0, 0];
    let go = (): void => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    api.answer = async () => {
      most = Math.max(most, ++underWay);
      await gone;
      underWay--;
      return says({ authenticated: true, user: { username: "one" } });
    };
    const patient = new DelegatedJudge(
      new ReviewDesk({ transport, log: silentLog, metrics: noMetrics }),
    );
    const asked = Array.from({ length: 200 }, (_, i) => patient.userOf(shows(`Bearer t${i}`)));
    await vi.waitFor(() => expect(underWay).toBe(64));
    go();
    const users = await Promise.all(asked);
    expect(users.filter((user) => user?.name === "one")).toHaveLength(200);
    expect(most).toBe(64);
  });

  it("are told to come again when too many wait, or when they have waited for too long", async () => {
    api.answer = () => "hang";
    const asked = Array.from({ length: 1024 + 16 }, (_, i) => judge.userOf(shows(`Bearer t${i}`)));
    const codes = asked.map((answer) => answer.catch(({ status }) => status.code));
    const overdue = Promise.race(codes.slice(0, 1024)).then(() => "overdue");
    expect(await Promise.race([Promise.all(codes.slice(1024)), overdue])).toEqual(
      Array(16).fill(429),
    );
    const ends = await Promise.all(codes);
    expect(ends.slice(0, 64)).toEqual(Array(64).fill(503));
    expect(ends.filter((code) => code === 429).length).toBeGreaterThan(16);
    expect(ends.every((code) => code === 429 || code === 503)).toBe(true);
  });
});
