import { area, behaviour } from "./behaviour.ts";
import type { Answer, Any } from "./request.ts";
import type { Space } from "./space.ts";

const labels = { app: "a" };
const budgets = (s: Space, ...parts: string[]) =>
  s.in("policy/v1beta1", "poddisruptionbudgets", ...parts);
const eviction = (deleteOptions?: object) => ({
  apiVersion: "policy/v1beta1",
  kind: "Eviction",
  metadata: { name: "p" },
  deleteOptions,
});
const evict = (s: Space, options?: object) =>
  s.post(s.core("pods", "p", "eviction"), eviction(options));

/** A pod that runs on no node. */
async function withPod(s: Space, ready = "True"): Promise<void> {
  const containers = [{ name: "c", image: "i" }];
  await s.make(s.core("pods"), { metadata: { name: "p", labels }, spec: { containers } });
  const { body } = await s.get(s.core("pods", "p"));
  const status = { phase: "Running", conditions: [{ type: "Ready", status: ready }] };
  await s.put(s.core("pods", "p", "status"), { ...body, status });
}

/** A budget as its controller would leave it. */
async function withBudget(s: Space, name: string, status: object): Promise<void> {
  const selector = { matchLabels: labels };
  await s.make(budgets(s), { metadata: { name }, spec: { minAvailable: 1, selector } });
  const { body } = await s.get(budgets(s, name));
  const observed = { currentHealthy: 2, desiredHealthy: 1, expectedPods: 2, ...status };
  const { code } = await s.put(budgets(s, name, "status"), { ...body, status: observed });
  if (code !== 200) throw new Error(`Cannot write the status: HTTP ${code}`);
}

const said = ({ code, body, headers }: Answer) => [
  code,
  headers["retry-after"] ?? null,
  body.reason ?? null,
  body.details?.causes?.map(({ reason, message }: Any) => `${reason}: ${message}`) ?? [],
];
const allowed = async (s: Space) => {
  const { status } = (await s.get(budgets(s, "b"))).body;
  return [status.disruptionsAllowed, Object.keys(status.disruptedPods ?? {})];
};

export const evictions = area("evictions", [
  behaviour(
    "evicts a pod that no budget covers",
    async (s) => {
      await withPod(s);
      return [(await evict(s)).code, (await s.get(s.core("pods", "p"))).code];
    },
    [201, 404],
  ),
  behaviour(
    "takes an eviction from the budget",
    async (s) => {
      await withPod(s);
      await withBudget(s, "b", { observedGeneration: 1, disruptionsAllowed: 2 });
      return [(await evict(s)).code, await allowed(s)];
    },
    [201, [1, ["p"]]],
  ),
  behaviour(
    "refuses an eviction for which the budget has no room",
    async (s) => {
      await withPod(s);
      await withBudget(s, "b", { observedGeneration: 1, disruptionsAllowed: 0 });
      return [said(await evict(s)), (await s.get(s.core("pods", "p"))).code];
    },
    [
      [
        429,
        null,
        "TooManyRequests",
        ["DisruptionBudget: The disruption budget b needs 1 healthy pods and has 2 currently"],
      ],
      200,
    ],
  ),
  behaviour(
    "refuses an eviction before the budget was looked at",
    async (s) => {
      await withPod(s);
      await withBudget(s, "b", { observedGeneration: 0, disruptionsAllowed: 2 });
      return said(await evict(s));
    },
    [
      429,
      null,
      "TooManyRequests",
      ["DisruptionBudget: The disruption budget b is still being processed by the server."],
    ],
  ),
  behaviour(
    "does not know which of two budgets counts",
    async (s) => {
      await withPod(s);
      for (const name of ["b", "c"])
        await withBudget(s, name, { observedGeneration: 1, disruptionsAllowed: 2 });
      return [(await evict(s)).code, await allowed(s)];
    },
    [500, [2, []]],
  ),
  behaviour(
    "only rehearses an eviction that is to be rehearsed",
    async (s) => {
      await withPod(s);
      await withBudget(s, "b", { observedGeneration: 1, disruptionsAllowed: 2 });
      const { code } = await evict(s, { dryRun: ["All"] });
      return [code, await allowed(s), (await s.get(s.core("pods", "p"))).code];
    },
    [201, [2, []], 200],
  ),
  behaviour(
    "does not count a pod that is not ready while enough others are",
    async (s) => {
      await withPod(s, "False");
      await withBudget(s, "b", { observedGeneration: 1, disruptionsAllowed: 0 });
      return [(await evict(s)).code, await allowed(s)];
    },
    [201, [0, []]],
  ),
  behaviour(
    "counts a pod that is not ready when too few others are",
    async (s) => {
      await withPod(s, "False");
      const status = { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 0 };
      await withBudget(s, "b", status);
      return (await evict(s)).code;
    },
    429,
  ),
  behaviour(
    "does not count a pod that never started",
    async (s) => {
      const containers = [{ name: "c", image: "i" }];
      await s.make(s.core("pods"), { metadata: { name: "p", labels }, spec: { containers } });
      await withBudget(s, "b", { observedGeneration: 1, disruptionsAllowed: 0 });
      return (await evict(s)).code;
    },
    201,
  ),
  behaviour("evicts nobody who is not there", async (s) => (await evict(s)).code, 404),
]);
