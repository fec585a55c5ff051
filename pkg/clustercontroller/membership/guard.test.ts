import { beforeAll, describe, expect, it } from "vitest";
import { certificateRequest } from "../../base/certificate-request.ts";
import { Credentials } from "../../trust/credentials.ts";
import { resultStatement } from "../../trust/statements.ts";
import { TreeAuthority } from "../../trust/tree-authority.ts";
import type { Hello, Message, Result, Route, Task } from "../../wire/message.ts";
import { clusterName } from "../../wire/names.ts";
import { helloTo, memberOf, peerOf, routeBelow, TestGuard } from "./guard.fixture.ts";

const root = clusterName("root");
const region = clusterName("region");
const edge = clusterName("edge");
const other = clusterName("other");

let authority: TreeAuthority;
let atRoot: Credentials;
let atRegion: Credentials;
let atEdge: Credentials;
let atOther: Credentials;
let foreign: Credentials;

beforeAll(async () => {
  authority = await TreeAuthority.create();
  atRoot = await memberOf(authority, "root");
  atRegion = await memberOf(authority, "region", { origin: false });
  atEdge = await memberOf(authority, "edge", { parent: false, origin: false, tags: ["tier=edge"] });
  atOther = await memberOf(authority, "other", { origin: false });
  foreign = await memberOf(await TreeAuthority.create(), "edge");
});

/** Every way in which a hello can lie, by what is wrong with it. */
const HELLOS: Record<string, [code: string, make: () => Hello]> = {
  "another's name": ["FORGED", () => helloTo(atEdge, "region", { name: other })],
  "a tag that it was not granted": [
    "NOT_GRANTED",
    () => helloTo(atEdge, "region", { tags: { tier: "region" } }),
  ],
  "children that it may not have": [
    "NOT_GRANTED",
    () => helloTo(atEdge, "region", { listen: "127.0.0.1:1" }),
  ],
  "another's certificate than TLS has shown": [
    "FORGED",
    () => helloTo(atEdge, "region", { certificate: atOther.certificate.der }),
  ],
  "no certificate to show to the tiers above": [
    "CERTIFICATE_INVALID",
    () => helloTo(atEdge, "region", { certificate: undefined }),
  ],
  "a damaged certificate": [
    "CERTIFICATE_INVALID",
    () => helloTo(atEdge, "region", { certificate: new Uint8Array(300) }),
  ],
  "no proof": ["FORGED", () => helloTo(atEdge, "region", { proof: undefined })],
  "the proof for another parent": ["FORGED", () => helloTo(atEdge, "root")],
  "the proof for an older session": ["FORGED", () => helloTo(atEdge, "region", { session: 2 })],
  "the proof for another instance": [
    "FORGED",
    () => helloTo(atEdge, "region", { instance: "i-2" }),
  ],
};

describe("a hello", () => {
  it("is welcome when it is true", () => {
    const { guard } = new TestGuard(atRegion);
    const hello = helloTo(atEdge, "region", { tags: { tier: "edge" } });
    expect(guard.refusal(hello, peerOf(atEdge))).toBeUndefined();
  });

  it.each(Object.entries(HELLOS))("with %s is refused", (_, [code, make]) => {
    const { guard } = new TestGuard(atRegion);
    expect(guard.refusal(make(), peerOf(atEdge))).toMatchObject({ code });
  });

  it("is welcome with a renewed certificate for the key that a resumed session has shown", async () => {
    const request = await certificateRequest(atEdge.key, "edge");
    const grant = { ...atEdge.certificate, name: edge, tags: ["tier=edge"] };
    const renewed = Credentials.open({
      key: atEdge.key,
      chain: await authority.issue(request, grant, 30),
      trust: authority.trust,
    });
    const { guard } = new TestGuard(atRegion);
    expect(guard.refusal(helloTo(renewed, "region"), peerOf(atEdge))).toBeUndefined();
  });

  it("is what this side says, too", () => {
    const { guard } = new TestGuard(atEdge);
    const { certificate, proof, ...plain } = helloTo(atEdge, "region");
    const said = guard.introduce(plain, peerOf(atRegion));
    expect(new TestGuard(atRegion).guard.refusal(said, peerOf(atEdge))).toBeUndefined();
  });
});

describe("a peer", () => {
  it("is who its certificate says, if our authority signed it", () => {
    const { guard } = new TestGuard(atRegion);
    expect(guard.childTrust.identify([atEdge.certificate.der]).name).toBe("edge");
    for (const [shown, code] of [
      [[], "CERTIFICATE_INVALID"],
      [[foreign.certificate.der], "FOREIGN_AUTHORITY"],
    ] as const)
      expect(() => guard.childTrust.identify(shown)).toThrow(expect.objectContaining({ code }));
  });

  it("can be our parent only if it may have children", () => {
    const { guard } = new TestGuard(atOther);
    expect(guard.parentTrust.identify([atRegion.certificate.der]).name).toBe("region");
    expect(() => guard.parentTrust.identify([atEdge.certificate.der])).toThrow(
      expect.objectContaining({ code: "NOT_GRANTED" }),
    );
  });

  it("is nobody once it was removed", async () => {
    const { guard, trustChanges } = new TestGuard(atRegion);
    expect(trustChanges).toBe(0);
    const { keyId: key } = atEdge.certificate;
    const state = authority.revoking([{ key, name: "edge", until: Date.now() + 1e9 }], Date.now());
    const next = await TreeAuthority.load(state);
    const region = await memberOf(authority, "region");
    const mine = new TestGuard(region);
    expect(mine.guard.fromParent(root, { kind: "trust", ...next.trust })).toBeUndefined();
    expect(mine.trustChanges).toBe(1);
    expect(() => mine.guard.childTrust.identify([atEdge.certificate.der])).toThrow(
      expect.objectContaining({ code: "REVOKED" }),
    );
    expect(guard.childTrust.identify([atEdge.certificate.der]).name).toBe("edge");
  });
});

const ROUTES: Record<string, () => Route> = {
  "a cluster that never joined it": () => routeBelow(atOther, "root", { parent: region }),
  "a cluster without proof": () => routeBelow(atEdge, "region", { proof: undefined }),
  "a cluster without certificate": () => routeBelow(atEdge, "region", { certificate: undefined }),
  "a cluster of another tree": () => routeBelow(foreign, "region"),
  "a cluster under another's certificate": () =>
    routeBelow(atEdge, "region", { certificate: atOther.certificate.der }),
  "a cluster with other tags than it has": () =>
    routeBelow(atEdge, "region", { tags: { tier: "region" } }),
  "a cluster with tags that it was not granted": () =>
    routeBelow(atEdge, "region", {}, { tags: { tier: "region" } }),
  "a cluster that takes children and may not": () =>
    routeBelow(atEdge, "region", {}, { listen: "127.0.0.1:1" }),
  "a cluster at another address": () => routeBelow(atEdge, "region", { listen: "127.0.0.1:1" }),
  "a newer session than it ever had": () => routeBelow(atEdge, "region", { session: 9 }),
};

function routes(...changed: Route[]): Message {
  return { kind: "routes", reset: false, changed, removed: [], digest: "" };
}

describe("an announcement", () => {
  it("is heard when every cluster itself has said so", () => {
    const { guard, codes } = new TestGuard(atRoot);
    const message = routes(routeBelow(atEdge, "region"), routeBelow(atOther, "edge"));
    expect(guard.fromChild(region, message)).toEqual(message);
    expect(guard.fromChild(region, message)).toEqual(message);
    expect(codes).toEqual([]);
  });

  it.each(Object.entries(ROUTES))("of %s costs the link, one line and one count", (_, make) => {
    const mine = new TestGuard(atRoot);
    expect(() => mine.guard.fromChild(region, routes(make()))).toThrow(
      expect.objectContaining({ code: "FORGED" }),
    );
    expect(mine.codes).toEqual(["FOREIGN_ROUTE"]);
    expect(mine.lines).toHaveLength(1);
  });

  it("is not made true by having been true for another session", () => {
    const { guard } = new TestGuard(atRoot);
    const route = routeBelow(atEdge, "region");
    guard.fromChild(region, routes(route));
    expect(() => guard.fromChild(region, routes({ ...route, session: 2 }))).toThrow(
      expect.objectContaining({ code: "FORGED" }),
    );
  });
});

function sealed(from: Credentials, targets = [edge, other], id = "t-1"): Task {
  const body = Buffer.from("what to do");
  const { guard } = new TestGuard(from);
  const { notAfter, certificate, signature, proofOf } = guard.seal({ id, body }, targets, 60_000);
  return {
    kind: "task",
    id,
    origin: from.name,
    targets,
    ttlMs: 60_000,
    body,
    startedAt: 0,
    hops: 0,
    notAfter,
    certificate,
    signature,
    proofs: targets.map((target) => proofOf(target) ?? new Uint8Array()),
  };
}

/** Every way in which a task can lie to the cluster "edge", with the code under which it is left out. */
const TASKS: Record<string, [code: string, make: () => Task]> = {
  "without a certificate": [
    "CERTIFICATE_INVALID",
    () => ({ ...sealed(atRoot), certificate: undefined }),
  ],
  "without a signature": ["FORGED", () => ({ ...sealed(atRoot), signature: undefined })],
  "with another body": ["FORGED", () => ({ ...sealed(atRoot), body: Buffer.from("other") })],
  "with another id": ["FORGED", () => ({ ...sealed(atRoot), id: "t-2" })],
  "with a later deadline": ["FORGED", () => ({ ...sealed(atRoot), notAfter: Date.now() + 1e9 })],
  "of one who may not send any": ["NOT_GRANTED", () => sealed(atRegion)],
  "in the name of another origin": [
    "FORGED",
    () => ({ ...sealed(atRegion), origin: root, certificate: atRoot.certificate.der }),
  ],
  "of another tree": ["FOREIGN_AUTHORITY", () => sealed(foreign)],
  "meant for somebody else": [
    "FORGED",
    () => ({ ...sealed(atRoot, [other]), targets: [edge], proofs: sealed(atRoot, [other]).proofs }),
  ],
  "with a proof that is none": [
    "FORGED",
    () => ({ ...sealed(atRoot), proofs: [Buffer.from("x"), Buffer.from("y")] }),
  ],
  "long over": [
    "FORGED",
    () => {
      const { guard } = new TestGuard(atRoot);
      const seal = guard.seal({ id: "t-1", body: new Uint8Array() }, [edge], -2 * 86_400_000);
      const proofs = [seal.proofOf(edge) ?? new Uint8Array()];
      return { ...sealed(atRoot, [edge]), ...seal, body: new Uint8Array(), proofs };
    },
  ],
};

describe("a task", () => {
  it("is obeyed when its origin sent it to us", () => {
    const { guard, codes } = new TestGuard(atEdge);
    const task = sealed(atRoot);
    expect(guard.fromParent(region, task)).toEqual(task);
    expect(codes).toEqual([]);
  });

  it.each(Object.entries(TASKS))("%s is left out, counted and logged once", (_, [code, make]) => {
    const mine = new TestGuard(atEdge);
    const task = make();
    const left = mine.guard.fromParent(region, task) as Task | undefined;
    expect(left?.targets ?? []).not.toContain(edge);
    expect(mine.codes).toEqual([code]);
    expect(mine.lines).toHaveLength(1);
  });

  it("that was done and forgotten is not done again because somebody says it again", () => {
    const mine = new TestGuard(atEdge);
    const task = sealed(atRoot, [edge]);
    expect(mine.guard.fromParent(region, task)).toEqual(task);
    mine.forgotten.add(task.id);
    expect(mine.guard.fromParent(region, task)).toBeUndefined();
    expect(mine.codes).toEqual(["FORGED"]);
  });

  it("goes on to those below us although it is not for us", () => {
    const { guard } = new TestGuard(atEdge);
    const task = { ...sealed(atRoot), body: Buffer.from("changed") };
    const left = guard.fromParent(region, task) as Task;
    expect(left.targets).toEqual([other]);
    expect(left.proofs).toEqual([task.proofs?.[1]]);
  });
});

function result(over: Partial<Result> = {}): Result {
  return {
    kind: "result",
    id: "t-1",
    origin: root,
    cluster: edge,
    verdict: "done",
    code: 201,
    reason: "",
    truncated: false,
    timestamp: 1,
    body: Buffer.from("{}"),
    ...over,
  };
}

describe("an answer", () => {
  const known = () => new Map([[edge, routeBelow(atEdge, "region")]]);

  it("counts when the cluster itself gave it", () => {
    const mine = new TestGuard(atRoot, known());
    const signed = new TestGuard(atEdge).guard.signed(result());
    expect(mine.guard.fromChild(region, signed)).toEqual(signed);
  });

  it.each([
    ["unsigned", () => result()],
    [
      "changed on its way",
      () => ({ ...new TestGuard(atEdge).guard.signed(result()), verdict: "failed" as const }),
    ],
    [
      "signed by another",
      () => ({ ...result(), signature: atOther.sign(resultStatement(result())) }),
    ],
    [
      "of a cluster that nobody knows",
      () => ({ ...result({ cluster: other }), signature: new Uint8Array(64) }),
    ],
  ])("%s is left out, counted and logged once", (_, make) => {
    const mine = new TestGuard(atRoot, known());
    expect(mine.guard.fromChild(region, make())).toBeUndefined();
    expect(mine.codes).toEqual(["FORGED"]);
    expect(mine.lines).toHaveLength(1);
  });

  it("for another origin is not ours to judge", () => {
    const { guard } = new TestGuard(atRegion);
    expect(guard.fromChild(edge, result())).toEqual(result());
  });
});

describe("a trust document", () => {
  it("that nobody we trust has signed is left out, counted and logged once", async () => {
    const mine = new TestGuard(atEdge);
    const forged = await TreeAuthority.load(
      (await TreeAuthority.create()).revoking([], Date.now()),
    );
    expect(mine.guard.fromParent(region, { kind: "trust", ...forged.trust })).toBeUndefined();
    expect(mine.codes).toEqual(["FORGED"]);
    expect(mine.trustChanges).toBe(0);
  });
});
