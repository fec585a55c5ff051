import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VirtualTime } from "../../test/support/virtual-time.ts";
import type { ApiRequest, ApiResponse, ApiTransport } from "../apis/api-transport.ts";
import { ApiUnreachableError } from "../apis/api-transport.ts";
import { ADDRESS_ANNOTATION, LEASE, type Lease } from "../apis/lease.ts";
import { type TestServer, testServer } from "../apiserver/server.fixture.ts";
import { silentLog } from "../base/log.ts";
import { FencedTransport } from "./fenced-transport.ts";
import { electionTimes, LeaderLease } from "./leader-lease.ts";
import { TransportResourceClient } from "./transport-resource-client.ts";

const KEY = { namespace: "kube-system", name: "roots" };
const LEASE_MS = 1000;
const STEP_MS = 10;

vi.mock("node:timers/promises", () => import("../../test/support/virtual-timers.ts"));

/** One candidate, with a way to the API that can be cut. */
class Candidate {
  readonly lease: LeaderLease;
  readonly over = new AbortController();
  isCut = false;
  readonly #running: Promise<void>;

  constructor(name: string, transport: ApiTransport) {
    const cut = {
      request: (request: ApiRequest, signal: AbortSignal) =>
        this.isCut
          ? Promise.reject(new ApiUnreachableError("cut", "cut"))
          : transport.request(request, signal),
      [Symbol.asyncDispose]: async () => {},
    };
    const options = { identity: name, address: () => `${name}:8287` };
    this.lease = new LeaderLease(
      { key: KEY, times: electionTimes(LEASE_MS), ...options },
      { client: new TransportResourceClient(cut), log: silentLog },
    );
    this.#running = this.lease.run(this.over.signal);
  }

  async stop(): Promise<void> {
    this.over.abort();
    await this.#running;
  }
}

/** Keeps one write back, whoever gives it up, until the API has answered the next read. */
class LateRenewal implements ApiTransport {
  readonly #transport: ApiTransport;
  #onHeld: (() => void) | undefined;
  #write: ApiRequest | undefined;
  done = false;

  constructor(transport: ApiTransport) {
    this.#transport = transport;
  }

  /** Resolves when the next write is kept back. */
  hold(): Promise<void> {
    return new Promise((resolve) => {
      this.#onHeld = resolve;
    });
  }

  async request(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    if (request.method === "PUT" && this.#onHeld !== undefined) {
      this.#write = request;
      this.#onHeld();
      this.#onHeld = undefined;
      return await new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
    const answer = await this.#transport.request(request, signal);
    if (request.method === "GET") await this.#doLate();
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #doLate(): Promise<void> {
    const write = this.#write;
    this.#write = undefined;
    if (write === undefined) return;
    const { status } = await this.#transport.request(write, new AbortController().signal);
    this.done = status === 200;
  }
}

describe("LeaderLease", () => {
  let server: TestServer;
  let client: TransportResourceClient;
  let candidates: Candidate[];
  let time: VirtualTime;
  const never = new AbortController().signal;
  beforeEach(async () => {
    server = await testServer();
    client = new TransportResourceClient(server.transport);
    candidates = [];
    time = new VirtualTime();
  });
  afterEach(async () => {
    await time.until(Promise.all(candidates.map((candidate) => candidate.stop())));
    time[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  function stand(name: string, transport: ApiTransport = server.transport): Candidate {
    const candidate = new Candidate(name, transport);
    candidates.push(candidate);
    return candidate;
  }
  const leaders = () => candidates.filter(({ lease }) => lease.holds);
  const read = () => client.get<Lease>(LEASE, KEY);

  it("elects one of three that start together, and all know where it is", async () => {
    for (const name of ["a", "b", "c"]) stand(name);
    await time.until(Promise.all(candidates.map(({ lease }) => lease.settled(never))));
    await time.until(Promise.any(candidates.map(({ lease }) => lease.until(true, never))));
    expect(leaders()).toHaveLength(1);
    const { metadata, spec } = await read();
    const address = `${spec?.holderIdentity}:8287`;
    expect(metadata.annotations?.[ADDRESS_ANNOTATION]).toBe(address);
    expect(candidates.map(({ lease }) => lease.leader)).toEqual([address, address, address]);
    expect(spec).toMatchObject({ leaseDurationSeconds: 1, leaseTransitions: 0 });
    expect(spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it("is renewed for longer than it lasts", async () => {
    const a = stand("a");
    const b = stand("b");
    await time.until(a.lease.until(true, never));
    const { spec: before } = await read();
    for (let passed = 0; passed < 5 * LEASE_MS; passed += STEP_MS) {
      await time.pass(STEP_MS);
      expect([a.lease.holds, b.lease.holds]).toEqual([true, false]);
    }
    const { spec: after } = await read();
    expect(after?.acquireTime).toBe(before?.acquireTime);
    expect(after?.renewTime).not.toBe(before?.renewTime);
  });

  it("is given back, so that another one leads at once", async () => {
    const a = stand("a");
    await time.until(a.lease.until(true, never));
    const b = stand("b");
    await time.until(b.lease.settled(never));
    await time.until(a.stop());
    await time.until(a.lease.release());
    const released = performance.now();
    expect((await read()).spec?.holderIdentity).toBeUndefined();
    await time.until(b.lease.until(true, never));
    expect(performance.now() - released).toBeLessThan(LEASE_MS / 2);
    expect((await read()).spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
    await time.until(b.lease.release());
    await time.until(a.lease.release());
  });

  it("is given back although the API does a renewal late that was cut off", async () => {
    const late = new LateRenewal(server.transport);
    const a = stand("a", late);
    await time.until(a.lease.until(true, never));
    await time.until(late.hold());
    await time.until(a.stop());
    await time.until(a.lease.release());
    expect(late.done).toBe(true);
    expect((await read()).spec?.holderIdentity).toBeUndefined();
  });

  it("goes to another one when its holder is cut off, which has stopped before", async () => {
    const a = stand("a");
    await time.until(a.lease.until(true, never));
    const b = stand("b");
    await time.until(b.lease.settled(never));
    a.isCut = true;
    const order: string[] = [];
    const ended = a.lease.until(false, never).then(() => order.push("a stops"));
    const begun = b.lease.until(true, never).then(() => order.push("b begins"));
    await time.until(Promise.all([ended, begun]));
    expect(order).toEqual(["a stops", "b begins"]);
    a.isCut = false;
    await time.pass(LEASE_MS / 2);
    expect([a.lease.holds, b.lease.holds]).toEqual([false, true]);
    expect(a.lease.leader).toBe("b:8287");
    await time.until(a.lease.release());
    expect((await read()).spec?.holderIdentity).toBe("b");
  });

  it("comes back to its holder when somebody deletes it, or writes into it", async () => {
    const a = stand("a");
    const b = stand("b");
    await time.until(a.lease.until(true, never));
    await client.delete(LEASE, KEY);
    await time.pass(LEASE_MS);
    const patch = { metadata: { labels: { by: "hand" } }, spec: { leaseDurationSeconds: null } };
    await client.patch(LEASE, KEY, "merge", patch);
    await time.pass(LEASE_MS);
    expect([a.lease.holds, b.lease.holds]).toEqual([true, false]);
    expect((await read()).spec?.holderIdentity).toBe("a");
  });

  it("lets nobody write who does not hold it", async () => {
    const a = stand("a");
    const fenced = new TransportResourceClient(
      new FencedTransport(server.transport, () => a.lease.holds),
    );
    await time.until(a.lease.until(true, never));
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { ...KEY, name: "one" } };
    const type = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" };
    await fenced.create({ ...type, namespaced: true }, object);
    a.isCut = true;
    await time.until(a.lease.until(false, never));
    await expect(
      fenced.delete({ ...type, namespaced: true }, object.metadata),
    ).rejects.toMatchObject({ code: "NOT_LEADER" });
    expect(await fenced.get({ ...type, namespaced: true }, object.metadata)).toBeDefined();
  });
});
