import { detailed, reason, said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Space } from "./space.ts";
import { widget } from "./widget.ts";

const map = (name: string, data: object = {}) => ({ metadata: { name }, data });
const post = (body: unknown, type?: string) => async (s: Space) =>
  reason(await s.post(s.maps(), body, type === undefined ? {} : { "content-type": type }));
const asked = (method: string, path: (s: Space) => string) => async (s: Space) =>
  said(await s.call(method, path(s)));

export const refusing = area("garbage", [
  behaviour("refuses JSON that ends too early", post('{"metadata":{"name":"a"'), "400 BadRequest"),
  behaviour("refuses what is no JSON", post("hello"), "400 BadRequest"),
  behaviour("refuses an empty body", post(""), "400 BadRequest"),
  behaviour("refuses a list", post("[]"), "400 BadRequest"),
  behaviour("refuses null", post("null"), "422 Invalid"),
  behaviour("refuses a number", post("7"), "400 BadRequest"),
  behaviour("refuses metadata that is a text", post('{"metadata":"x"}'), "400 BadRequest"),
  behaviour(
    "refuses data that is a list",
    post('{"metadata":{"name":"a"},"data":[]}'),
    "400 BadRequest",
  ),
  behaviour(
    "refuses a value that is a number where a text must be",
    post('{"metadata":{"name":"a"},"data":{"k":1}}'),
    "400 BadRequest",
  ),
  behaviour(
    "refuses base64 that is none",
    async (s) =>
      reason(await s.post(s.core("secrets"), { metadata: { name: "a" }, data: { k: "%%%" } })),
    "400 BadRequest",
  ),
  behaviour(
    "takes YAML",
    async (s) =>
      said(
        await s.post(s.maps(), "metadata:\n  name: a\n", { "content-type": "application/yaml" }),
      ),
    "201 ConfigMap",
  ),
  behaviour("refuses YAML that cannot be read", post("a: [", "application/yaml"), "400 BadRequest"),
  behaviour(
    "refuses a notation it does not know",
    async (s) => detailed(await s.post(s.maps(), "x", { "content-type": "text/plain" })),
    [
      "415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
      null,
    ],
  ),
  behaviour(
    "takes a charset",
    async (s) =>
      said(await s.post(s.maps(), map("a"), { "content-type": "application/json; charset=utf-8" })),
    "201 ConfigMap",
  ),
  behaviour(
    "takes the last of two equal keys",
    async (s) =>
      (
        await s.post(
          s.maps(),
          '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1"},"data":{"k":"2"}}',
        )
      ).body.data,
    { k: "2" },
  ),
  behaviour(
    "refuses a body of more than three MiB",
    async (s) => reason(await s.post(s.maps(), map("a", { k: "x".repeat(3_300_000) }))),
    "413 RequestEntityTooLarge",
  ),
  behaviour(
    "drops fields that the kind does not have",
    async (s) => (await s.post(s.maps(), { ...map("a"), strange: 1 })).body.strange ?? null,
    null,
  ),
  behaviour(
    "ignores parameters it does not know",
    async (s) => said(await s.get(`${s.maps()}?strange=1&pretty=true`)),
    "200 ConfigMapList",
  ),
  behaviour(
    "knows no path",
    asked("GET", () => "/nothing"),
    "404 no object",
  ),
  behaviour(
    "knows no group",
    asked("GET", () => "/apis/none.example.com/v1/things"),
    "404 no object",
  ),
  behaviour(
    "knows no version",
    asked("GET", () => "/apis/apps/v9/deployments"),
    "404 NotFound: the server could not find the requested resource",
  ),
  behaviour(
    "knows no resource",
    asked("GET", (s) => s.core("things")),
    "404 NotFound: the server could not find the requested resource",
  ),
  behaviour(
    "knows no subresource",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.get(s.maps("a", "strange")));
    },
    "404 NotFound: the server could not find the requested resource",
  ),
  behaviour(
    "says in details what path it does not know",
    async (s) => detailed(await s.get(s.core("things"))),
    ["404 NotFound: the server could not find the requested resource", {}],
  ),
  behaviour(
    "has no namespaced path of what has no namespace",
    asked("GET", (s) => s.core("nodes")),
    "404 NotFound: the server could not find the requested resource",
  ),
  behaviour(
    "does not put a collection",
    asked("PUT", (s) => s.maps()),
    "405 MethodNotAllowed: the server does not allow this method on the requested resource",
  ),
  behaviour(
    "does not patch a collection",
    asked("PATCH", (s) => s.maps()),
    "405 MethodNotAllowed: the server does not allow this method on the requested resource",
  ),
  behaviour(
    "does not post to an object",
    asked("POST", (s) => s.maps("a")),
    "405 MethodNotAllowed: the server does not allow this method on the requested resource",
  ),
  behaviour(
    "does not post to /api",
    asked("POST", () => "/api"),
    "405 MethodNotAllowed: the server does not allow this method on the requested resource",
  ),
  behaviour(
    "does not delete a version",
    asked("DELETE", () => "/version"),
    "405 MethodNotAllowed: the server does not allow this method on the requested resource",
  ),
  behaviour(
    "does not delete a status",
    async (s) => {
      await s.make(s.widgets(), widget("a"));
      return said(await s.delete(s.widgets("a", "status")));
    },
    '405 MethodNotAllowed: delete is not supported on resources of kind "widgets.parity.example.com"',
  ),
  behaviour(
    "answers HEAD of a list",
    async (s) => {
      const { code, body } = await s.call("HEAD", s.maps());
      return [code, body];
    },
    [405, ""],
  ),
  behaviour("answers OPTIONS", async (s) => (await s.call("OPTIONS", s.maps())).code, 405),
  behaviour(
    "reads names in paths unescaped",
    async (s) => {
      await s.make(s.maps(), map("a.b"));
      return said(await s.get(s.maps("a%2Eb")));
    },
    "200 ConfigMap",
  ),
  behaviour(
    "is not misled by dots in a path",
    async (s) => {
      const { code } = await s.get(`${s.maps()}/..%2fsecrets`);
      return code;
    },
    404,
  ),
  behaviour(
    "takes an object nested eight levels deep",
    async (s) => {
      let free: object = {};
      for (let i = 0; i < 8; i++) free = { free };
      return said(await s.post(s.widgets(), widget("a", { free })));
    },
    "201 Widget",
  ),
  behaviour(
    "keeps all of Unicode",
    async (s) => {
      const text = 'ü—漢字 🚀 \u2028 \\ " \t';
      await s.make(s.maps(), map("a", { k: text }));
      return (await s.get(s.maps("a"))).body.data.k === text;
    },
    true,
  ),
  behaviour(
    "keeps __proto__ out",
    async (s) => {
      const answer = await s.post(
        s.maps(),
        '{"metadata":{"name":"a"},"data":{"constructor":"1","toString":"2"}}',
      );
      return [answer.code, Object.entries(answer.body.data)];
    },
    [
      201,
      [
        ["constructor", "1"],
        ["toString", "2"],
      ],
    ],
  ),
  behaviour(
    "keeps an empty text",
    async (s) => (await s.post(s.maps(), map("a", { k: "" }))).body.data,
    { k: "" },
  ),
  behaviour(
    "is well without being asked who asks",
    async (s) => [
      (await s.get("/healthz")).body,
      (await s.get("/livez")).body,
      (await s.get("/readyz")).body,
    ],
    ["ok", "ok", "ok"],
  ),
  behaviour(
    "does not run with a slash at the end",
    async (s) => (await s.get(`${s.maps()}/`)).code,
    200,
  ),
]);
