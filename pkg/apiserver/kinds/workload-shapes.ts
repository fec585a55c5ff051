import { at, child, type JsonObject, objectOf } from "../request/json.ts";
import type { KindRules } from "./kind-rules.ts";
import { completePodSpec } from "./pod-completion.ts";
import { defaulted, flag, number, object, POD_TEMPLATE, text } from "./pod-shape.ts";
import { checkDeployment, checkJob, checkWorkload } from "./workload-rules.ts";

const template = POD_TEMPLATE;
const ROLLING = "RollingUpdate";

function completeTemplate({ spec }: JsonObject): void {
  completePodSpec(child(child(objectOf(spec), "template"), "spec"));
}

/** The strategies that roll, by how far at once. */
function completeDeployment(deployment: JsonObject): void {
  completeTemplate(deployment);
  const strategy = child(objectOf(deployment.spec), "strategy");
  if (strategy.type !== ROLLING) return;
  const rolling = child(strategy, "rollingUpdate");
  rolling.maxUnavailable ??= "25%";
  rolling.maxSurge ??= "25%";
}

/** A Job that names no selector gets one of its own, by its uid. */
function completeJob(job: JsonObject, old: JsonObject | undefined): void {
  completeTemplate(job);
  const spec = objectOf(job.spec);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  if (old !== undefined || spec.manualSelector === true) return;
  const uid = at(job, "metadata", "uid");
  const own = { "controller-uid": uid, "job-name": at(job, "metadata", "name") };
  const metadata = child(child(spec, "template"), "metadata");
  metadata.labels = { ...own, ...objectOf(metadata.labels) };
  spec.selector = { matchLabels: { "controller-uid": uid } };
}

/** Kinds that make pods, by resource. */
export const WORKLOAD_RULES: Readonly<Record<string, KindRules>> = {
  "deployments.apps": {
    shape: object({
      spec: object({
        replicas: defaulted(1),
        template,
        strategy: { ...object({ type: defaulted(ROLLING) }), default: {} },
        revisionHistoryLimit: defaulted(10),
        progressDeadlineSeconds: defaulted(600),
        minReadySeconds: number,
        paused: flag,
      }),
    }),
    complete: completeDeployment,
    check: checkDeployment,
    status: {},
  },
  "statefulsets.apps": {
    shape: object({
      spec: object({
        replicas: defaulted(1),
        template,
        serviceName: text,
        podManagementPolicy: defaulted("OrderedReady"),
        updateStrategy: { ...object({ type: defaulted(ROLLING) }), default: {} },
        revisionHistoryLimit: defaulted(10),
      }),
    }),
    complete: (object) => {
      completeTemplate(object);
      const strategy = child(objectOf(object.spec), "updateStrategy");
      if (strategy.type === ROLLING) child(strategy, "rollingUpdate").partition ??= 0;
    },
    check: checkWorkload("statefulset"),
    status: { replicas: 0 },
  },
  "daemonsets.apps": {
    shape: object({
      spec: object({
        template,
        updateStrategy: { ...object({ type: defaulted(ROLLING) }), default: {} },
        revisionHistoryLimit: defaulted(10),
      }),
    }),
    complete: (object) => {
      completeTemplate(object);
      const strategy = child(objectOf(object.spec), "updateStrategy");
      if (strategy.type === ROLLING) child(strategy, "rollingUpdate").maxUnavailable ??= 1;
    },
    check: checkWorkload("daemonset"),
    status: {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    },
  },
  "replicasets.apps": {
    shape: object({ spec: object({ replicas: defaulted(1), template }) }),
    complete: completeTemplate,
    check: checkWorkload("replicaset"),
    status: { replicas: 0 },
  },
  "jobs.batch": {
    shape: object({
      spec: object({
        template,
        backoffLimit: defaulted(6),
        parallelism: number,
        completions: number,
      }),
    }),
    complete: completeJob,
    check: checkJob,
    status: {},
  },
  "cronjobs.batch": {
    shape: object({
      spec: object({
        schedule: text,
        concurrencyPolicy: defaulted("Allow"),
        suspend: defaulted(false),
        successfulJobsHistoryLimit: defaulted(3),
        failedJobsHistoryLimit: defaulted(1),
        jobTemplate: object({ spec: object({ template }) }),
      }),
    }),
    complete: ({ spec }) => {
      const inner = at(spec, "jobTemplate", "spec", "template", "spec");
      completePodSpec(objectOf(inner));
    },
    status: {},
  },
};
