import { valueless } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

const labels = { a: "b" };

const service = (spec: object) => ({ metadata: { name: "x" }, spec });

const spec = (path: (s: Space) => string, body: object) => async (s: Space) => {
  const answer = await s.post(path(s), body);
  return answer.code === 201 ? plain(answer.body.spec) : [answer.code, ...valueless(answer)];
};

/** What a template does not say of itself is told apart elsewhere. */
function plain(spec: Any): Any {
  delete spec?.template?.metadata?.creationTimestamp;
  return spec;
}

const services = (s: Space) => s.core("services");

export const serviceBehaviours = area("services", [
  behaviour(
    "completes a Service",
    async (s) => {
      const { body } = await s.post(
        services(s),
        service({ selector: labels, ports: [{ port: 80 }] }),
      );
      const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy, internalTrafficPolicy, ...rest } =
        body.spec;
      return [rest, body.status];
    },
    [
      {
        ports: [{ protocol: "TCP", port: 80, targetPort: 80 }],
        selector: { a: "b" },
        type: "ClusterIP",
        sessionAffinity: "None",
      },
      { loadBalancer: {} },
    ],
  ),
  behaviour(
    "gives a Service an address",
    async (s) =>
      /^\d+\.\d+\.\d+\.\d+$/.test(
        (await s.post(services(s), service({ ports: [{ port: 80 }] }))).body.spec.clusterIP,
      ),
    true,
  ),
  behaviour(
    "leaves a Service without head as it is",
    async (s) =>
      (await s.post(services(s), service({ clusterIP: "None", ports: [{ port: 80 }] }))).body.spec
        .clusterIP,
    "None",
  ),
  behaviour("wants ports of a Service", spec(services, service({})), [
    422,
    "spec.ports FieldValueRequired: Required value",
  ]),
  behaviour(
    "wants names of several ports",
    spec(services, service({ ports: [{ port: 80 }, { port: 81 }] })),
    [
      422,
      "spec.ports[0].name FieldValueRequired: Required value",
      "spec.ports[1].name FieldValueRequired: Required value",
    ],
  ),
  behaviour(
    "refuses a port of a Service that is none",
    spec(services, service({ ports: [{ port: 0 }] })),
    [
      422,
      "spec.ports[0].port FieldValueInvalid: Invalid value: …: must be between 1 and 65535, inclusive",
      "spec.ports[0].targetPort FieldValueInvalid: Invalid value: …: must be between 1 and 65535, inclusive",
    ],
  ),
  behaviour(
    "refuses a type of Service it does not know",
    spec(services, service({ type: "Some", ports: [{ port: 80 }] })),
    [
      422,
      'spec.type FieldValueNotSupported: Unsupported value: …: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ),
  behaviour(
    "does not change the address of a Service",
    async (s) => {
      await s.make(services(s), service({ ports: [{ port: 80 }] }));
      const answer = await s.patch(`${services(s)}/x`, "merge", {
        spec: { clusterIP: "10.96.99.99" },
      });
      return [answer.code, answer.body.details?.causes?.map(({ field }: Any) => field).slice(0, 2)];
    },
    [422, ["spec.clusterIPs[0]"]],
  ),
]);
