import type { KubeObject, ResourceType } from "../apis/object.ts";
import { type Facts, whenTrue } from "./facts.ts";
import type { Keep } from "./pick.ts";

/** A kind that clusters can report: what of it goes up, and what is counted. */
export interface ReportedType {
  readonly type: ResourceType;
  /** What is reported of an object besides its name and labels. Never what may hold secrets: variables, annotations. */
  readonly keep: { readonly [field: string]: Keep };
  /** What an object adds to the cluster's numbers. */
  readonly facts: (object: KubeObject) => Facts;
  /** Columns of the mirrored objects. */
  readonly columns: readonly (readonly [
    name: string,
    type: "string" | "integer",
    jsonPath: string,
  ])[];
}

const CONDITIONS: Keep = [
  { type: true, status: true, reason: true, message: true, lastTransitionTime: true },
];
const CONTAINERS: Keep = [{ name: true, image: true, resources: true, ports: true }];
const TEMPLATE: Keep = {
  metadata: { labels: true },
  spec: { containers: CONTAINERS, initContainers: CONTAINERS, nodeSelector: true },
};

const type = (group: string, kind: string, plural: string, namespaced = true): ResourceType => {
  return { group, version: "v1", kind, plural, namespaced };
};

/** Every kind that can be reported, by the name it has in `--report`. */
export const REPORTED_TYPES: Readonly<Record<string, ReportedType>> = {
  nodes: {
    type: type("", "Node", "nodes", false),
    keep: {
      spec: { unschedulable: true, taints: true, podCIDR: true },
      status: {
        conditions: CONDITIONS,
        addresses: true,
        nodeInfo: true,
        capacity: true,
        allocatable: true,
      },
    },
    facts: nodeFacts,
    columns: [
      ["Ready", "string", '.status.conditions[?(@.type=="Ready")].status'],
      ["Version", "string", ".status.nodeInfo.kubeletVersion"],
      ["Cpu", "string", ".status.allocatable.cpu"],
      ["Memory", "string", ".status.allocatable.memory"],
    ],
  },
  pods: {
    type: type("", "Pod", "pods"),
    keep: {
      spec: {
        nodeName: true,
        containers: CONTAINERS,
        initContainers: CONTAINERS,
        restartPolicy: true,
        serviceAccountName: true,
        tolerations: true,
      },
      status: {
        phase: true,
        reason: true,
        message: true,
        podIP: true,
        hostIP: true,
        startTime: true,
        conditions: CONDITIONS,
        containerStatuses: [
          { name: true, ready: true, restartCount: true, state: true, image: true },
        ],
      },
    },
    facts: podFacts,
    columns: [
      ["Status", "string", ".status.phase"],
      ["Node", "string", ".spec.nodeName"],
      ["Ip", "string", ".status.podIP"],
    ],
  },
  deployments: {
    type: type("apps", "Deployment", "deployments"),
    keep: {
      spec: { replicas: true, selector: true, strategy: true, paused: true, template: TEMPLATE },
      status: {
        observedGeneration: true,
        replicas: true,
        updatedReplicas: true,
        readyReplicas: true,
        availableReplicas: true,
        unavailableReplicas: true,
        conditions: CONDITIONS,
      },
    },
    facts: (object) => workload(object, "spec.replicas", "status.readyReplicas"),
    columns: [
      ["Desired", "integer", ".spec.replicas"],
      ["Ready", "integer", ".status.readyReplicas"],
      ["Up-To-Date", "integer", ".status.updatedReplicas"],
      ["Available", "integer", ".status.availableReplicas"],
    ],
  },
  daemonsets: {
    type: type("apps", "DaemonSet", "daemonsets"),
    keep: {
      spec: { selector: true, template: TEMPLATE },
      status: {
        observedGeneration: true,
        desiredNumberScheduled: true,
        currentNumberScheduled: true,
        numberReady: true,
        updatedNumberScheduled: true,
        numberAvailable: true,
      },
    },
    facts: (object) => workload(object, "status.desiredNumberScheduled", "status.numberReady"),
    columns: [
      ["Desired", "integer", ".status.desiredNumberScheduled"],
      ["Ready", "integer", ".status.numberReady"],
      ["Available", "integer", ".status.numberAvailable"],
    ],
  },
  statefulsets: {
    type: type("apps", "StatefulSet", "statefulsets"),
    keep: {
      spec: { replicas: true, selector: true, serviceName: true, template: TEMPLATE },
      status: {
        observedGeneration: true,
        replicas: true,
        readyReplicas: true,
        updatedReplicas: true,
        currentReplicas: true,
      },
    },
    facts: (object) => workload(object, "spec.replicas", "status.readyReplicas"),
    columns: [
      ["Desired", "integer", ".spec.replicas"],
      ["Ready", "integer", ".status.readyReplicas"],
    ],
  },
  jobs: {
    type: type("batch", "Job", "jobs"),
    keep: {
      spec: { completions: true, parallelism: true, backoffLimit: true, template: TEMPLATE },
      status: {
        active: true,
        succeeded: true,
        failed: true,
        startTime: true,
        completionTime: true,
        conditions: CONDITIONS,
      },
    },
    facts: (object) => ({
      counts: {
        total: 1,
        active: Number((number(object, "status.active") ?? 0) > 0),
        complete: whenTrue(object, "Complete"),
        failed: whenTrue(object, "Failed"),
      },
    }),
    columns: [
      ["Completions", "integer", ".spec.completions"],
      ["Succeeded", "integer", ".status.succeeded"],
      ["Failed", "integer", ".status.failed"],
    ],
  },
  services: {
    type: type("", "Service", "services"),
    // Addresses are the cluster's own affair: they mean nothing anywhere else, and could take a place here.
    keep: { spec: { type: true, ports: true, selector: true, externalName: true }, status: true },
    facts: (object) => ({ counts: { total: 1, [word(object, "spec.type") ?? "ClusterIP"]: 1 } }),
    columns: [["Type", "string", ".spec.type"]],
  },
  persistentvolumeclaims: {
    type: type("", "PersistentVolumeClaim", "persistentvolumeclaims"),
    keep: {
      spec: { storageClassName: true, accessModes: true, resources: true, volumeName: true },
      status: { phase: true, capacity: true },
    },
    facts: (object) => phaseFacts(object),
    columns: [
      ["Status", "string", ".status.phase"],
      ["Capacity", "string", ".status.capacity.storage"],
    ],
  },
  events: {
    type: type("", "Event", "events"),
    keep: {
      type: true,
      reason: true,
      message: true,
      count: true,
      firstTimestamp: true,
      lastTimestamp: true,
      eventTime: true,
      reportingComponent: true,
      source: true,
      involvedObject: { kind: true, namespace: true, name: true, apiVersion: true },
    },
    facts: (object) => ({ counts: { total: 1, [word(object, "type") ?? "Normal"]: 1 } }),
    columns: [
      ["Type", "string", ".type"],
      ["Reason", "string", ".reason"],
      ["Object", "string", ".involvedObject.name"],
      ["Message", "string", ".message"],
    ],
  },
};

function nodeFacts(object: KubeObject): Facts {
  const isReady = whenTrue(object, "Ready") === 1;
  const isOpen = at(object, "spec.unschedulable") !== true;
  const given = (field: string) => at(object, field) as Readonly<Record<string, string>>;
  const amounts =
    isReady && isOpen
      ? { capacity: given("status.capacity"), allocatable: given("status.allocatable") }
      : {};
  return {
    counts: {
      total: 1,
      ready: Number(isReady),
      notReady: Number(!isReady),
      unschedulable: Number(!isOpen),
      memoryPressure: whenTrue(object, "MemoryPressure"),
      diskPressure: whenTrue(object, "DiskPressure"),
      pidPressure: whenTrue(object, "PIDPressure"),
      networkUnavailable: whenTrue(object, "NetworkUnavailable"),
    },
    amounts,
  };
}

function podFacts(object: KubeObject): Facts {
  const facts = phaseFacts(object);
  const phase = word(object, "status.phase");
  const isOver = phase === "Succeeded" || phase === "Failed";
  if (isOver || word(object, "spec.nodeName") === undefined) return facts;
  const containers = (at(object, "spec.containers") ?? []) as readonly {
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
  }[];
  return { ...facts, used: containers.map(({ resources }) => resources?.requests ?? {}) };
}

function phaseFacts(object: KubeObject): Facts {
  return { counts: { total: 1, [word(object, "status.phase") ?? "Unknown"]: 1 } };
}

function workload(object: KubeObject, desiredAt: string, readyAt: string): Facts {
  const desired = number(object, desiredAt) ?? 1;
  const ready = number(object, readyAt) ?? 0;
  const counts = { total: 1, available: Number(ready >= desired), desired, ready };
  return { counts };
}

function at(object: KubeObject, path: string): unknown {
  let value: unknown = object;
  for (const field of path.split("."))
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  return value;
}

function number(object: KubeObject, path: string): number | undefined {
  const value = at(object, path);
  return typeof value === "number" ? value : undefined;
}

function word(object: KubeObject, path: string): string | undefined {
  const value = at(object, path);
  return typeof value === "string" && value !== "" ? value : undefined;
}
