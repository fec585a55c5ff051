import { describe, expect, it } from "vitest";
import { json, type ScriptedApi, status } from "../../test/support/scripted-api.ts";
import {
  type ClusterShim,
  canRecover,
  MAX_RESULT_BODY,
  type ShimResult,
  type ShimTask,
} from "./shim.ts";

/** A shim, and the API that it serves; both end with the world. */
export interface ShimWorld extends AsyncDisposable {
  /** Must try twice at least, and wait only milliseconds between two tries. */
  readonly shim: ClusterShim;
  readonly api: ScriptedApi;
}

/** What differs between shims that keep the same promises. */
export interface ShimKind {
  /** Whether recover runs a task by itself where another shim says "run". */
  readonly runsRecovered?: boolean;
}

const PODS = "/api/v1/namespaces/default/pods";
const forever = new AbortController().signal;

let tasks = 0;

function task(part: Partial<ShimTask>): ShimTask {
  return { id: `task-${++tasks}`, destination: "api", method: "GET", url: PODS, body: "", ...part };
}

/** What every shim with the destination "api" promises; see ClusterShim and RecoveringShim. */
export function describeShim(
  kind: string,
  setup: () => Promise<ShimWorld>,
  options: ShimKind = {},
): void {
  describe(`${kind} shim`, () => {
    /** Runs one task in a world of its own; also says what the API was asked. */
    async function run(part: Partial<ShimTask>, answer?: ScriptedApi["answer"]) {
      await using world = await setup();
      if (answer !== undefined) world.api.answer = answer;
      const result = await world.shim.run(task(part), forever);
      return { result, requests: world.api.requests };
    }

    it("offers the destination api", async () => {
      await using world = await setup();
      expect(world.shim.destinations).toContain("api");
    });

    it.each([200, 201, 202])("is done with code and body of an answer %i", async (code) => {
      const { result, requests } = await run({ url: `${PODS}?limit=1` }, () => json([1], code));
      expect(result).toEqual({ verdict: "done", code, body: "[1]" });
      expect(requests).toMatchObject([{ method: "GET", url: `${PODS}?limit=1` }]);
    });

    it("is done with an answer that is empty", async () => {
      const { result } = await run({ method: "DELETE", url: `${PODS}/a` }, () => ({ status: 200 }));
      expect(result).toEqual({ verdict: "done", code: 200, body: "" });
    });

    it("fails with code, reason and body of a refusal", async () => {
      const { result } = await run({}, () => status(404, "NotFound", "no pods"));
      expect(result).toMatchObject({ verdict: "failed", code: 404, reason: "NotFound" });
      expect(JSON.parse(result.body)).toMatchObject({ message: "no pods" });
    });

    it.each([
      [502, "UnexpectedAnswer"],
      [403, "Forbidden"],
      [302, "UnexpectedAnswer"],
    ])("fails with a reason for an answer %i that has none", async (code, reason) => {
      const { result, requests } = await run({}, () => ({ status: code, body: "<p>no</p>" }));
      expect(result).toEqual({ verdict: "failed", code, reason, body: "<p>no</p>" });
      expect(requests).toHaveLength(1);
    });

    it.each<[string, Partial<ShimTask>]>([
      ["UnknownDestination", { destination: "mars" }],
      ["MethodNotAllowed", { method: "OPTIONS" }],
      ["BadUrl", { url: "http://elsewhere/api" }],
      ["StreamingNotAllowed", { url: `${PODS}?watch=true` }],
      ["BadBody", { method: "POST", body: "a: b: c" }],
    ])("refuses with reason %s, a sentence, no code and no request", async (reason, part) => {
      const { result, requests } = await run(part, () => json({}));
      expect(result).toMatchObject({ verdict: "refused", reason });
      expect(result.code).toBeUndefined();
      expect(result.body).toMatch(/^Cannot .+: .+/);
      expect(requests).toEqual([]);
    });

    it("fails with 503 when the API cannot be reached", async () => {
      await using world = await setup();
      await world.api.stop();
      const result = await world.shim.run(task({}), forever);
      expect(result).toMatchObject({ verdict: "failed", code: 503, reason: "ApiUnreachable" });
      expect(result.body).toContain("Cannot reach the Kubernetes API");
    });

    it("does not write a second time when the connection broke, and says so", async () => {
      const { result, requests } = await run({ method: "POST", body: "{}" }, () => "reset");
      expect(result).toMatchObject({ verdict: "failed", code: 503, reason: "ApiUnreachable" });
      expect(result.body).toContain("may have been executed");
      expect(requests).toHaveLength(1);
    });

    it("tries again what was turned away as too much", async () => {
      let tries = 0;
      const { result, requests } = await run({ method: "POST", body: "{}" }, () =>
        ++tries === 1 ? status(429, "TooManyRequests") : json({}, 201),
      );
      expect(result).toMatchObject({ verdict: "done", code: 201 });
      expect(requests).toHaveLength(2);
    });

    it("fails with 504 when its signal aborts, also before it began", async () => {
      await using world = await setup();
      world.api.answer = () => "hang";
      const late = { verdict: "failed", code: 504, reason: "DeadlineExceeded" };
      expect(await world.shim.run(task({}), AbortSignal.timeout(30))).toMatchObject(late);
      expect(await world.shim.run(task({}), AbortSignal.abort())).toMatchObject(late);
      expect(world.api.requests).toHaveLength(1);
    });

    it("cuts a body that is too long, or has no end, between two characters", async () => {
      const { result } = await run({}, () => ({
        body: (async function* () {
          yield "x";
          for (;;) yield "😀".repeat(10_000);
        })(),
      }));
      expect(result).toMatchObject({ verdict: "done", code: 200, truncated: true });
      expect(result.body.length).toBe(MAX_RESULT_BODY - 1);
      expect(result.body).toMatch(/^x(😀)+$/u);
    });

    it("runs several tasks at the same time", async () => {
      await using world = await setup();
      const both = Promise.all(
        ["/a", "/b"].map((url) => world.shim.run(task({ url }), AbortSignal.timeout(5_000))),
      );
      let release = () => {};
      const met = new Promise<void>((resolve) => {
        release = resolve;
      });
      world.api.answer = async ({ url }) => {
        if (world.api.requests.length === 2) release();
        await met;
        return json(url);
      };
      expect((await both).map(({ body }) => body)).toEqual(['"/a"', '"/b"']);
    });
  });

  describeRecovery(kind, setup, options);
}

function describeRecovery(
  kind: string,
  setup: () => Promise<ShimWorld>,
  { runsRecovered = false }: ShimKind,
): void {
  describe(`${kind} shim after a crash`, () => {
    const startedAt = new Date("2026-01-02T03:04:05Z");
    const created = (time: string) => json({ metadata: { name: "a", creationTimestamp: time } });
    const create = { method: "POST", body: "metadata: {name: a}" };
    const remove = { method: "DELETE", url: `${PODS}/a` };
    const unknown: Partial<ShimResult> = { verdict: "failed", code: 500, reason: "OutcomeUnknown" };

    async function recover(part: Partial<ShimTask>, answer: ScriptedApi["answer"]) {
      await using world = await setup();
      world.api.answer = answer;
      const outcome = canRecover(world.shim)
        ? await world.shim.recover(task(part), startedAt, AbortSignal.timeout(5_000))
        : undefined;
      return { outcome, asked: world.api.requests.map(({ method, url }) => `${method} ${url}`) };
    }

    it.each<[string, Partial<ShimTask>, ScriptedApi["answer"], Partial<ShimResult> | "run"]>([
      ["reads again", {}, () => json({}), "run"],
      ["creates what is not there", create, () => status(404, "NotFound"), "run"],
      [
        "finds what it has created",
        create,
        () => created("2026-01-02T03:04:04Z"),
        { verdict: "done", code: 201 },
      ],
      ["lets an older object refuse it", create, () => created("2026-01-02T03:04:01Z"), "run"],
      ["deletes what is still there", remove, () => created("2026-01-01T00:00:00Z"), "run"],
      [
        "finds what it has deleted",
        remove,
        () => status(404, "NotFound"),
        { verdict: "done", code: 200 },
      ],
      ["spares a successor", remove, () => created("2026-01-02T03:05:00Z"), unknown],
      ["does not know when it may not look", create, () => status(403, "Forbidden"), unknown],
      [
        "does not know of a generated name",
        { method: "POST", body: "{}" },
        () => json({}),
        unknown,
      ],
      ["does not know of an update", { ...create, method: "PUT" }, () => json({}), unknown],
      ["does not know of a patch", { method: "PATCH", body: "{}" }, () => json({}), unknown],
      ["does not know of a collection", { method: "DELETE" }, () => json({}), unknown],
    ])("%s", async (_what, part, answer, expected) => {
      const { outcome, asked } = await recover(part, answer);
      const runs = expected === "run" && runsRecovered;
      const { method, url } = task(part);
      if (typeof expected !== "string") expect(outcome).toMatchObject(expected);
      else if (!runs) expect(outcome).toBe(expected);
      const other = asked.filter((request) => request !== `GET ${PODS}/a`);
      expect(other).toEqual(runs ? [`${method} ${url}`] : []);
    });

    it("waits for an API that is away", async () => {
      let tries = 0;
      const { outcome } = await recover(remove, () =>
        ++tries < 3 ? status(503, "ServiceUnavailable") : status(404, "NotFound"),
      );
      expect(outcome).toMatchObject({ verdict: "done" });
    });

    it("does not know when the API stays away", async () => {
      await using world = await setup();
      await world.api.stop();
      if (!canRecover(world.shim)) return;
      const outcome = await world.shim.recover(task(remove), startedAt, AbortSignal.timeout(50));
      expect(outcome).toMatchObject(unknown);
    });
  });
}
