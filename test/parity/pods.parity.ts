import { valueless } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

const container = { name: "c", image: "i" };

const pod = (spec: object = {}) => ({
  metadata: { name: "x" },
  spec: { containers: [container], ...spec },
});

const spec = (path: (s: Space) => string, body: object) => async (s: Space) => {
  const answer = await s.post(path(s), body);
  return answer.code === 201 ? plain(answer.body.spec) : [answer.code, ...valueless(answer)];
};

/** What a template does not say of itself is told apart elsewhere. */
function plain(spec: Any): Any {
  delete spec?.template?.metadata?.creationTimestamp;
  return spec;
}

const pods = (s: Space) => s.core("pods");

export const podBehaviours = area("pods", [
  behaviour(
    "completes a Pod",
    async (s) => {
      const { body } = await s.post(pods(s), pod());
      const { tolerations, ...rest } = body.spec;
      return [rest, body.status];
    },
    [
      {
        containers: [
          {
            name: "c",
            image: "i",
            resources: {},
            terminationMessagePath: "/dev/termination-log",
            terminationMessagePolicy: "File",
            imagePullPolicy: "Always",
          },
        ],
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        dnsPolicy: "ClusterFirst",
        securityContext: {},
        schedulerName: "default-scheduler",
        priority: 0,
        enableServiceLinks: true,
        preemptionPolicy: "PreemptLowerPriority",
      },
      { phase: "Pending", qosClass: "BestEffort" },
    ],
  ),
  behaviour(
    "completes the ports, probes and variables of a container",
    async (s) => {
      const probe = { httpGet: { port: 80 } };
      const env = [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }];
      const { body } = await s.post(
        pods(s),
        pod({
          containers: [
            {
              ...container,
              image: "i:1",
              ports: [{ containerPort: 80 }],
              livenessProbe: probe,
              env,
            },
          ],
        }),
      );
      const [{ imagePullPolicy, ports, livenessProbe, env: variables }] = body.spec.containers;
      return [imagePullPolicy, ports, livenessProbe, variables];
    },
    [
      "IfNotPresent",
      [{ containerPort: 80, protocol: "TCP" }],
      {
        httpGet: { path: "/", port: 80, scheme: "HTTP" },
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
      [{ name: "A", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } }],
    ],
  ),
  behaviour(
    "completes the volumes of a Pod",
    async (s) => {
      const volumes = [
        { name: "s", secret: { secretName: "x" } },
        { name: "m", configMap: { name: "x" } },
        { name: "h", hostPath: { path: "/x" } },
        { name: "e" },
      ];
      return (await s.post(pods(s), pod({ volumes }))).body.spec.volumes;
    },
    [
      { name: "s", secret: { secretName: "x", defaultMode: 420 } },
      { name: "m", configMap: { name: "x", defaultMode: 420 } },
      { name: "h", hostPath: { path: "/x", type: "" } },
      { name: "e", emptyDir: {} },
    ],
  ),
  behaviour(
    "fills in requests from limits",
    async (s) => {
      const { body } = await s.post(
        pods(s),
        pod({ containers: [{ ...container, resources: { limits: { cpu: "1", memory: "1Gi" } } }] }),
      );
      return [body.spec.containers[0].resources, body.status.qosClass];
    },
    [{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } }, "Guaranteed"],
  ),
  behaviour("wants a Pod to have containers", spec(pods, pod({ containers: [] })), [
    422,
    "spec.containers FieldValueRequired: Required value",
  ]),
  behaviour(
    "wants a container to have a name and an image",
    spec(pods, pod({ containers: [{}] })),
    [
      422,
      "spec.containers[0].name FieldValueRequired: Required value",
      "spec.containers[0].image FieldValueRequired: Required value",
    ],
  ),
  behaviour(
    "refuses two containers of one name",
    spec(pods, pod({ containers: [container, container] })),
    [422, 'spec.containers[1].name FieldValueDuplicate: Duplicate value: "c"'],
  ),
  behaviour(
    "refuses a bad container name",
    spec(pods, pod({ containers: [{ ...container, name: "A_b" }] })),
    [
      422,
      "spec.containers[0].name FieldValueInvalid: Invalid value: …: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  ),
  behaviour(
    "refuses a restartPolicy it does not know",
    spec(pods, pod({ restartPolicy: "Some" })),
    [
      422,
      'spec.restartPolicy FieldValueNotSupported: Unsupported value: …: "Always", "OnFailure", "Never"',
    ],
  ),
  behaviour(
    "refuses a mount of no volume",
    spec(
      pods,
      pod({ containers: [{ ...container, volumeMounts: [{ name: "v", mountPath: "/x" }] }] }),
    ),
    [422, 'spec.containers[0].volumeMounts[0].name FieldValueNotFound: Not found: "v"'],
  ),
  behaviour(
    "refuses a port that is none",
    spec(pods, pod({ containers: [{ ...container, ports: [{ containerPort: 99999 }] }] })),
    [
      422,
      "spec.containers[0].ports[0].containerPort FieldValueInvalid: Invalid value: …: must be between 1 and 65535, inclusive",
    ],
  ),
]);
