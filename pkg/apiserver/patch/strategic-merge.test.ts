import { describe, expect, it } from "vitest";
import { strategicMerge } from "./strategic-merge.ts";

const root = { path: [], schema: undefined, custom: false };
const merge = (target: unknown, patch: object) => strategicMerge(target, patch as never, root);

describe("strategicMerge", () => {
  it("merges lists of named things item by item", () => {
    const target = {
      containers: [
        { name: "a", image: "1" },
        { name: "b", image: "1" },
      ],
    };
    expect(merge(target, { containers: [{ name: "b", image: "2" }, { name: "c" }] })).toEqual({
      containers: [{ name: "a", image: "1" }, { name: "b", image: "2" }, { name: "c" }],
    });
  });

  it("removes items, fields and values when told to", () => {
    const target = {
      containers: [{ name: "a" }, { name: "b" }],
      metadata: { finalizers: ["x", "y"], labels: { a: "1", b: "2" } },
      spec: { a: 1 },
    };
    const patch = {
      containers: [{ name: "a", $patch: "delete" }],
      metadata: { "$deleteFromPrimitiveList/finalizers": ["x"], labels: { a: null } },
      spec: { $patch: "delete" },
    };
    expect(merge(target, patch)).toEqual({
      containers: [{ name: "b" }],
      metadata: { finalizers: ["y"], labels: { b: "2" } },
    });
  });

  it("replaces lists and objects when told to, and lists without a key always", () => {
    const target = {
      containers: [{ name: "a" }],
      tolerations: [{ key: "a" }],
      strategy: { type: "x", y: 1 },
    };
    const patch = {
      containers: [{ $patch: "replace" }, { name: "z" }],
      tolerations: [{ key: "b" }],
      strategy: { $patch: "replace", type: "z" },
    };
    expect(merge(target, patch)).toEqual({
      containers: [{ name: "z" }],
      tolerations: [{ key: "b" }],
      strategy: { type: "z" },
    });
  });

  it("puts items in the order that is wanted, and keeps only the keys that are wanted", () => {
    const target = {
      env: [{ name: "a" }, { name: "x" }, { name: "b" }],
      strategy: { type: "R", rolling: {} },
    };
    const patch = {
      "$setElementOrder/env": [{ name: "c" }, { name: "b" }, { name: "a" }],
      env: [{ name: "c" }],
      strategy: { $retainKeys: ["type"], type: "Recreate" },
    };
    expect(merge(target, patch)).toEqual({
      env: [{ name: "c" }, { name: "x" }, { name: "b" }, { name: "a" }],
      strategy: { type: "Recreate" },
    });
  });

  it("tells a service's ports from a container's", () => {
    const ports = [{ port: 80, name: "a" }];
    expect(merge({ spec: { ports } }, { spec: { ports: [{ port: 80, name: "b" }] } })).toEqual({
      spec: { ports: [{ port: 80, name: "b" }] },
    });
    const containers = [{ name: "c", ports: [{ containerPort: 80 }] }];
    const patch = { containers: [{ name: "c", ports: [{ containerPort: 81 }] }] };
    expect(merge({ containers }, patch)).toEqual({
      containers: [{ name: "c", ports: [{ containerPort: 81 }, { containerPort: 80 }] }],
    });
  });

  it("refuses items without their key, and changes neither argument", () => {
    const target = Object.freeze({ containers: Object.freeze([Object.freeze({ name: "a" })]) });
    expect(() => merge(target, { containers: [{ image: "1" }] })).toThrow(
      "does not contain declared merge key: name",
    );
    merge(target, { containers: [{ name: "a", image: "1" }] });
    expect(target).toEqual({ containers: [{ name: "a" }] });
  });
});
