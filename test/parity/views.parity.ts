import { said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";

const map = (name: string, labels: object = {}) => ({ metadata: { name, labels } });

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

const accept = (type: string) => ({ accept: type });

const columns = (body: Any) =>
  (body.columnDefinitions ?? []).map((c: Any) => `${c.name}:${c.type}:${c.format}:${c.priority}`);

export const viewing = area("views", [
  behaviour(
    "shows a list as a Table",
    async (s) => {
      await s.make(s.maps(), { ...map("a"), data: { k: "v" } });
      const { code, headers, body } = await s.get(s.maps(), accept(TABLE));
      const [row] = body.rows;
      return [
        code,
        headers["content-type"],
        body.kind,
        body.apiVersion,
        columns(body),
        row.cells.slice(0, 2),
        row.object.kind,
        row.object.apiVersion,
        row.object.metadata.name,
        row.object.data ?? null,
      ];
    },
    [
      200,
      "application/json",
      "Table",
      "meta.k8s.io/v1",
      ["Name:string:name:0", "Data:string::0", "Age:string::0"],
      ["a", 1],
      "PartialObjectMetadata",
      "meta.k8s.io/v1",
      "a",
      null,
    ],
  ),
  behaviour(
    "shows one object as a Table",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      const { body } = await s.get(s.maps("a"), accept(TABLE));
      return [
        body.kind,
        body.rows.length,
        body.metadata.resourceVersion === made.metadata.resourceVersion,
      ];
    },
    ["Table", 1, true],
  ),
  behaviour(
    "shows a Table of v1beta1",
    async (s) => {
      const { body } = await s.get(
        s.maps(),
        accept("application/json;as=Table;v=v1beta1;g=meta.k8s.io"),
      );
      return [body.kind, body.apiVersion];
    },
    ["Table", "meta.k8s.io/v1beta1"],
  ),
  behaviour(
    "leaves objects out of a Table",
    async (s) => {
      await s.make(s.maps(), map("a"));
      const { body } = await s.get(`${s.maps()}?includeObject=None`, accept(TABLE));
      return body.rows[0].object ?? null;
    },
    null,
  ),
  behaviour(
    "puts whole objects in a Table",
    async (s) => {
      await s.make(s.maps(), { ...map("a"), data: { k: "v" } });
      const { body } = await s.get(`${s.maps()}?includeObject=Object`, accept(TABLE));
      const { kind, apiVersion, data } = body.rows[0].object;
      return [kind, apiVersion, data];
    },
    ["ConfigMap", "v1", { k: "v" }],
  ),
  behaviour(
    "refuses an includeObject it does not know",
    async (s) => said(await s.get(`${s.maps()}?includeObject=Some`, accept(TABLE))),
    "400 BadRequest: Unable to convert to Table as requested: includeObject: Invalid value: \"Some\": must be 'Metadata', 'Object', 'None', or empty",
  ),
  behaviour(
    "shows the columns of a custom kind",
    async (s) => {
      await s.make(s.widgets(), {
        apiVersion: "parity.example.com/v1",
        kind: "Widget",
        metadata: { name: "a" },
        spec: { color: "red", size: 3 },
      });
      const { body } = await s.get(s.widgets(), accept(TABLE));
      return [columns(body), body.rows[0].cells.slice(0, 3)];
    },
    [
      ["Name:string:name:0", "Color:string::0", "Size:integer::1", "Age:date::0"],
      ["a", "red", 3],
    ],
  ),
  behaviour(
    "shows a Table in pages",
    async (s) => {
      await s.make(s.maps(), map("a"), map("b"));
      const { body } = await s.get(`${s.maps()}?limit=1`, accept(TABLE));
      return [body.rows.length, body.metadata.remainingItemCount, typeof body.metadata.continue];
    },
    [1, 1, "string"],
  ),
]);
