import { said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

const container = { name: "c", image: "i" };

const pod = (spec: object = {}) => ({
  metadata: { name: "x" },
  spec: { containers: [container], ...spec },
});

const pods = (s: Space) => s.core("pods");

export const podsInUse = area("pods in use", [
  behaviour(
    "does not change the spec of a Pod but for images",
    async (s) => {
      await s.make(pods(s), pod());
      const image = await s.patch(`${pods(s)}/x`, "strategic", {
        spec: { containers: [{ name: "c", image: "j" }] },
      });
      const other = await s.patch(`${pods(s)}/x`, "merge", { spec: { hostNetwork: true } });
      return [
        image.code,
        image.body.metadata.generation ?? null,
        other.code,
        other.body.details?.causes?.[0]?.field,
      ];
    },
    [200, null, 422, "spec"],
  ),
  behaviour(
    "binds a Pod to a node",
    async (s) => {
      await s.make(pods(s), pod());
      const answer = await s.post(`${pods(s)}/x/binding`, {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name: "x" },
        target: { apiVersion: "v1", kind: "Node", name: "n" },
      });
      const { body } = await s.get(`${pods(s)}/x`);
      return [
        said(answer),
        body.spec.nodeName,
        body.status.conditions?.map(({ type, status }: Any) => [type, status]),
      ];
    },
    ["201 Success", "n", [["PodScheduled", "True"]]],
  ),
  behaviour(
    "deletes a Pod that no node has at once",
    async (s) => {
      await s.make(pods(s), pod());
      const answer = await s.delete(`${pods(s)}/x`);
      return [answer.code, answer.body.kind, (await s.get(`${pods(s)}/x`)).code];
    },
    [200, "Pod", 404],
  ),
  behaviour(
    "gives a Pod on a node time to end",
    async (s) => {
      await s.make(pods(s), pod({ nodeName: "n" }));
      const { body } = await s.delete(`${pods(s)}/x`);
      const forced = await s.delete(`${pods(s)}/x`, { gracePeriodSeconds: 0 });
      return [
        body.metadata.deletionGracePeriodSeconds ?? null,
        body.spec?.terminationGracePeriodSeconds ?? null,
        forced.code,
        (await s.get(`${pods(s)}/x`)).code,
      ];
    },
    [30, 30, 200, 404],
  ),
]);
