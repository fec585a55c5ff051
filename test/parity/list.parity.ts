import { names, reason, said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Space } from "./space.ts";

const map = (name: string, labels: object = {}) => ({ metadata: { name, labels } });

async function some(s: Space): Promise<void> {
  await s.make(
    s.maps(),
    map("a", { x: "1", y: "2" }),
    map("b", { x: "2" }),
    map("c", { z: "" }),
    map("d"),
  );
}

export const listing = area("list", [
  behaviour(
    "orders by name",
    async (s) => {
      await s.make(s.maps(), map("b"), map("a-1"), map("a"), map("a.b"));
      return names(await s.get(s.maps()));
    },
    ["a", "a-1", "a.b", "b"],
  ),
  behaviour(
    "is empty, not missing, when there is nothing",
    async (s) => {
      const { code, body } = await s.get(s.maps());
      return [
        code,
        body.kind,
        body.apiVersion,
        body.items,
        Object.keys(body.metadata).filter((k) => k !== "selfLink"),
      ];
    },
    [200, "ConfigMapList", "v1", [], ["resourceVersion"]],
  ),
  behaviour(
    "is empty in a namespace that is not there",
    async (s) => {
      const { code, body } = await s.get("/api/v1/namespaces/none/configmaps");
      return [code, body.items];
    },
    [200, []],
  ),
  behaviour(
    "says the kind of a list of custom objects",
    async (s) => {
      const { body } = await s.get(s.widgets());
      return [body.kind, body.apiVersion];
    },
    ["WidgetList", "parity.example.com/v1"],
  ),
  behaviour(
    "comes in pages that fit together",
    async (s) => {
      await some(s);
      const first = await s.get(`${s.maps()}?limit=3`);
      const next = first.body.metadata.continue;
      const second = await s.get(`${s.maps()}?limit=3&continue=${encodeURIComponent(next)}`);
      return [
        names(first),
        first.body.metadata.remainingItemCount,
        names(second),
        second.body.metadata.continue ?? null,
        second.body.metadata.remainingItemCount ?? null,
      ];
    },
    [["a", "b", "c"], 1, ["d"], null, null],
  ),
  behaviour(
    "shows on later pages what was there at the first",
    async (s) => {
      await some(s);
      const first = await s.get(`${s.maps()}?limit=2`);
      await s.delete(s.maps("c"));
      await s.make(s.maps(), map("cc"));
      const next = encodeURIComponent(first.body.metadata.continue);
      const second = await s.get(`${s.maps()}?limit=5&continue=${next}`);
      return [
        names(second),
        second.body.metadata.resourceVersion === first.body.metadata.resourceVersion,
      ];
    },
    [["c", "d"], true],
  ),
  behaviour(
    "counts nothing that remains under a selector",
    async (s) => {
      await s.make(s.maps(), map("a", { x: "1" }), map("b", { x: "1" }), map("c", { x: "1" }));
      const { body } = await s.get(`${s.maps()}?limit=1&labelSelector=x%3D1`);
      return [
        names({ code: 200, headers: {}, body }),
        body.metadata.remainingItemCount ?? null,
        typeof body.metadata.continue,
      ];
    },
    [["a"], null, "string"],
  ),
  behaviour(
    "fits the limit exactly without another page",
    async (s) => {
      await some(s);
      const { body } = await s.get(`${s.maps()}?limit=4`);
      return [body.items.length, body.metadata.continue ?? null];
    },
    [4, null],
  ),
  behaviour(
    "refuses a continue that nobody gave",
    async (s) => said(await s.get(`${s.maps()}?limit=1&continue=rubbish`)).slice(0, 65),
    "400 BadRequest: invalid continue token: continue key is not valid",
  ),
  behaviour(
    "refuses a resourceVersion together with continue",
    async (s) => {
      await some(s);
      const { body } = await s.get(`${s.maps()}?limit=1`);
      return said(
        await s.get(
          `${s.maps()}?limit=1&continue=${encodeURIComponent(body.metadata.continue)}&resourceVersion=5`,
        ),
      );
    },
    "400 BadRequest: specifying resource version is not allowed when using continue",
  ),
  behaviour(
    "refuses a limit that is no number",
    async (s) => reason(await s.get(`${s.maps()}?limit=abc`)),
    "400 BadRequest",
  ),
]);
