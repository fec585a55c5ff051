import { reason, said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import type { Space } from "./space.ts";
import { widget } from "./widget.ts";

const map = (name: string, data: object = {}) => ({ metadata: { name }, data });

const json =
  (...operations: object[]) =>
  async (s: Space) => {
    await s.make(s.maps(), map("a", { k: "1", l: "2" }));
    const answer = await s.patch(s.maps("a"), "json", operations);
    return answer.code === 200 ? answer.body.data : said(answer);
  };

const merge = (patch: unknown) => async (s: Space) => {
  await s.make(s.maps(), map("a", { k: "1", l: "2" }));
  const answer = await s.patch(s.maps("a"), "merge", patch);
  return answer.code === 200 ? answer.body.data : said(answer);
};

export const patching = area("patch", [
  behaviour(
    "adds, replaces and removes",
    json(
      { op: "add", path: "/data/n", value: "3" },
      { op: "replace", path: "/data/k", value: "9" },
      { op: "remove", path: "/data/l" },
    ),
    { k: "9", n: "3" },
  ),
  behaviour(
    "goes on when a test holds",
    json({ op: "test", path: "/data/k", value: "1" }, { op: "remove", path: "/data/k" }),
    { l: "2" },
  ),
  behaviour(
    "refuses when a test fails",
    json({ op: "test", path: "/data/k", value: "2" }, { op: "remove", path: "/data/k" }),
    "422 Invalid: the server rejected our request due to an error in our request",
  ),
  behaviour(
    "copies and moves",
    json(
      { op: "copy", from: "/data/k", path: "/data/c" },
      { op: "move", from: "/data/l", path: "/data/m" },
    ),
    { c: "1", k: "1", m: "2" },
  ),
  behaviour(
    "reads ~1 and ~0 in paths",
    async (s) => {
      await s.make(s.maps(), { metadata: { name: "a", annotations: { "x/y": "1" } } });
      const { body } = await s.patch(s.maps("a"), "json", [
        { op: "replace", path: "/metadata/annotations/x~1y", value: "2" },
      ]);
      return body.metadata.annotations;
    },
    { "x/y": "2" },
  ),
  behaviour(
    "refuses to remove what is not there",
    json({ op: "remove", path: "/data/none" }),
    "422 Invalid: the server rejected our request due to an error in our request",
  ),
  behaviour(
    "refuses to replace what is not there",
    json({ op: "replace", path: "/data/none", value: "x" }),
    differs("json-patch-replace"),
  ),
  behaviour(
    "refuses to add below what is not there",
    json({ op: "add", path: "/none/x", value: "x" }),
    "422 Invalid: the server rejected our request due to an error in our request",
  ),
  behaviour(
    "refuses an operation it does not know",
    json({ op: "grow", path: "/data/k" }),
    "422 Invalid: the server rejected our request due to an error in our request",
  ),
  behaviour(
    "refuses a JSON patch that is no list",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return reason(await s.patch(s.maps("a"), "json", { op: "add" }));
    },
    "400 BadRequest",
  ),
  behaviour(
    "takes an empty JSON patch",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.patch(s.maps("a"), "json", []));
    },
    "200 ConfigMap",
  ),
  behaviour(
    "refuses a JSON patch after which the kind does not fit",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return reason(
        await s.patch(s.maps("a"), "json", [{ op: "replace", path: "/kind", value: "Secret" }]),
      );
    },
    "422 Invalid",
  ),
  behaviour("merges", merge({ data: { k: "9", n: "3" } }), { k: "9", l: "2", n: "3" }),
  behaviour("removes with null", merge({ data: { k: null } }), { l: "2" }),
  behaviour(
    "removes everything with null",
    async (s) => {
      await s.make(s.maps(), map("a", { k: "1" }));
      const { body } = await s.patch(s.maps("a"), "merge", { data: null });
      return body.data ?? null;
    },
    null,
  ),
  behaviour("does not mind null for what is not there", merge({ data: { none: null } }), {
    k: "1",
    l: "2",
  }),
  behaviour(
    "refuses a merge patch that is no object",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return reason(await s.patch(s.maps("a"), "merge", "[]"));
    },
    differs("unreadable-body"),
  ),
  behaviour(
    "refuses a merge patch that is no JSON",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return reason(await s.patch(s.maps("a"), "merge", "{"));
    },
    differs("unreadable-body"),
  ),
  behaviour(
    "replaces lists whole when it merges",
    async (s) => {
      await s.make(s.widgets(), widget("a", { words: ["x", "y"] }));
      const { body } = await s.patch(s.widgets("a"), "merge", { spec: { words: ["z"] } });
      return body.spec.words;
    },
    ["z"],
  ),
]);
