import { causes, said, valueless } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

const labels = { a: "b" };

const container = { name: "c", image: "i" };

const template = (spec: object = { containers: [container] }) => ({ metadata: { labels }, spec });

const workload = (spec: object = {}) => ({
  metadata: { name: "x" },
  spec: { selector: { matchLabels: labels }, template: template(), ...spec },
});

const deployments = (s: Space, ...parts: string[]) => s.in("apps/v1", "deployments", ...parts);

const spec = (path: (s: Space) => string, body: object) => async (s: Space) => {
  const answer = await s.post(path(s), body);
  return answer.code === 201 ? plain(answer.body.spec) : [answer.code, ...valueless(answer)];
};

/** What a template does not say of itself is told apart elsewhere. */
function plain(spec: Any): Any {
  delete spec?.template?.metadata?.creationTimestamp;
  return spec;
}

export const deploying = area("deployments", [
  behaviour(
    "completes a Deployment",
    spec((s) => deployments(s), workload()),
    {
      replicas: 1,
      selector: { matchLabels: { a: "b" } },
      template: {
        metadata: { labels: { a: "b" } },
        spec: {
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
        },
      },
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
      },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
  ),
  behaviour(
    "writes down that a template was never created",
    async (s) => {
      const { body } = await s.post(deployments(s), workload());
      return Object.hasOwn(body.spec.template.metadata, "creationTimestamp");
    },
    differs("template-creation-time"),
  ),
  behaviour(
    "wants a selector of a Deployment",
    spec((s) => deployments(s), { metadata: { name: "x" }, spec: { template: template() } }),
    [
      422,
      "spec.selector FieldValueRequired: Required value",
      "spec.template.metadata.labels FieldValueInvalid: Invalid value: …: `selector` does not match template `labels`",
    ],
  ),
  behaviour(
    "wants a template of a Deployment",
    spec((s) => deployments(s), {
      metadata: { name: "x" },
      spec: { selector: { matchLabels: labels } },
    }),
    [
      422,
      "spec.template.metadata.labels FieldValueInvalid: Invalid value: …: `selector` does not match template `labels`",
      "spec.template.spec.containers FieldValueRequired: Required value",
    ],
  ),
  behaviour(
    "wants the labels of a template to be selected",
    spec((s) => deployments(s), workload({ selector: { matchLabels: { c: "d" } } })),
    [
      422,
      "spec.template.metadata.labels FieldValueInvalid: Invalid value: …: `selector` does not match template `labels`",
    ],
  ),
  behaviour(
    "refuses an empty selector of a Deployment",
    spec((s) => deployments(s), workload({ selector: {} })),
    [
      422,
      "spec.selector FieldValueInvalid: Invalid value: …: empty selector is invalid for deployment",
    ],
  ),
  behaviour(
    "refuses negative replicas",
    spec((s) => deployments(s), workload({ replicas: -1 })),
    [422, "spec.replicas FieldValueInvalid: Invalid value: …: must be greater than or equal to 0"],
  ),
  behaviour(
    "refuses replicas that are a text",
    async (s) => said(await s.post(deployments(s), workload({ replicas: "1" }))).slice(0, 15),
    "400 BadRequest:",
  ),
  behaviour(
    "refuses a strategy it does not know",
    spec((s) => deployments(s), workload({ strategy: { type: "Some" } })),
    [
      422,
      'spec.strategy FieldValueNotSupported: Unsupported value: …: "Recreate", "RollingUpdate"',
    ],
  ),
  behaviour(
    "refuses a rolling update of a Deployment that recreates",
    spec((s) => deployments(s), workload({ strategy: { type: "Recreate", rollingUpdate: {} } })),
    [
      422,
      "spec.strategy.rollingUpdate FieldValueForbidden: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ],
  ),
  behaviour(
    "wants containers",
    spec((s) => deployments(s), workload({ template: template({ containers: [] }) })),
    [422, "spec.template.spec.containers FieldValueRequired: Required value"],
  ),
  behaviour(
    "wants a restartPolicy of Always",
    spec(
      (s) => deployments(s),
      workload({ template: template({ containers: [container], restartPolicy: "Never" }) }),
    ),
    [
      422,
      'spec.template.spec.restartPolicy FieldValueNotSupported: Unsupported value: …: "Always"',
    ],
  ),
  behaviour(
    "does not change the selector of a Deployment",
    async (s) => {
      await s.make(deployments(s), workload());
      const next = {
        selector: { matchLabels: { ...labels, c: "d" } },
        template: { metadata: { labels: { c: "d" } } },
      };
      return causes(await s.patch(deployments(s, "x"), "merge", { spec: next })).map((text) =>
        text.replace(/Invalid value: .*: field/, "Invalid value: …: field"),
      );
    },
    ["spec.selector FieldValueInvalid: Invalid value: …: field is immutable"],
  ),
  behaviour(
    "keeps replicas when a patch does not name them",
    async (s) => {
      await s.make(deployments(s), workload({ replicas: 4 }));
      return (await s.patch(deployments(s, "x"), "merge", { spec: { minReadySeconds: 1 } })).body
        .spec.replicas;
    },
    4,
  ),
  behaviour(
    "reads the scale of a Deployment",
    async (s) => {
      await s.make(deployments(s), workload({ replicas: 4 }));
      const { body } = await s.get(deployments(s, "x", "scale"));
      return [body.kind, body.apiVersion, body.spec, body.status];
    },
    ["Scale", "autoscaling/v1", { replicas: 4 }, { replicas: 0, selector: "a=b" }],
  ),
  behaviour(
    "scales a Deployment",
    async (s) => {
      await s.make(deployments(s), workload());
      const { body } = await s.get(deployments(s, "x", "scale"));
      const answer = await s.put(deployments(s, "x", "scale"), { ...body, spec: { replicas: 3 } });
      return [answer.code, (await s.get(deployments(s, "x"))).body.spec.replicas];
    },
    [200, 3],
  ),
  behaviour(
    "takes status of a Deployment apart",
    async (s) => {
      const made = await s.post(deployments(s), { ...workload(), status: { replicas: 9 } });
      const { body } = await s.patch(deployments(s, "x", "status"), "merge", {
        status: { replicas: 2 },
      });
      return [made.body.status, body.status];
    },
    [{}, { replicas: 2 }],
  ),
]);
