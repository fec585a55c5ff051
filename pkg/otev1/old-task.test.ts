import { describe, expect, it } from "vitest";
import { encodeTaskBody } from "../wire/codec.ts";
import type { TaskBody } from "../wire/message.ts";
import { clusterName } from "../wire/names.ts";
import { exactSelector, oldTaskOf, outcomeOf } from "./old-task.ts";

const GET: TaskBody = {
  destination: "api",
  method: "GET",
  url: "/version",
  body: "",
  contentType: "",
};
const translated = (over: Partial<TaskBody>) => oldTaskOf(encodeTaskBody({ ...GET, ...over }));
const patch = { method: "PATCH", url: "/api/v1/namespaces/a" };

describe("a task for an old cluster", () => {
  it.each<[what: string, task: Partial<TaskBody>, method: string, body: string]>([
    ["reads", { method: "get ", body: "left out" }, "GET", ""],
    ["creates", { method: "POST", body: '{"a":1}' }, "POST", '{"a":1}'],
    ["creates by nothing but its url", { method: "POST" }, "POST", ""],
    [
      "says that it is JSON",
      { method: "PUT", body: "{}", contentType: "application/json" },
      "PUT",
      "{}",
    ],
    ["deletes", { method: "DELETE" }, "DELETE", ""],
    ["patches with a list", { ...patch, body: "[]" }, "PATCH", "[]"],
    ["does not watch", { url: "/api/v1/pods?watch=false&labelSelector=watch" }, "GET", ""],
  ])("that %s is translated", (_, task, method, body) => {
    const uri = task.url ?? "/version";
    const old = translated(task);
    if ("verdict" in old) throw new Error(old.body);
    expect({ ...old, body: Buffer.from(old.body).toString() }).toEqual({
      destination: "api",
      method,
      uri,
      body,
    });
  });

  it.each<[what: string, task: Partial<TaskBody>, reason: string]>([
    ["for Helm", { destination: "helm" }, "UnknownDestination"],
    ["with another method", { method: "HEAD" }, "MethodNotAllowed"],
    ["with a url elsewhere", { url: "https://example.org/" }, "BadUrl"],
    ["that watches", { url: "/api/v1/pods?limit=1&watch" }, "StreamingNotAllowed"],
    ["that watches as of old", { url: "/api/v1/watch/pods" }, "StreamingNotAllowed"],
    ["that follows", { url: "/api/v1/namespaces/a/pods/b/log?follow=1" }, "StreamingNotAllowed"],
    ["that executes", { url: "/api/v1/namespaces/a/pods/b/exec?command=x" }, "StreamingNotAllowed"],
    ["with a merge patch", { ...patch, body: "{}" }, "UnsupportedMediaType"],
    [
      "that says it is a merge patch",
      { ...patch, body: "[]", contentType: "application/merge-patch+json" },
      "UnsupportedMediaType",
    ],
    ["with a patch in YAML", { ...patch, body: "- op: remove" }, "BadBody"],
    ["with YAML", { method: "POST", body: "a: 1" }, "BadBody"],
    [
      "with protobuf",
      { method: "POST", body: "{}", contentType: "application/vnd.kubernetes.protobuf" },
      "UnsupportedMediaType",
    ],
  ])("%s is refused", (_, task, reason) => {
    expect(translated(task)).toMatchObject({ verdict: "refused", reason });
  });

  it("that is damaged is an error", () => {
    expect(() => oldTaskOf(Uint8Array.of(0xff))).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR" }),
    );
  });
});

describe("an old answer", () => {
  it.each<[status: number, body: string, outcome: object]>([
    [200, "{}", { verdict: "done", code: 200, reason: "", body: "{}" }],
    [201, "", { verdict: "done", code: 201 }],
    [0, "", { verdict: "failed", code: 503, reason: "ApiUnreachable" }],
    [
      404,
      '{"kind":"Status","reason":"NotFound"}',
      { verdict: "failed", code: 404, reason: "NotFound" },
    ],
    [404, "", { verdict: "failed", code: 404, reason: "UnexpectedAnswer" }],
    [500, "no handler for api", { verdict: "failed", code: 500, reason: "UnexpectedAnswer" }],
    [409, '{"reason":7}', { verdict: "failed", reason: "UnexpectedAnswer" }],
    [409, "null", { verdict: "failed", reason: "UnexpectedAnswer" }],
    [-7, "", { verdict: "failed", code: 500 }],
    [100_000, "", { verdict: "failed", code: 500 }],
  ])("with code %i and %j is known", (status, body, outcome) => {
    const answer = { timestamp: 1, status, body: new TextEncoder().encode(body) };
    expect(outcomeOf(answer)).toMatchObject(outcome);
  });
});

describe("a selector for one old cluster", () => {
  it("is anchored, and dots mean dots", () => {
    expect(exactSelector(clusterName("c1"), [])).toBe("^c1$");
    expect(exactSelector(clusterName("a.b-1"), ["a.b-1", "c"])).toBe("^a\\.b-1$");
  });

  it.each([
    ["c1", ["c1", "c10"]],
    ["c1", ["abc1"]],
    ["a.b", ["axb"]],
  ])("%s does not exist where the task would also reach %j", (target, reached) => {
    expect(exactSelector(clusterName(target), reached)).toBeUndefined();
  });
});
