import { detailed, reason } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";

const map = (name: string, labels: object = {}) => ({ metadata: { name, labels } });

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

const accept = (type: string) => ({ accept: type });

export const metadataViews = area("metadata views", [
  behaviour(
    "shows only metadata of one object",
    async (s) => {
      await s.make(s.maps(), { ...map("a"), data: { k: "v" } });
      const { body } = await s.get(
        s.maps("a"),
        accept("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"),
      );
      return [body.kind, body.apiVersion, body.metadata.name, body.data ?? null];
    },
    ["PartialObjectMetadata", "meta.k8s.io/v1", "a", null],
  ),
  behaviour(
    "shows only metadata of a list",
    async (s) => {
      await s.make(s.maps(), map("a"));
      const { body } = await s.get(
        s.maps(),
        accept("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"),
      );
      return [body.kind, body.apiVersion, body.items[0].metadata.name];
    },
    ["PartialObjectMetadataList", "meta.k8s.io/v1", "a"],
  ),
  behaviour(
    "takes the first type it can give",
    async (s) => (await s.get(s.maps(), accept(`text/html, ${TABLE}, application/json`))).body.kind,
    "Table",
  ),
  behaviour(
    "gives JSON to who takes anything",
    async (s) => (await s.get(s.maps(), accept("*/*"))).body.kind,
    "ConfigMapList",
  ),
  behaviour(
    "refuses who takes nothing it has",
    async (s) => detailed(await s.get(s.maps(), accept("text/html"))),
    differs("media-type-texts"),
  ),
  behaviour(
    "refuses a Table of a version it does not know",
    async (s) =>
      reason(await s.get(s.maps(), accept("application/json;as=Table;v=v9;g=meta.k8s.io"))),
    "406 NotAcceptable",
  ),
  behaviour(
    "shows what was created as a Table",
    async (s) => (await s.post(s.maps(), map("a"), accept(TABLE))).body.kind,
    "Table",
  ),
  behaviour(
    "changes nothing for a caller who takes no answer that it has",
    async (s) => {
      const accept = { accept: "text/html" };
      const made = await s.post(s.maps(), { metadata: { name: "a" } }, accept);
      const found = await s.get(s.maps("a"));
      await s.make(s.maps(), { metadata: { name: "b" } });
      const deleted = await s.call("DELETE", s.maps("b"), undefined, accept);
      return [made.code, found.code, deleted.code, (await s.get(s.maps("b"))).code];
    },
    [406, 404, 406, 200],
  ),
]);
