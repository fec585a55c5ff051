import { describe, expect, it } from "vitest";
import type { ShimTask } from "../pkg/shim/shim.ts";
import { readApiTask } from "./api-task.ts";

function read(part: Partial<ShimTask>) {
  const task = { id: "1", destination: "api", method: "GET", url: "/api", body: "", ...part };
  return readApiTask(task).request;
}

const refusal = (reason: string, part: string) =>
  expect.objectContaining({ reason, message: expect.stringContaining(part) });

function refused(part: Partial<ShimTask>): unknown {
  try {
    return read(part);
  } catch (error) {
    return error;
  }
}

describe("the url of a task", () => {
  it.each([
    ["/apis/apps/v1/namespaces/web/deployments?limit=5&continue=a%3D", undefined],
    ["/api/v1/namespaces/web/pods?labelSelector=a in (b, c)", undefined],
    ["/api/v1/pods?x=ä", "/api/v1/pods?x=%C3%A4"],
    ["/api/v1/namespaces/web/pods/exec", undefined],
    ["/api/v1/namespaces/web/services/x/proxy/metrics", undefined],
    ["/api/v1/pods?watch=false", undefined],
    ["/healthz/", undefined],
    ["/", undefined],
  ])("is taken: %s", (url, sent) => {
    expect(read({ url }).path).toBe(sent ?? url.replaceAll(" ", "%20"));
  });

  it.each([
    ["", "absolute path"],
    ["api/v1", "absolute path"],
    ["https://host/api", "absolute path"],
    ["//host/api", "absolute path"],
    ["/api\u0000", "control character"],
    ["/api\r\nHost: x", "control character"],
    ["/api#x", "fragment"],
    ["/api\\x", "backslash"],
    ["/api/../x", '".."'],
    ["/api/%2e%2E/x", '".."'],
    ["/api/./x", '"."'],
    ["/api//x", "empty part"],
    ["/api/a%2Fb", "escaped slash"],
    ["/api/a%0ab", "escaped control character"],
    ["/api/a%5cb", "backslash"],
    ["/api/100%", "two hex digits"],
    ["/api/%ff", "not UTF-8"],
    ["/api/\ud800", "well-formed"],
  ])("is refused: %j", (url, why) => {
    expect(refused({ url })).toEqual(refusal("BadUrl", why));
  });

  it.each([
    "/api/v1/pods?watch=true",
    "/api/v1/pods?watch",
    "/api/v1/pods?limit=1;watch=1",
    "/api/v1/pods?%77atch=1",
    "/api/v1/watch/pods",
    "/apis/apps/v1/watch/namespaces/web/deployments",
    "/api/v1/namespaces/web/pods/a/log?follow=true",
    "/api/v1/namespaces/web/pods/a/exec?command=ls",
    "/api/v1/namespaces/web/pods/a/attach",
    "/api/v1/namespaces/web/pods/a/portforward/",
  ])("is refused as a stream: %s", (url) => {
    expect(refused({ url })).toEqual(refusal("StreamingNotAllowed", "this is a stream"));
  });
});

describe("the method of a task", () => {
  it.each(["get", "Head", "POST", "put", "delete"])("is taken in any case: %s", (method) => {
    expect(read({ method }).method).toBe(method.toUpperCase());
  });

  it.each(["", "CONNECT", "OPTIONS", "TRACE", "GET /"])("is refused: %j", (method) => {
    expect(refused({ method })).toEqual(refusal("MethodNotAllowed", "must be one of GET, HEAD"));
  });
});

describe("the body of a task", () => {
  const yaml = "metadata:\n  name: a\ndefaultMode: 0644\non: yes\nport: 22:22\nday: 2001-12-14\n";
  const converted = {
    metadata: { name: "a" },
    defaultMode: 420,
    true: true,
    port: "22:22",
    day: "2001-12-14",
  };

  it("goes on as JSON when it is YAML", () => {
    const { body, headers } = read({ method: "POST", body: `---\n${yaml}---\n# end\n` });
    expect(JSON.parse(String(body))).toEqual(converted);
    expect(headers).toMatchObject({ "content-type": "application/json" });
  });

  it("goes on as it is when it is JSON", () => {
    const body = ' {"big": 12345678901234567890}';
    expect(read({ method: "PUT", body }).body).toBe(body);
  });

  it("is left out where there is none", () => {
    expect(read({ method: "GET", body: "{}" }).body).toBeUndefined();
    expect(read({ method: "DELETE", body: " " }).body).toBeUndefined();
    expect(read({ method: "DELETE", body: "{}" }).body).toBe("{}");
  });

  it.each([
    ["an array as a JSON patch", '[{"op":"remove","path":"/a"}]', "application/json-patch+json"],
    ["a YAML array as a JSON patch", "- {op: remove, path: /a}", "application/json-patch+json"],
    ["an object as a merge patch", "a: 1", "application/merge-patch+json"],
  ])("reads %s when a PATCH does not say", (_what, body, mediaType) => {
    expect(read({ method: "PATCH", body }).headers).toMatchObject({ "content-type": mediaType });
  });

  it("is a strategic patch or an apply when the task says so", () => {
    const type = "application/strategic-merge-patch+json";
    const patch = read({ method: "PATCH", body: "a: 1", contentType: `${type}; charset=utf-8` });
    expect(patch).toMatchObject({ headers: { "content-type": type }, body: '{"a":1}' });

    const contentType = "application/apply-patch+yaml";
    const apply = (url: string) => read({ method: "PATCH", url, body: yaml, contentType });
    expect(apply("/api/a")).toMatchObject({ path: "/api/a?fieldManager=ote", body: yaml });
    expect(apply("/api/a?force=true").path).toBe("/api/a?force=true&fieldManager=ote");
    expect(apply("/api/a?fieldManager=me").path).toBe("/api/a?fieldManager=me");
  });

  it.each<[string, Partial<ShimTask>]>([
    [
      "Nested mappings are not allowed in compact mappings (line 2, column 4)",
      { body: "x: 1\na: b: c" },
    ],
    ["it holds several documents (line 3, column 1)", { body: "---\na: 1\n---\nb: 1" }],
    ["Map keys must be unique (line 2, column 1)", { body: "a: 1\na: 2" }],
    ["it must be an object, and is an array", { body: "[]" }],
    ["it must be an object, and is a string", { body: "hello" }],
    ["it must be an object, and is null", { body: "# nothing" }],
    ["it is empty, and a PATCH needs one", { method: "PATCH" }],
    ["must be an object, and is a number", { method: "PATCH", body: "1" }],
    [
      "must be an array, and is an object",
      { method: "PATCH", body: "{}", contentType: "application/json-patch+json" },
    ],
    ["call stack", { body: "[".repeat(50_000) }],
    [
      "Excessive alias count",
      { body: `a: &a [${"x,".repeat(20)}]\nb: &b [${"*a,".repeat(20)}]\nc: [${"*b,".repeat(20)}]` },
    ],
  ])("is refused: %s", (why, part) => {
    expect(refused({ method: "POST", ...part })).toEqual(refusal("BadBody", why));
  });

  it("is refused with a media type that its request cannot have", () => {
    const contentType = "application/vnd.kubernetes.protobuf";
    const wrong = refusal("UnsupportedMediaType", "must be one of application/json");
    expect(refused({ method: "POST", body: "{}", contentType })).toEqual(wrong);
    const post = { method: "PATCH", body: "{}", contentType: "application/json" };
    expect(refused(post)).toEqual(refusal("UnsupportedMediaType", "json-patch+json"));
  });
});
