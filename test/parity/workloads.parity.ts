import { valueless } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

const labels = { a: "b" };

const container = { name: "c", image: "i" };

const template = (spec: object = { containers: [container] }) => ({ metadata: { labels }, spec });

const workload = (spec: object = {}) => ({
  metadata: { name: "x" },
  spec: { selector: { matchLabels: labels }, template: template(), ...spec },
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

export const workloads = area("workloads", [
  behaviour(
    "completes a StatefulSet",
    spec((s) => s.in("apps/v1", "statefulsets"), workload({ serviceName: "x" })),
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
      serviceName: "x",
      podManagementPolicy: "OrderedReady",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
    },
  ),
  behaviour(
    "completes a DaemonSet",
    spec((s) => s.in("apps/v1", "daemonsets"), workload()),
    {
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
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      revisionHistoryLimit: 10,
    },
  ),
  behaviour(
    "completes a ReplicaSet",
    spec((s) => s.in("apps/v1", "replicasets"), workload()),
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
    },
  ),
]);
