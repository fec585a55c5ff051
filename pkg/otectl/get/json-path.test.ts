import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KUBECTLS, Kubectl } from "../../../test/support/kubectl.ts";
import { ScriptedApi } from "../../../test/support/scripted-api.ts";
import { findValues } from "./find-values.ts";
import { goJson, goText, pathText } from "./go-text.ts";
import { parsePath, parseTemplate } from "./json-path.ts";

const [KUBECTL = ""] = KUBECTLS;
if (KUBECTL === "") process.stderr.write("skipped: jsonpath beside kubectl: no kubectl is found\n");

const meta = (name: string, labels?: object) => ({
  metadata: { name, namespace: "default", ...(labels === undefined ? {} : { labels }) },
});

/** Pods with everything in them that a path may meet. */
const PODS = [
  { ...meta("a", { "app.kubernetes.io/name": "x", app: "one" }), data: { k: "v<b>&", n: "1" } },
  {
    ...meta("b", { app: "two" }),
    spec: {
      replicas: 3,
      numbers: [1.5, 1e25, 0.0000001, 0.001, -7, 0, 123456789],
      yes: true,
      nothing: null,
      empty: [],
      list: [],
      containers: [
        { name: "c1", image: "i1", ports: [{ p: 80 }, { p: 443 }] },
        { name: "c2", image: "i2" },
      ],
    },
  },
  {
    ...meta("c"),
    spec: {
      replicas: 10,
      list: [7],
      containers: [{ name: "c3", image: "i3" }],
      nodeName: `it's "q"\t\u00e9\u2028`,
      nested: [[1, 2], [3]],
    },
  },
];

const LIST = {
  apiVersion: "v1",
  items: PODS.map((pod) => ({ apiVersion: "v1", kind: "Pod", ...pod })),
  kind: "List",
  metadata: { resourceVersion: "" },
};

/** Templates for the list, those that must not succeed among them. */
const OF_LIST = [
  "{.items[*].metadata.name}",
  "{.metadata.name}",
  '{range .items[*]}{.metadata.name}{"\\n"}{end}',
  '{range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\t"}{.spec.replicas}{"\\n"}{end}',
  "{.kind} {.apiVersion} {.metadata}",
  "{..image}",
  "{.items[*].spec.empty[*]}x",
  "{.items[*].spec.list[*]}x",
  ".kind",
  "{$.kind}",
  "{@.kind}",
  "{}x",
  "{.items[*].spec.containers[*].name}",
  "{.items[*].spec.nodeName}",
  "{.items[*].metadata.labels}",
  "{.items[*]['metadata.name','spec.replicas']}",
  "{.items[*].metadata['name', 'namespace']}",
  "{.items[].metadata.name}",
  "{.items[-1].metadata.name}",
  "{.items[-2:].metadata.name}",
  "{.items[0:3:2].metadata.name}",
  "{.items[:1].metadata.name}",
  "{.items[1:1].metadata.name}",
  "{.items[?(@.spec.replicas>5)].metadata.name}",
  "{.items[?(@.spec.replicas>=3)].metadata.name}",
  "{.items[?(@.spec.replicas != 3)].metadata.name}",
  "{.items[?(@.spec.nothing)].metadata.name}",
  '{.items[?(@.metadata.name!="a")].metadata.name}',
  "{.items[?(@.metadata.name<'b')].metadata.name}",
  "{.items[?(@.metadata.labels.app\\.kubernetes\\.io/name=='x')].metadata.name}",
  "{.items[?(@.spec.containers[0].name=='c3')].metadata.name}",
  "{.items[?(@.spec.yes==true)].metadata.name}",
  "{range .items[*]}{.metadata.name}",
  "{range .items[*]}{range .spec.containers[*]}{.name},{end};{end}.",
  "{range .nothing[*]}{.x}{end}done",
  "{range .items[*]}[{.metadata.name}, {.spec.containers[*].image}] {end}",
  "{range .items[*]}{.metadata.name}{'\\t'}{.spec.nodeName}{end}",
  "{'a'}{\"b\\t\\u00e9\"}{1}{true}{1.5}{-3}",
  "{.items[0].data.k}",
  "{.items[*].spec.nested[*][0]}",
  "{.items[*].spec.nested}",
  "{.items[?(@.kind=='Pod')].kind}",
  "{end}",
  "{foo}",
  "{.items[9].metadata.name}",
  "{.items[0:5].metadata.name}",
  "{.items[2:1]}",
  "{.items[0:2:0]}",
  "{.items[*].spec.containers[1].name}",
  "{.items[?(@.metadata.name==1)]}",
  "{.items[?(@.metadata=='x')]}",
  "{.kind[0]}",
  "{.kind[?(@.x)]}",
  "{.x",
  "{.x[}",
  "{.x[?(@.y}",
  "{.x['y}",
  '{.x["y"]}',
  "{.x[a]}",
  '{"x}',
  "{....x}",
  "{%}",
  "{.items[?(@.metadata.name=~'a')]}",
  "",
];

/** Templates for the pod b. */
const OF_ONE = [
  "{.metadata.name}",
  "{@}",
  "{.spec.numbers}",
  "{.spec.numbers[*]}",
  "{.spec.yes} {.spec.nothing} {.spec.empty} {.spec.missing}x",
  "{.spec.nothing.x}y",
  "{.spec.containers[0].ports}",
  "{.spec.containers}",
  "{.spec.replicas[0]}",
  "{.spec.empty[0]}",
  '{.spec.containers[?(@.name=="c1")].ports[*].p}',
  "{.spec['containers'][1]['image']}",
  "{.metadata.labels.app}",
  "{.metadata.labels['app']}",
  "{.spec..p}",
  "{.spec.containers[*]['name','image']}",
];

/** What a template prints; an error is a sign that it must not be printed. */
function printed(template: string, object: unknown): string | Error {
  try {
    return findValues(parseTemplate(template), object)
      .map((values) => values.map(pathText).join(" "))
      .join("");
  } catch (error) {
    return error as Error;
  }
}

describe.skipIf(KUBECTL === "")("a template prints what kubectl prints", () => {
  let api: ScriptedApi;
  let kubectl: Kubectl;

  beforeAll(async () => {
    api = await ScriptedApi.listen();
    const path = "/api/v1/namespaces/default/pods";
    const documents: Record<string, unknown> = {
      "/api": { kind: "APIVersions", versions: ["v1"] },
      "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
      "/api/v1": {
        kind: "APIResourceList",
        groupVersion: "v1",
        resources: [
          {
            name: "pods",
            singularName: "pod",
            namespaced: true,
            kind: "Pod",
            verbs: ["get", "list"],
          },
        ],
      },
      [path]: { kind: "PodList", apiVersion: "v1", metadata: {}, items: PODS },
      [`${path}/b`]: LIST.items[1],
    };
    api.answer = ({ url }) => {
      const document = documents[url.split("?")[0] ?? ""];
      const headers = { "content-type": "application/json" };
      return document === undefined
        ? { status: 404 }
        : { status: 200, headers, body: JSON.stringify(document) };
    };
    kubectl = new Kubectl(KUBECTL, api.kubeconfig);
  });
  afterAll(async () => {
    await api?.[Symbol.asyncDispose]();
  });

  it.concurrent.each(OF_LIST)("of a list: %s", async (template) => {
    const { code, out } = await kubectl.run("get", "pods", "-o", `jsonpath=${template}`);
    const ours = printed(template, LIST);
    expect(code === 0 ? out : "an error").toBe(ours instanceof Error ? "an error" : ours);
  });

  it.concurrent.each(OF_ONE)("of an object: %s", async (template) => {
    const { code, out } = await kubectl.run("get", "pod", "b", "-o", `jsonpath=${template}`);
    const ours = printed(template, LIST.items[1]);
    expect(code === 0 ? out : "an error").toBe(ours instanceof Error ? "an error" : ours);
  });

  it.concurrent.each([
    "N:.metadata.name,L:.metadata.labels,R:.spec.replicas",
    "N:metadata.name,P:{.spec.containers[*].name},Q:{spec.numbers}",
    "EMPTY:.spec.empty,NULL:.spec.nothing,YES:.spec.yes,NUM:.spec.numbers[0:3]",
    "ALL:.spec.containers,X:.spec.nested",
  ])("in custom columns: %s", async (spec) => {
    const { code, out } = await kubectl.run("get", "pods", "-o", `custom-columns=${spec}`);
    const paths = spec.split(",").map((column) => parsePath(column.slice(column.indexOf(":") + 1)));
    const cell = (values: readonly unknown[]) => values.map(goText).join(",") || "<none>";
    const rows = LIST.items.map((item) =>
      paths.map((path) => findValues(path, item).map(cell).join(",")).join("|"),
    );
    expect([
      code,
      out
        .split("\n")
        .slice(1, -1)
        .map((line) => line.trim().split(/ {2,}/).join("|")),
    ]).toEqual([0, rows]);
  });

  it("as JSON", async () => {
    const template = "{.items[*].metadata.labels}";
    const { out } = await kubectl.run("get", "pods", "-o", `jsonpath-as-json=${template}`);
    const ours = findValues(parseTemplate(template), LIST).map(
      (values) => `${goJson(values, 4)}\n`,
    );
    expect(out).toBe(ours.join(""));
  });
});

describe("a path", () => {
  it.each(["metadata.name", ".metadata.name", "{metadata.name}", "{.metadata.name}"])(
    "%s may be written with braces and a point, or without",
    (text) => expect(findValues(parsePath(text), LIST.items[0])).toEqual([["a"]]),
  );

  it.each(["", "{.a", ".a}", "{.a}{.b}", "a{b}"])("%j is refused", (text) => {
    expect(() => parsePath(text)).toThrow(TypeError);
  });

  it("does not find what objects of this language have of their own", () => {
    expect(findValues(parsePath(".constructor.name"), LIST)).toEqual([[]]);
    expect(findValues(parsePath(".items.length"), LIST)).toEqual([[]]);
  });
});
