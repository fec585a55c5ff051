import { describe, expect, it } from "vitest";
import { decodeTaskBody } from "../../wire/codec.ts";
import { clusterName } from "../../wire/names.ts";
import { planTask } from "./task-plan.ts";

const known = [
  { name: clusterName("root"), tags: {} },
  { name: clusterName("edge-1"), tags: { tier: "edge" } },
  { name: clusterName("edge-10"), tags: { tier: "edge", region: "north" } },
];
const task = { destination: "api", method: "GET", url: "/version" };

describe("planning a task", () => {
  it.each([
    [{ clusterSelector: "edge-1" }, "edge-1"],
    [{ clusterSelector: "edge-*" }, "edge-1 edge-10"],
    [{ clusterSelector: "nope-*" }, ""],
    [{ clusterSelector: "late-1,edge-1" }, "edge-1 late-1"],
    [{ clusterSelector: "tier" }, "edge-1 edge-10"],
    [{ selector: { matchLabels: { tier: "edge" } } }, "edge-1 edge-10"],
    [{ clusterSelector: "*", selector: { matchLabels: { region: "north" } } }, "edge-10"],
    [{ clusterSelector: "late-1", selector: { matchLabels: { region: "north" } } }, ""],
    [{ selector: {} }, "edge-1 edge-10 root"],
  ])("%j selects %j", (spec, names) => {
    expect(planTask({ ...task, ...spec }, known).selected.join(" ")).toBe(names);
  });

  it.each([
    [{ clusterSelector: "" }, "InvalidSelector"],
    [{}, "InvalidSelector"],
    [{ clusterSelector: "a,,b" }, "INVALID_SELECTOR"],
    [{ clusterSelector: "*", destination: "" }, "InvalidTask"],
    [{ clusterSelector: "*", body: "x".repeat(1024 * 1024 + 1) }, "InvalidTask"],
  ])("%j is refused", (spec, code) => {
    expect(() => planTask({ ...task, ...spec }, known)).toThrow(expect.objectContaining({ code }));
  });

  it("takes null for absent, as API servers may keep it", () => {
    const spec = {
      clusterSelector: "*",
      selector: null,
      ...task,
      body: null,
      method: null,
      parallelism: null,
    };
    expect(planTask(spec as never, known).selected).toHaveLength(3);
  });

  it("carries the task's words unchanged and fills in what was left out", () => {
    const plan = planTask(
      { clusterSelector: "*", destination: "api", url: "/x", body: "a: b" },
      known,
    );
    expect(decodeTaskBody(Buffer.from(plan.order.body, "base64"))).toEqual({
      destination: "api",
      method: "GET",
      url: "/x",
      body: "a: b",
      contentType: "",
    });
    expect([plan.order.deadlineSeconds, plan.order.parallelism]).toEqual([3600, undefined]);
  });
});
