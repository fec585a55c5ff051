import { afterAll, beforeAll, expect, it } from "vitest";
import { silentLog } from "../base/log.ts";
import { noMetrics } from "../base/metrics.ts";
import { ParentCandidates } from "../topology/parent-candidates.ts";
import type { Credentials } from "../trust/credentials.ts";
import { TreeAuthority } from "../trust/tree-authority.ts";
import { CloudTunnel, TUNNEL_PATH } from "../tunnel/cloud-tunnel.ts";
import { type Dialled, dialLink } from "../tunnel/edge-tunnel.ts";
import type { Redirect, Welcome } from "../wire/message.ts";
import { type ClusterName, clusterName } from "../wire/names.ts";
import { helloTo, memberOf, TestGuard } from "./membership/guard.fixture.ts";
import { reachLeader } from "./reach-leader.ts";

let authority: TreeAuthority;
let child: Credentials;
const tunnels: CloudTunnel[] = [];

beforeAll(async () => {
  authority = await TreeAuthority.create();
  child = await memberOf(authority, "child");
});
afterAll(async () => {
  for (const tunnel of tunnels) await tunnel[Symbol.asyncDispose]();
});

/** Somebody with a certificate in the name `name` who answers every hello like that; resolves to its address. */
async function listener(
  name: string,
  answer: (own: ClusterName) => Welcome | Redirect,
): Promise<string> {
  const credentials = await memberOf(authority, name);
  const tunnel = await CloudTunnel.listen(
    {
      listen: { host: "127.0.0.1", port: 0 },
      path: TUNNEL_PATH,
      side: "down",
      heartbeatMs: 1000,
    },
    {
      log: silentLog,
      metrics: noMetrics,
      trust: new TestGuard(credentials).guard.childTrust,
      admit: () => answer(credentials.name),
      onLink: () => {},
    },
  );
  tunnels.push(tunnel);
  return `127.0.0.1:${tunnel.port}`;
}

function welcome(name: ClusterName): Welcome {
  const path = [name];
  const self = { name, version: "test", capabilities: [], heartbeatMs: 1000, path, listen: "" };
  return { kind: "welcome", ...self, rank: 9, anchored: true };
}

const redirectTo = (leader: string) => (): Redirect => ({ kind: "redirect", leader });

/** Where the child ends up that dials `address`, or the code with which it does not, and what was dialled. */
async function reach(
  address: string,
  candidates = new ParentCandidates([address]),
  present?: string,
): Promise<readonly [outcome: string, dialled: readonly string[]]> {
  const dialled: string[] = [];
  const dial = (at: string): Promise<Dialled> => {
    dialled.push(at);
    return dialLink(
      {
        address: at,
        path: TUNNEL_PATH,
        side: "up",
        metrics: noMetrics,
        trust: new TestGuard(child).guard.parentTrust,
        hello: (peer) => helloTo(child, peer?.name ?? "root"),
      },
      AbortSignal.timeout(10_000),
    );
  };
  const reached = await reachLeader(address, present, candidates, dial);
  if ("error" in reached) return [(reached.error as { code: string }).code, dialled];
  await reached.dialled.link[Symbol.asyncDispose]();
  return [reached.address, dialled];
}

it("goes where a root says that the leader is, and is at home there", async () => {
  const leader = await listener("root", welcome);
  const follower = await listener("root", redirectTo(leader));
  const candidates = new ParentCandidates([follower]);
  expect(await reach(follower, candidates)).toEqual([leader, [follower, leader]]);
  expect(candidates.isHome(leader)).toBe(true);
  expect(candidates.addresses).toEqual([follower, leader]);
});

it("does not dial the leader again below which it is already, nor one that has just failed", async () => {
  const leader = await listener("root", welcome);
  const follower = await listener("root", redirectTo(leader));
  const candidates = new ParentCandidates([follower]);
  expect(await reach(follower, candidates, leader)).toEqual(["NOT_LEADER", [follower]]);
  candidates.failed(leader, performance.now());
  expect(await reach(follower, candidates)).toEqual(["NOT_LEADER", [follower]]);
});

it("waits while nobody leads", async () => {
  const follower = await listener("root", redirectTo(""));
  const candidates = new ParentCandidates([follower]);
  expect(await reach(follower, candidates)).toEqual(["NOT_LEADER", [follower]]);
  expect(candidates.choose(performance.now()).do).toBe("wait");
});

it("is sent by nobody but a root", async () => {
  const leader = await listener("root", welcome);
  const region = await listener("region", redirectTo(leader));
  expect(await reach(region)).toEqual(["NOT_LEADER", [region]]);
});

it("stays with nobody else than the one that sent it", async () => {
  const region = await listener("region", welcome);
  const follower = await listener("root", redirectTo(region));
  expect(await reach(follower)).toEqual(["NOT_LEADER", [follower, region]]);
});

it("is not sent in circles", async () => {
  const known: { one?: string } = {};
  const two = await listener("root", () => redirectTo(known.one ?? "")());
  known.one = await listener("root", redirectTo(two));
  const [code, dialled] = await reach(two);
  expect(code).toBe("NOT_LEADER");
  expect(dialled.length).toBeLessThanOrEqual(4);
});

it("believes no parent that has another name than its certificate", async () => {
  const impostor = await listener("region", () => welcome(clusterName("root")));
  expect(await reach(impostor)).toEqual(["FORGED", [impostor]]);
});
