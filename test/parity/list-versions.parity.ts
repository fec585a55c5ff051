import { detailed, names, reason, said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
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

export const listVersions = area("list versions", [
  behaviour(
    "lists across namespaces",
    async (s) => {
      await s.make(s.maps(), map("a", { across: s.id }));
      const answer = await s.get(`/api/v1/configmaps?labelSelector=across%3D${s.id}`);
      return [names(answer), answer.body.items[0].metadata.namespace];
    },
    [["a"], "(ns)"],
  ),
  behaviour(
    "does not create across namespaces",
    async (s) => said(await s.post("/api/v1/configmaps", map("a"))),
    "405 MethodNotAllowed: the server does not allow this method on the requested resource",
  ),
  behaviour(
    "takes resourceVersion 0",
    async (s) => reason(await s.get(`${s.maps()}?resourceVersion=0`)),
    "200 ConfigMapList",
  ),
  behaviour(
    "is not older than the resourceVersion of a write",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      return names(await s.get(`${s.maps()}?resourceVersion=${made.metadata.resourceVersion}`));
    },
    ["a"],
  ),
  behaviour(
    "shows with Exact the state of a resourceVersion",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      await s.make(s.maps(), map("b"));
      const answer = await s.get(
        `${s.maps()}?resourceVersionMatch=Exact&resourceVersion=${made.metadata.resourceVersion}`,
      );
      return [
        names(answer),
        answer.body.metadata.resourceVersion === made.metadata.resourceVersion,
      ];
    },
    [["a"], true],
  ),
  behaviour(
    "refuses resourceVersionMatch without resourceVersion",
    async (s) => detailed(await s.get(`${s.maps()}?resourceVersionMatch=Exact`)),
    [
      '422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
      {
        group: "meta.k8s.io",
        kind: "ListOptions",
        causes: [
          {
            reason: "FieldValueForbidden",
            message:
              "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
            field: "resourceVersionMatch",
          },
        ],
      },
    ],
  ),
  behaviour(
    "refuses Exact of 0",
    async (s) => said(await s.get(`${s.maps()}?resourceVersionMatch=Exact&resourceVersion=0`)),
    '422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
  ),
  behaviour(
    "refuses a resourceVersionMatch it does not know",
    async (s) => said(await s.get(`${s.maps()}?resourceVersionMatch=Some&resourceVersion=1`)),
    '422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Some": supported values: "Exact", "NotOlderThan", ""',
  ),
  behaviour(
    "refuses a resourceVersion that is no number",
    async (s) => said(await s.get(`${s.maps()}?resourceVersion=abc`)),
    differs("bad-resource-version"),
  ),
  behaviour(
    "has a version of its own that grows with writes",
    async (s) => {
      const before = await s.get(s.maps());
      await s.make(s.maps(), map("a"));
      const after = await s.get(s.maps());
      return (
        BigInt(after.body.metadata.resourceVersion) > BigInt(before.body.metadata.resourceVersion)
      );
    },
    true,
  ),
  behaviour(
    "reads one object at resourceVersion 0",
    async (s) => {
      await some(s);
      return said(await s.get(`${s.maps("a")}?resourceVersion=0`));
    },
    "200 ConfigMap",
  ),
]);
