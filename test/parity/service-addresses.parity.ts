import { randomInt } from "node:crypto";
import { area, behaviour, differs } from "./behaviour.ts";
import type { Answer, Any } from "./request.ts";
import type { Space } from "./space.ts";

const ports = [{ port: 80 }];
const services = (s: Space, ...parts: string[]) => s.core("services", ...parts);
const service = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { ports, ...spec },
});

/** An address of the range of both servers that nobody is likely to have. */
const someAddress = () => `10.96.${randomInt(1, 255)}.${randomInt(1, 255)}`;

const refusal = ({ code, body }: Answer) => [
  code,
  body.reason,
  body.details?.causes?.map(({ field, reason }: Any) => `${field} ${reason}`),
];

const isNodePort = (port: number) => port >= 30_000 && port <= 32_767;

export const serviceAddresses = area("addresses of services", [
  behaviour(
    "repeats the address in the list of addresses",
    async (s) => {
      const [{ spec }] = (await s.make(services(s), service("x"))) as [Any];
      return spec.clusterIPs.length === 1 && spec.clusterIPs[0] === spec.clusterIP;
    },
    true,
  ),
  behaviour(
    "gives each Service another one",
    async (s) => {
      const names = Array.from({ length: 20 }, (_, i) => `x${i}`);
      const made = await Promise.all(names.map((name) => s.post(services(s), service(name))));
      return new Set(made.map(({ body }) => body.spec.clusterIP)).size;
    },
    20,
  ),
  behaviour(
    "gives the address that is asked for, and to nobody else",
    async (s) => {
      const clusterIP = someAddress();
      const [{ spec }] = (await s.make(services(s), service("x", { clusterIP }))) as [Any];
      const again = await s.post(services(s), service("y", { clusterIP }));
      return [spec.clusterIP === clusterIP, refusal(again)];
    },
    [true, [422, "Invalid", ["spec.clusterIPs FieldValueInvalid"]]],
  ),
  behaviour(
    "gives an address again when its Service is gone",
    async (s) => {
      const clusterIP = someAddress();
      await s.make(services(s), service("x", { clusterIP }));
      await s.delete(services(s, "x"));
      return (await s.post(services(s), service("y", { clusterIP }))).code;
    },
    201,
  ),
  behaviour(
    "refuses an address that is not of the range",
    async (s) => refusal(await s.post(services(s), service("x", { clusterIP: "192.0.2.1" }))),
    [422, "Invalid", ["spec.clusterIPs FieldValueInvalid"]],
  ),
  behaviour(
    "refuses an address that is none",
    async (s) => refusal(await s.post(services(s), service("x", { clusterIP: "web" }))),
    [422, "Invalid", ["spec.clusterIPs[0] FieldValueInvalid"]],
  ),
  behaviour(
    "keeps the address over an update that does not say it",
    async (s) => {
      const [{ spec }] = (await s.make(services(s), service("x"))) as [Any];
      const { resourceVersion } = (await s.get(services(s, "x"))).body.metadata;
      const { body } = await s.put(services(s, "x"), {
        ...service("x", { selector: { a: "b" } }),
        metadata: { name: "x", resourceVersion },
      });
      return [body.spec?.clusterIP === spec.clusterIP, body.spec?.selector ?? null];
    },
    differs("service-updates"),
  ),
  behaviour(
    "keeps nothing of a rehearsal",
    async (s) => {
      const clusterIP = someAddress();
      const path = `${services(s)}?dryRun=All`;
      const { code } = await s.post(path, service("x", { clusterIP }));
      return [code, (await s.post(services(s), service("y", { clusterIP }))).code];
    },
    [201, 201],
  ),
  behaviour(
    "gives no address to a name of elsewhere",
    async (s) => {
      const spec = { type: "ExternalName", externalName: "example.com" };
      const { body } = await s.post(services(s), service("x", spec));
      return [body.spec.clusterIP ?? null, body.spec.clusterIPs ?? null];
    },
    [null, null],
  ),
  behaviour(
    "gives one when the name of elsewhere becomes a Service of its own",
    async (s) => {
      const spec = { type: "ExternalName", externalName: "example.com" };
      await s.make(services(s), service("x", spec));
      const { code, body } = await s.patch(services(s, "x"), "merge", {
        spec: { type: "ClusterIP", externalName: null },
      });
      return [code, /^10\./.test(body.spec?.clusterIP)];
    },
    [200, true],
  ),
  behaviour(
    "takes the address back when a Service becomes a name of elsewhere",
    async (s) => {
      await s.make(services(s), service("x"));
      const { code, body } = await s.patch(services(s, "x"), "merge", {
        spec: { type: "ExternalName", externalName: "example.com" },
      });
      return [code, body.spec?.clusterIP ?? null, body.spec?.clusterIPs ?? null];
    },
    [200, null, null],
  ),
  behaviour(
    "gives node ports, and keeps them",
    async (s) => {
      const many = [
        { name: "a", port: 80 },
        { name: "b", port: 81 },
      ];
      const given = service("x", { type: "NodePort", ports: many });
      const [{ spec }] = (await s.make(services(s), given)) as [Any];
      const before = spec.ports.map(({ nodePort }: Any) => nodePort);
      const { body } = await s.patch(services(s, "x"), "merge", { spec: { ports: many } });
      const after = body.spec.ports.map(({ nodePort }: Any) => nodePort);
      const isSame = JSON.stringify(before) === JSON.stringify(after);
      return [before.every(isNodePort), new Set(before).size, isSame, spec.externalTrafficPolicy];
    },
    differs("service-updates"),
  ),
  behaviour(
    "gives a node port to one Service only",
    async (s) => {
      const given = service("x", { type: "NodePort" });
      const [{ spec }] = (await s.make(services(s), given)) as [Any];
      const { nodePort } = spec.ports[0];
      const wish = { type: "NodePort", ports: [{ port: 80, nodePort }] };
      return refusal(await s.post(services(s), service("y", wish)));
    },
    [422, "Invalid", ["spec.ports[0].nodePort FieldValueInvalid"]],
  ),
  behaviour(
    "refuses a node port that is not of the range",
    async (s) => {
      const wish = { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] };
      return refusal(await s.post(services(s), service("x", wish)));
    },
    [422, "Invalid", ["spec.ports[0].nodePort FieldValueInvalid"]],
  ),
  behaviour(
    "refuses a node port where the type has none",
    async (s) => {
      const wish = { ports: [{ port: 80, nodePort: 30_123 }] };
      return refusal(await s.post(services(s), service("x", wish)));
    },
    [422, "Invalid", ["spec.ports[0].nodePort FieldValueForbidden"]],
  ),
  behaviour(
    "takes node ports back with their type",
    async (s) => {
      await s.make(services(s), service("x", { type: "NodePort" }));
      const { code, body } = await s.patch(services(s, "x"), "merge", {
        spec: { type: "ClusterIP" },
      });
      return [code, body.spec?.ports, body.spec?.externalTrafficPolicy ?? null];
    },
    [200, [{ protocol: "TCP", port: 80, targetPort: 80 }], null],
  ),
  behaviour(
    "sends clients to one pod for three hours",
    async (s) =>
      (await s.post(services(s), service("x", { sessionAffinity: "ClientIP" }))).body.spec
        .sessionAffinityConfig,
    { clientIP: { timeoutSeconds: 10_800 } },
  ),
]);
