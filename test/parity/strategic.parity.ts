import { causes, said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import type { Space } from "./space.ts";

const map = (name: string, data: object = {}) => ({ metadata: { name }, data });

const template = (...containers: object[]) => ({
  metadata: { labels: { a: "b" } },
  spec: { containers },
});

const deployment = (name: string, ...containers: object[]) => ({
  metadata: { name },
  spec: { selector: { matchLabels: { a: "b" } }, template: template(...containers) },
});

const names = (containers: readonly { name: string; image: string }[]) =>
  containers.map(({ name, image }) => `${name}=${image}`);

const containersAfter = (spec: object) => async (s: Space) => {
  const path = s.in("apps/v1", "deployments");
  await s.make(path, deployment("d", { name: "x", image: "1" }, { name: "y", image: "1" }));
  const answer = await s.patch(`${path}/d`, "strategic", { spec: { template: { spec } } });
  return answer.code === 200
    ? names(answer.body.spec.template.spec.containers)
    : [said(answer), ...causes(answer)];
};

export const patchingStrategically = area("strategic patches", [
  behaviour(
    "merges containers by name",
    containersAfter({ containers: [{ name: "x", image: "2" }] }),
    ["x=2", "y=1"],
  ),
  behaviour("adds a container", containersAfter({ containers: [{ name: "z", image: "1" }] }), [
    "z=1",
    "x=1",
    "y=1",
  ]),
  behaviour(
    "removes a container with $patch",
    containersAfter({ containers: [{ name: "x", $patch: "delete" }] }),
    ["y=1"],
  ),
  behaviour(
    "replaces containers with $patch",
    containersAfter({ containers: [{ name: "z", image: "1" }, { $patch: "replace" }] }),
    ["z=1"],
  ),
  behaviour(
    "orders containers with $setElementOrder",
    containersAfter({
      "$setElementOrder/containers": [{ name: "y" }, { name: "x" }],
      containers: [{ name: "x", image: "2" }],
    }),
    ["y=1", "x=2"],
  ),
  behaviour(
    "refuses a container without its merge key",
    containersAfter({ containers: [{ image: "2" }] }),
    differs("unreadable-body"),
  ),
  behaviour(
    "keeps only some fields with $retainKeys",
    async (s) => {
      const path = s.in("apps/v1", "deployments");
      await s.make(path, { ...deployment("d", { name: "x", image: "1" }) });
      const { body } = await s.patch(`${path}/d`, "strategic", {
        spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } },
      });
      return body.spec.strategy;
    },
    { type: "Recreate" },
  ),
  behaviour(
    "takes finalizers together in a strategic patch",
    async (s) => {
      await s.make(s.maps(), { metadata: { name: "a", finalizers: ["example.com/x"] } });
      const { body } = await s.patch(s.maps("a"), "strategic", {
        metadata: { finalizers: ["example.com/y"] },
      });
      return [...body.metadata.finalizers].sort();
    },
    ["example.com/x", "example.com/y"],
  ),
  behaviour(
    "drops values with $deleteFromPrimitiveList",
    async (s) => {
      await s.make(s.maps(), {
        metadata: { name: "a", finalizers: ["example.com/x", "example.com/y"] },
      });
      const { body } = await s.patch(s.maps("a"), "strategic", {
        metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/x"] },
      });
      return body.metadata.finalizers;
    },
    ["example.com/y"],
  ),
  behaviour(
    "lets a hundred parallel patches of different fields all count",
    async (s) => {
      await s.make(s.maps(), map("a"));
      const patches = Array.from({ length: 100 }, (_, i) =>
        s.patch(s.maps("a"), "merge", { data: { [`k${i}`]: "v" } }),
      );
      const codes = new Set((await Promise.all(patches)).map(({ code }) => code));
      return [[...codes], Object.keys((await s.get(s.maps("a"))).body.data).length];
    },
    [[200], 100],
  ),
  behaviour(
    "merges env by name and ports by number",
    async (s) => {
      const path = s.in("apps/v1", "deployments");
      await s.make(
        path,
        deployment("d", {
          name: "x",
          image: "1",
          env: [{ name: "A", value: "1" }],
          ports: [{ containerPort: 80, name: "web" }],
        }),
      );
      const patch = {
        containers: [
          {
            name: "x",
            env: [
              { name: "A", value: "2" },
              { name: "B", value: "3" },
            ],
            ports: [{ containerPort: 80, name: "http" }, { containerPort: 81 }],
          },
        ],
      };
      const { body } = await s.patch(`${path}/d`, "strategic", {
        spec: { template: { spec: patch } },
      });
      const [{ env, ports }] = body.spec.template.spec.containers;
      return [env, ports];
    },
    [
      [
        { name: "A", value: "2" },
        { name: "B", value: "3" },
      ],
      [
        { name: "http", containerPort: 80, protocol: "TCP" },
        { containerPort: 81, protocol: "TCP" },
      ],
    ],
  ),
]);
