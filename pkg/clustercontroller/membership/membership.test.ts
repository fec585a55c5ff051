import { createPrivateKey, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually as soon } from "../../../test/support/eventually.ts";
import { CLUSTER, IDENTITY_FINALIZER, SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import { SECRET, type Secret, secretData } from "../../apis/secret.ts";
import { testServer } from "../../apiserver/server.fixture.ts";
import { certificateRequest, newEd25519Key } from "../../base/certificate-request.ts";
import { TransportResourceClient } from "../../kube/transport-resource-client.ts";
import { AUTHORITY_SECRET, AuthorityKeeper } from "../../trust/authority-secret.ts";
import { joinProof, parseJoinToken } from "../../trust/join-token.ts";
import { joinStatement, renewStatement, signStatement } from "../../trust/statements.ts";
import { askAtDoor } from "../../tunnel/join-door.ts";
import type { Enrol } from "../../wire/message.ts";
import { clusterName } from "../../wire/names.ts";
import { TestTree } from "./tree.fixture.ts";

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  await soon(String(holds), holds);
}

let tree: TestTree;

beforeAll(async () => {
  tree = await TestTree.start();
});
afterAll(async () => {
  await tree[Symbol.asyncDispose]();
});

async function isOnline(name: string): Promise<boolean> {
  return (await tree.cluster(name))?.status?.status === "online";
}

describe("a cluster that joins", () => {
  it("is registered by its key, online, and known below another that joined", async () => {
    const region = await tree.member("region");
    await eventually(() => region.controller.path.length === 2);
    await tree.member("site", region);
    await eventually(async () => (await isOnline("region")) && (await isOnline("site")));
    const { metadata, spec, status } = (await tree.cluster("site")) ?? {};
    expect(status?.path).toBe("root/region/site");
    expect(metadata?.finalizers).toEqual([IDENTITY_FINALIZER]);
    expect(spec?.identity?.key).toMatch(/^MCow/);
  });

  it("uses its token up, and may try again with it when the answer was lost", async () => {
    const token = await tree.token();
    const first = await tree.join("once", token);
    const again = await tree.join("once", token);
    expect(again.certificate.keyId).toBe(first.certificate.keyId);
    await expect(tree.join("twice", token)).rejects.toMatchObject({
      code: "TOKEN_INVALID",
      message: expect.stringContaining("used as often as it may be"),
    });
  });

  it.each([
    ["unknown", () => Promise.resolve(`ote1.0000000000.${"a".repeat(43)}.`), "there is none"],
    ["expired", () => tree.token({ expires: Date.now() - 1 }), "has expired"],
    ["for other names", () => tree.token({ names: "north-*" }), 'for the names "north-*"'],
  ])("is refused with a token that is %s", async (_, make, text) => {
    const { pin } = parseJoinToken(await tree.token());
    const token = await make();
    const whole = token.endsWith(".") ? token + pin : token;
    await expect(tree.join("refused", whole)).rejects.toMatchObject({
      code: "TOKEN_INVALID",
      message: expect.stringContaining(text),
    });
    expect(await tree.cluster("refused")).toBeUndefined();
  });

  it("lets no more in with a token than it allows, however many come at once", async () => {
    const token = await tree.token({ uses: 3 });
    const names = Array.from({ length: 12 }, (_, index) => `crowd-${index}`);
    const outcomes = await Promise.allSettled(names.map((name) => tree.join(name, token)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    const registered = await Promise.all(names.map((name) => tree.cluster(name)));
    expect(registered.filter((cluster) => cluster !== undefined)).toHaveLength(3);
  });

  it("learns nothing about a token whose secret it does not know", async () => {
    const expired = parseJoinToken(await tree.token({ expires: Date.now() - 1 }));
    const guessed = `ote1.${expired.id}.${"a".repeat(43)}.${expired.pin}`;
    await expect(tree.join("guesser", guessed)).rejects.toMatchObject({
      message: expect.stringContaining("there is none like it"),
    });
  });

  it("does not take another tree for this one", async () => {
    const { id, secret } = parseJoinToken(await tree.token());
    const pin = randomBytes(32).toString("base64url");
    await expect(tree.join("careful", `ote1.${id}.${secret}.${pin}`)).rejects.toMatchObject({
      code: "FOREIGN_AUTHORITY",
    });
    expect(await tree.files("careful").read()).toBeUndefined();
  });

  it("cannot take a name from another key, unless the token says so", async () => {
    await tree.join("owner", await tree.token());
    const files = tree.files("owner");
    const former = await files.readKey();
    await files.writeKey(await newEd25519Key());
    await expect(tree.join("owner", await tree.token())).rejects.toMatchObject({
      code: "NAME_TAKEN",
    });
    await tree.join("owner", await tree.token({ replace: true }));
    // The former key is worth nothing any more.
    const request = await certificateRequest(former ?? "", "owner");
    const proof = signStatement(
      renewStatement("r1", "owner", request),
      createPrivateKey(former ?? ""),
    );
    expect(await ask({ id: "r1", name: clusterName("owner"), request, proof })).toMatchObject({
      code: "FORGED",
    });
  });
});

async function ask(over: Partial<Enrol>) {
  const asking = {
    kind: "enrol",
    id: "x",
    door: clusterName("root"),
    name: clusterName("forger"),
    request: new Uint8Array(),
    token: "",
    proof: new Uint8Array(),
    ...over,
  } as const;
  const { enrolled } = await askAtDoor(tree.root.address, asking, AbortSignal.timeout(10_000));
  return { code: enrolled.code, chain: enrolled.chain };
}

/** Every way in which a request for a certificate can lie, each made anew. */
const REQUESTS: Record<string, [code: string, make: () => Promise<Partial<Enrol>>]> = {
  "with a request that is none": ["FORGED", async () => ({ request: randomBytes(100) })],
  "with a request in another name": [
    "FORGED",
    async () => ({ request: await certificateRequest(await newEd25519Key(), "other") }),
  ],
  "for a name that never joined": [
    "FORGED",
    async () => ({ request: await certificateRequest(await newEd25519Key(), "forger") }),
  ],
  "to renew another's certificate with a key of its own": [
    "FORGED",
    async () => {
      const key = await newEd25519Key();
      const request = await certificateRequest(key, "victim");
      const proof = signStatement(renewStatement("x", "victim", request), createPrivateKey(key));
      return { name: clusterName("victim"), request, proof };
    },
  ],
  "to renew another's certificate with its key's request but without its signature": [
    "FORGED",
    async () => {
      const key = (await tree.files("victim").readKey()) ?? "";
      return { name: clusterName("victim"), request: await certificateRequest(key, "victim") };
    },
  ],
  "that was overheard, with another key put in": [
    "TOKEN_INVALID",
    async () => {
      const { id: token, secret } = parseJoinToken(await tree.token());
      const honest = await certificateRequest(await newEd25519Key(), "forger");
      const proof = joinProof(secret, joinStatement("x", "forger", honest));
      const request = await certificateRequest(await newEd25519Key(), "forger");
      return { token, proof, request };
    },
  ],
  "to be the root": [
    "TOKEN_INVALID",
    async () => {
      const { id: token, secret } = parseJoinToken(await tree.token());
      const request = await certificateRequest(await newEd25519Key(), "root");
      const proof = joinProof(secret, joinStatement("x", "root", request));
      return { name: clusterName("root"), token, proof, request };
    },
  ],
  "for a name that its token does not mean": [
    "TOKEN_INVALID",
    async () => {
      const { id: token, secret } = parseJoinToken(await tree.token({ names: "edge-*" }));
      const request = await certificateRequest(await newEd25519Key(), "shop");
      const proof = joinProof(secret, joinStatement("x", "shop", request));
      return { name: clusterName("shop"), token, proof, request };
    },
  ],
};

describe("a request for a certificate", () => {
  beforeAll(async () => {
    await tree.join("victim", await tree.token());
  });

  it.each(Object.entries(REQUESTS))("%s is refused", async (_, [code, make]) => {
    expect(await ask(await make())).toEqual({ code, chain: "" });
  });
});

describe("a cluster that is removed", () => {
  it("loses its link within seconds, comes back only with a token that says so", async () => {
    const region = await tree.member("doomed-region");
    const member = await tree.member("doomed", region);
    await eventually(() => isOnline("doomed"));
    await tree.client.delete(CLUSTER, { namespace: SYSTEM_NAMESPACE, name: "doomed" });
    const refusals = () => member.lines.filter(({ code }) => code === "REVOKED").length;
    await eventually(() => refusals() > 0);
    await eventually(async () => (await tree.cluster("doomed")) === undefined);
    expect(await isOnline("doomed-region")).toBe(true);
    const before = refusals();
    await eventually(() => refusals() > before);
    expect(await tree.cluster("doomed")).toBeUndefined();
    // Its key is worth nothing: who is invited again begins with a new one.
    const former = await tree.files("doomed").readKey();
    await tree.join("doomed", await tree.token(), region);
    expect(await tree.files("doomed").readKey()).not.toBe(former);
    const again = await tree.launch("doomed", region);
    await eventually(() => again.controller.path.length === 3);
  });
});

describe("certificates that live for seconds", () => {
  it("are renewed over the link without touching it", async () => {
    await using brief = await TestTree.start(4 / 86_400);
    const region = await brief.member("region");
    const site = await brief.member("site", region);
    await eventually(() => site.controller.path.length === 3);
    const before = [brief.root, region, site].map(({ credentials }) => credentials.certificate);
    await eventually(() =>
      [brief.root, region, site].every(
        ({ credentials }, at) =>
          credentials.certificate.notAfter > (before[at]?.notAfter ?? 0) + 2000,
      ),
    );
    for (const { lines } of [brief.root, region])
      expect(lines.filter(({ msg }) => msg === "child left")).toEqual([]);
    // Who joins later sees the renewed ones.
    const late = await brief.member("late", region);
    await eventually(() => late.controller.path.length === 3);
  });
});

describe("a cluster whose clock is wrong", () => {
  it.each([
    ["years behind", -3 * 365],
    ["years ahead", 3 * 365],
  ])("%s asks the authority for the time and joins", async (name, days) => {
    const cluster = name.replace(" ", "-");
    await tree.join(cluster, await tree.token());
    const member = await tree.launch(cluster, tree.root, Date.now() + days * 86_400_000);
    await eventually(() => member.controller.path.length === 2);
    expect(Math.abs(member.credentials.clock.now() - Date.now())).toBeLessThan(60_000);
  });
});

describe("the authority", () => {
  it("is one although two roots start together, a hundred times", async () => {
    await using server = await testServer();
    const client = new TransportResourceClient(server.transport);
    for (let round = 0; round < 100; round++) {
      const keepers = await Promise.all([1, 2].map(() => AuthorityKeeper.open(client)));
      expect(new Set(keepers.map(({ authority }) => authority.pin)).size).toBe(1);
      await client.delete(SECRET, AUTHORITY_SECRET);
    }
  });

  it("counts on from what clusters have seen when its API was put back to an older state", async () => {
    await using restored = await TestTree.start();
    const keeper = await AuthorityKeeper.open(restored.client);
    const before = keeper.authority.state;
    const token = await restored.token();
    await keeper.change((authority) => authority.revoking([], Date.now()));
    await keeper.change((authority) => authority.revoking([], Date.now()));
    await eventually(() => restored.root.credentials.book.version === 3);
    await restored.join("witness", token);
    const secret = await restored.client.get<Secret>(SECRET, AUTHORITY_SECRET);
    const data = secretData({ "state.json": JSON.stringify(before) });
    const again = await restored.restart({ ...secret, data });
    const witness = await restored.launch("witness", again);
    await eventually(() => again.credentials.book.version === 4);
    await eventually(() => witness.credentials.book.version === 4);
  });

  it("is changed under way: old and new clusters reach each other, and nobody is cut off", async () => {
    await using changing = await TestTree.start();
    const early = await changing.member("early");
    await eventually(() => early.controller.path.length === 2);
    await changing.join("asleep", await changing.token());
    const keeper = await AuthorityKeeper.open(changing.client);
    await keeper.change((authority) => authority.changing());
    await eventually(() => early.credentials.book.version === 2);
    const late = await changing.member("late", early);
    await eventually(() => late.controller.path.length === 3);
    const asleep = await changing.launch("asleep", late);
    await eventually(() => asleep.controller.path.length === 4);
    expect(asleep.credentials.book.version).toBe(2);
    for (const { lines } of [changing.root, early])
      expect(lines.filter(({ msg }) => msg === "child left")).toEqual([]);
  });
});
