import { area, behaviour } from "./behaviour.ts";
import type { Space } from "./space.ts";

const core = (s: Space, ...parts: string[]) => s.core("events", ...parts);
const events = (s: Space, ...parts: string[]) => s.in("events.k8s.io/v1", "events", ...parts);

const old = (s: Space) => ({
  metadata: { name: "a" },
  involvedObject: { kind: "Pod", name: "p", namespace: s.ns },
  reason: "Killing",
  message: "stopped",
  type: "Normal",
  count: 2,
  source: { component: "kubelet", host: "n" },
  firstTimestamp: "2020-01-02T03:04:05Z",
  lastTimestamp: "2020-01-02T03:04:06Z",
});
const recent = (s: Space) => ({
  metadata: { name: "b" },
  eventTime: "2020-01-02T03:04:05.000000Z",
  reportingController: "example.com/c",
  reportingInstance: "c-1",
  action: "Binding",
  reason: "Scheduled",
  regarding: { kind: "Pod", name: "p", namespace: s.ns },
  note: "to n",
  type: "Normal",
});

export const newEvents = area("events of both groups", [
  behaviour(
    "shows an event of the core group in the newer one",
    async (s) => {
      await s.make(core(s), old(s));
      const { kind, apiVersion, metadata, ...event } = (await s.get(events(s, "a"))).body;
      const { regarding, note, deprecatedCount, deprecatedSource, reason, type } = event;
      const { deprecatedFirstTimestamp, deprecatedLastTimestamp } = event;
      return [
        [kind, apiVersion, regarding, note, reason, type],
        [deprecatedCount, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp],
      ];
    },
    [
      [
        "Event",
        "events.k8s.io/v1",
        { kind: "Pod", name: "p", namespace: "(ns)" },
        "stopped",
        "Killing",
        "Normal",
      ],
      [2, { component: "kubelet", host: "n" }, "2020-01-02T03:04:05Z", "2020-01-02T03:04:06Z"],
    ],
  ),
  behaviour(
    "shows an event of the newer group in the core group",
    async (s) => {
      await s.make(events(s), recent(s));
      const { apiVersion, involvedObject, message, reportingComponent, reportingInstance } = (
        await s.get(core(s, "b"))
      ).body;
      return [apiVersion, involvedObject, message, reportingComponent, reportingInstance];
    },
    ["v1", { kind: "Pod", name: "p", namespace: "(ns)" }, "to n", "example.com/c", "c-1"],
  ),
  behaviour(
    "lists the same events in both",
    async (s) => {
      await s.make(core(s), old(s));
      await s.make(events(s), recent(s));
      const lists = await Promise.all([core(s), events(s)].map((path) => s.get(path)));
      return lists.map(({ body }) => [
        body.kind,
        body.apiVersion,
        body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
      ]);
    },
    [
      ["EventList", "v1", ["a", "b"]],
      ["EventList", "events.k8s.io/v1", ["a", "b"]],
    ],
  ),
  behaviour(
    "changes and deletes in one what there is in the other",
    async (s) => {
      await s.make(core(s), old(s));
      const series = { count: 3, lastObservedTime: "2020-01-02T03:04:07.000000Z" };
      await s.patch(events(s, "a"), "merge", { series });
      const found = (await s.get(core(s, "a"))).body.series;
      const { code } = await s.delete(events(s, "a"));
      return [found, code, (await s.get(core(s, "a"))).code];
    },
    [{ count: 3, lastObservedTime: "2020-01-02T03:04:07.000000Z" }, 200, 404],
  ),
]);
