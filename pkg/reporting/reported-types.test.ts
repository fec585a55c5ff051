import { describe, expect, it } from "vitest";
import type { KubeObject } from "../apis/object.ts";
import { checkedStatus } from "./checked-status.ts";
import { sumAmounts, sumCounts } from "./facts.ts";
import { mirrored, mirrorName, mirrorNamespace, pathLabel, reportedAs } from "./mirror-objects.ts";
import { pick } from "./pick.ts";
import { DEFAULT_REPORT, parseReport } from "./report-modes.ts";
import { REPORTED_TYPES } from "./reported-types.ts";

function object(kind: string, rest: object): KubeObject {
  return { apiVersion: "v1", kind, metadata: { name: "one" }, ...rest };
}

const condition = (type: string, status: string) => ({ type, status });

describe("what is kept of an object", () => {
  it("is what the row names, however deep, and nothing else", () => {
    const keep = { spec: { a: true, list: [{ name: true }] }, gone: { x: true } } as const;
    const value = { spec: { a: 0, b: 1, list: [{ name: "n", secret: "s" }, 7] }, gone: { y: 1 } };
    expect(pick(value, keep)).toEqual({ spec: { a: 0, list: [{ name: "n" }, {}] } });
    expect(pick({ spec: "text" }, keep)).toBeUndefined();
    expect(pick({ spec: { list: { name: "no list" } } }, keep)).toBeUndefined();
  });

  it.each(Object.entries(REPORTED_TYPES))("has no variables or annotations of %s", (_, row) => {
    const containers = [{ name: "c", image: "i", env: [{ name: "PASSWORD", value: "s3cret" }] }];
    const template = { metadata: { annotations: { a: "s3cret" } }, spec: { containers } };
    const metadata = { name: "one", annotations: { a: "s3cret" } };
    const full = {
      ...object("X", { spec: { containers, template, volumes: ["s3cret"] } }),
      metadata,
    };
    expect(JSON.stringify(pick(full, row.keep) ?? {})).not.toContain("s3cret");
  });
});

describe("the numbers of a cluster", () => {
  const facts = (kind: string, rest: object) => {
    const row = REPORTED_TYPES[kind];
    if (row === undefined) throw new Error(kind);
    return row.facts(object(row.type.kind, rest));
  };

  it("count nodes by condition, and add up those that are ready and take pods", () => {
    const status = (ready: string, cpu: string) => ({
      capacity: { cpu, memory: "1Gi" },
      allocatable: { cpu, memory: "512Mi" },
      conditions: [condition("Ready", ready), condition("DiskPressure", "True")],
    });
    const nodes = [
      facts("nodes", { status: status("True", "1500m") }),
      facts("nodes", { status: status("True", "2500m") }),
      facts("nodes", { status: status("Unknown", "8") }),
      facts("nodes", { status: status("True", "16"), spec: { unschedulable: true } }),
    ];
    expect(sumCounts(nodes)).toMatchObject({
      total: 4,
      ready: 3,
      notReady: 1,
      unschedulable: 1,
      diskPressure: 4,
      memoryPressure: 0,
    });
    expect(sumAmounts(nodes.map(({ amounts }) => amounts?.capacity))).toEqual({
      cpu: "4",
      memory: "2Gi",
    });
    expect(sumAmounts(nodes.map(({ amounts }) => amounts?.allocatable))).toEqual({
      cpu: "4",
      memory: "1Gi",
    });
  });

  it("count pods by phase, and what those have asked for that are on a node and not over", () => {
    const pod = (phase: string, nodeName?: string) =>
      facts("pods", {
        spec: {
          nodeName,
          containers: [{ resources: { requests: { cpu: "100m", memory: "64Mi" } } }, {}],
        },
        status: { phase },
      });
    const pods = [pod("Running", "n"), pod("Running", "n"), pod("Succeeded", "n"), pod("Pending")];
    expect(sumCounts(pods)).toEqual({ total: 4, running: 2, succeeded: 1, pending: 1 });
    expect(sumAmounts(pods.flatMap(({ used }) => used ?? []))).toEqual({
      cpu: "200m",
      memory: "128Mi",
    });
  });

  it.each([
    ["deployments", { spec: { replicas: 3 }, status: { readyReplicas: 3 } }, 1, 3, 3],
    ["deployments", { spec: { replicas: 3 }, status: { readyReplicas: 2 } }, 0, 3, 2],
    ["deployments", { spec: {}, status: {} }, 0, 1, 0],
    ["deployments", { spec: { replicas: 0 } }, 1, 0, 0],
    ["statefulsets", { spec: { replicas: 1 }, status: { readyReplicas: 1 } }, 1, 1, 1],
    ["daemonsets", { status: { desiredNumberScheduled: 2, numberReady: 1 } }, 0, 2, 1],
  ])("count %s that are available: %j", (kind, rest, available, desired, ready) => {
    expect(facts(kind, rest).counts).toEqual({ total: 1, available, desired, ready });
  });

  it("have no place for a condition list that is none", () => {
    expect(facts("nodes", { status: { conditions: "?" } }).counts.ready).toBe(0);
    expect(facts("jobs", {}).counts).toEqual({ total: 1, active: 0, complete: 0, failed: 0 });
  });
});

describe("--report", () => {
  it("says how much of which kind is reported", () => {
    expect([...parseReport(" nodes, deployments:summary,pods:none,services:objects,")]).toEqual([
      ["nodes", "objects"],
      ["deployments", "summary"],
      ["services", "objects"],
    ]);
    expect(parseReport("none").size).toBe(0);
    expect(parseReport(DEFAULT_REPORT).get("pods")).toBe("summary");
  });

  it.each(["node", "secrets", "pods:all", "pods:summary:none", "constructor"])(
    "refuses %s",
    (text) => {
      expect(() => parseReport(text)).toThrow(/Cannot report/);
    },
  );
});

describe("a mirrored object", () => {
  const owner = { cluster: "shop-1", path: ["root", "north", "shop-1"] };

  it("has the name of its namespace in front, and names of others cannot be the same", () => {
    expect(mirrorName("shop/web")).toBe("shop.web");
    expect(mirrorName("n1")).toBe("n1");
    expect(mirrorName(`shop/${"w".repeat(253)}`)).toMatch(/^shop-w{195}-[0-9a-f]{16}$/);
    expect(mirrorName("shop/system:web")).toMatch(/^shop-system-web-[0-9a-f]{16}$/);
    expect(mirrorName("shop/system:web")).not.toBe(mirrorName("shop/system-web"));
  });

  it.each([
    ["shop-1", /^ote-shop-1$/],
    ["a.b", /^ote-a-b-[0-9a-f]{12}$/],
    ["x".repeat(63), /^ote-x{46}-[0-9a-f]{12}$/],
    [`${"x".repeat(45)}.${"y".repeat(17)}`, /^ote-x{45}-[0-9a-f]{12}$/],
  ])("of cluster %s is in a namespace that may be one", (cluster, form) => {
    expect(mirrorNamespace(cluster)).toMatch(form);
    expect(mirrorNamespace(cluster).length).toBeLessThanOrEqual(63);
  });

  it("says where it is from, and takes nothing over that would have an effect", () => {
    const type = REPORTED_TYPES.deployments?.type;
    if (type === undefined) throw new Error("no row");
    const labels = { app: "web", "ote.baidu.com/cluster": "other", bad: 7 };
    const metadata = { name: "x", labels, uid: "u", finalizers: ["f"], ownerReferences: [{}] };
    const reported = { apiVersion: "v9", kind: "Pod", metadata, spec: { replicas: 1 } };
    const version = "0123456789abcdef";
    const size = JSON.stringify(reported).length;
    const made = mirrored(type, owner, "shop/web", version, reported);
    expect(made).toEqual({
      apiVersion: "report.ote.baidu.com/v1",
      kind: "Deployment",
      metadata: {
        name: "shop.web",
        namespace: "ote-shop-1",
        labels: {
          app: "web",
          "ote.baidu.com/cluster": "shop-1",
          "ote.baidu.com/path": "root_north_shop-1",
          "ote.baidu.com/namespace": "shop",
        },
        annotations: {
          "ote.baidu.com/key": "shop/web",
          "ote.baidu.com/version": "0123456789abcdef",
          "ote.baidu.com/size": String(size),
          "ote.baidu.com/uid": "u",
        },
      },
      spec: { replicas: 1 },
    });
    expect(reportedAs(made, owner)).toEqual({ key: "shop/web", version, size });
    const moved = { ...owner, path: ["root", "south", "shop-1"] };
    expect(reportedAs(made, moved)?.version).not.toBe(version);
  });

  it("has a path that fits into a label", () => {
    const path = Array.from({ length: 20 }, (_, at) => `cluster-${at}`);
    expect(pathLabel(path)).toMatch(/^[a-z0-9][a-z0-9_.-]{1,61}cluster-19$/);
    expect(pathLabel(path).length).toBeLessThanOrEqual(63);
  });
});

describe("a status that came over the wire", () => {
  it("decides nothing but what a cluster may say of itself", () => {
    const status = {
      status: "offline",
      tags: { tier: "edge" },
      capacity: { cpu: "4", bad: "lots", worse: 7 },
      counts: { nodes: { total: 2, ready: 1, wrong: -1, half: 0.5 }, pods: "many" },
      kubernetesVersion: "v1.33.0",
      reportedAt: "2026-01-01T00:00:00Z",
      api: { status: "True", reason: "Answered", message: "m", lastTransitionTime: "now" },
    };
    expect(checkedStatus(status)).toEqual({
      capacity: { cpu: "4" },
      counts: { nodes: { total: 2, ready: 1 }, pods: {} },
      nodeText: "1/2",
      kubernetesVersion: "v1.33.0",
      reportedAt: "2026-01-01T00:00:00Z",
      conditions: [
        {
          type: "ApiReachable",
          status: "True",
          reason: "Answered",
          message: "m",
          lastTransitionTime: "1970-01-01T00:00:00.000Z",
        },
      ],
    });
  });

  it.each([null, 7, "x", [], { counts: [], capacity: [], reportedAt: "yesterday" }])(
    "says nothing when it is %j",
    (value) => {
      const { counts, conditions, ...rest } = checkedStatus(value);
      expect([counts, conditions]).toEqual([{}, []]);
      expect(Object.keys(rest).filter((name) => name !== "capacity")).toEqual([]);
    },
  );

  it("is bounded", () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`r${at}`, "1"]));
    const status = checkedStatus({ capacity: many, kubernetesVersion: "v".repeat(10_000) });
    expect(Object.keys(status.capacity as object)).toHaveLength(64);
    expect(status.kubernetesVersion).toBeUndefined();
  });
});
