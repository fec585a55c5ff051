import { expect, it } from "vitest";
import { parsePrinterPath, plainPath } from "./printer-path.ts";

const object = {
  metadata: { labels: { "a.b/c": "x" } },
  status: {
    list: [{ n: 1 }, { n: 2 }],
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Other", status: "False" },
    ],
  },
};

it.each([
  [".status.list[0].n", [1]],
  [".status.list[-1].n", [2]],
  ["{.status.list[*].n}", [1, 2]],
  [".metadata.labels.a\\.b/c", ["x"]],
  [".metadata.labels['a.b/c']", ["x"]],
  ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
  [".status.conditions[?(@.type=='Other')].status", ["False"]],
  [".nothing.there", []],
  [".status.constructor", []],
  ["..weird[(", []],
])("finds %s", (path, values) => {
  expect(parsePrinterPath(path)(object)).toEqual(values);
});

it("knows paths that have nothing but fields", () => {
  expect([plainPath(".spec.replicas"), plainPath(".a[0]"), plainPath(7)]).toEqual([
    ["spec", "replicas"],
    undefined,
    undefined,
  ]);
});
