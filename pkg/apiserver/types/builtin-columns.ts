import { at, isObject, type JsonObject, listOf } from "../request/json.ts";
import { age } from "../table/human-duration.ts";
import { CLIENT_COLUMNS } from "./client-columns.ts";
import { AGE, integer, NAME, pairs, size, text, wide } from "./column-parts.ts";
import { podStatus } from "./pod-status.ts";
import type { Column } from "./served-type.ts";

const HEADINGS: Readonly<Record<string, string>> = {
  "spec.replicas": "Desired",
  "status.replicas": "Current",
  "status.readyReplicas": "Ready",
  "status.updatedReplicas": "Up-to-date",
  "status.availableReplicas": "Available",
  "status.desiredNumberScheduled": "Desired",
  "status.currentNumberScheduled": "Current",
  "status.numberReady": "Ready",
  "status.updatedNumberScheduled": "Up-to-date",
  "status.numberAvailable": "Available",
};

const DEFAULT_COLUMNS: readonly Column[] = [NAME, AGE];

const condition = (object: JsonObject, type: string) =>
  listOf(at(object, "status", "conditions")).find((item) => at(item, "type") === type);

const PHASE = text("Status", (object) =>
  at(object, "metadata", "deletionTimestamp") === undefined
    ? at(object, "status", "phase")
    : "Terminating",
);
const DATA = text("Data", (object) => size(at(object, "data")) + size(at(object, "binaryData")));
const READY = text("Ready", (object) => {
  const wanted = at(object, "spec", "replicas") ?? 1;
  return `${at(object, "status", "readyReplicas") ?? 0}/${wanted}`;
});
const CONTAINERS = [
  wide("Containers", (object) => containers(object, "name")),
  wide("Images", (object) => containers(object, "image")),
];
const SELECTOR = wide("Selector", (object) => pairs(at(object, "spec", "selector", "matchLabels")));
const asText = (column: Column): Column => ({ ...column, type: "string" });
const nodeInfo = (name: string) => (object: JsonObject) =>
  at(object, "status", "nodeInfo", name) ?? "<unknown>";
const COUNTS = (...names: readonly string[]) =>
  names.map((name) => integer(heading(name), (object) => at(object, ...name.split(".")) ?? 0));

/** The columns of builtin kinds that have more than a name and an age, by resource. */
const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  ...CLIENT_COLUMNS,
  namespaces: [NAME, PHASE, AGE],
  configmaps: [NAME, DATA, AGE],
  secrets: [NAME, text("Type", (object) => at(object, "type")), DATA, AGE],
  serviceaccounts: [NAME, text("Secrets", (object) => size(at(object, "secrets"))), AGE],
  services: [
    NAME,
    text("Type", (object) => at(object, "spec", "type") ?? "ClusterIP"),
    text("Cluster-IP", (object) => at(object, "spec", "clusterIP") ?? "<none>"),
    text("External-IP", () => "<none>"),
    text("Port(s)", servicePorts),
    AGE,
    wide("Selector", (object) => pairs(at(object, "spec", "selector"))),
  ],
  pods: [
    NAME,
    text("Ready", readyContainers),
    text("Status", podStatus),
    integer("Restarts", (object) =>
      listOf(at(object, "status", "containerStatuses")).reduce(
        (sum: number, item) => sum + Number(at(item, "restartCount") ?? 0),
        0,
      ),
    ),
    AGE,
    wide("IP", (object) => at(object, "status", "podIP") ?? "<none>"),
    wide("Node", (object) => at(object, "spec", "nodeName") ?? "<none>"),
    wide("Nominated Node", (object) => at(object, "status", "nominatedNodeName") ?? "<none>"),
    wide("Readiness Gates", readinessGates),
  ],
  nodes: [
    NAME,
    text("Status", nodeStatus),
    text("Roles", nodeRoles),
    AGE,
    text("Version", (object) => at(object, "status", "nodeInfo", "kubeletVersion")),
    wide("Internal-IP", (object) => nodeAddress(object, "InternalIP")),
    wide("External-IP", (object) => nodeAddress(object, "ExternalIP")),
    wide("OS-Image", nodeInfo("osImage")),
    wide("Kernel-Version", nodeInfo("kernelVersion")),
    wide("Container-Runtime", nodeInfo("containerRuntimeVersion")),
  ],
  events: [
    text("Last Seen", (object, now) =>
      age(at(object, "lastTimestamp") ?? at(object, "metadata", "creationTimestamp"), now),
    ),
    text("Type", (object) => at(object, "type")),
    text("Reason", (object) => at(object, "reason")),
    text("Object", (object) => {
      const kind = String(at(object, "involvedObject", "kind") ?? "").toLowerCase();
      return `${kind}/${at(object, "involvedObject", "name") ?? ""}`;
    }),
    wide("Subobject", (object) => at(object, "involvedObject", "fieldPath")),
    wide("Source", (object) => at(object, "source", "component")),
    text("Message", (object) => String(at(object, "message") ?? "").trim()),
    wide("Count", (object) => at(object, "count")),
    { ...NAME, priority: 1 },
  ],
  "deployments.apps": [
    NAME,
    READY,
    ...COUNTS("status.updatedReplicas", "status.availableReplicas").map(asText),
    AGE,
    ...CONTAINERS,
    SELECTOR,
  ],
  "replicasets.apps": [
    NAME,
    ...COUNTS("spec.replicas", "status.replicas", "status.readyReplicas"),
    AGE,
    ...CONTAINERS,
    SELECTOR,
  ],
  "statefulsets.apps": [NAME, READY, AGE, ...CONTAINERS],
  "daemonsets.apps": [
    NAME,
    ...COUNTS(
      "status.desiredNumberScheduled",
      "status.currentNumberScheduled",
      "status.numberReady",
      "status.updatedNumberScheduled",
      "status.numberAvailable",
    ),
    text("Node Selector", (object) =>
      pairs(at(object, "spec", "template", "spec", "nodeSelector")),
    ),
    AGE,
    ...CONTAINERS,
    SELECTOR,
  ],
  "jobs.batch": [
    NAME,
    text("Completions", (object) => {
      const wanted = at(object, "spec", "completions") ?? 1;
      return `${at(object, "status", "succeeded") ?? 0}/${wanted}`;
    }),
    text("Duration", jobDuration),
    AGE,
    ...CONTAINERS,
    SELECTOR,
  ],
  "cronjobs.batch": [
    NAME,
    text("Schedule", (object) => at(object, "spec", "schedule")),
    text("Suspend", (object) => (at(object, "spec", "suspend") === true ? "True" : "False")),
    integer("Active", (object) => size(at(object, "status", "active"))),
    AGE,
  ],
  replicationcontrollers: [
    NAME,
    ...COUNTS("spec.replicas", "status.replicas", "status.readyReplicas"),
    AGE,
    ...CONTAINERS,
    wide("Selector", (object) => pairs(at(object, "spec", "selector"))),
  ],
  "leases.coordination.k8s.io": [
    NAME,
    text("Holder", (object) => at(object, "spec", "holderIdentity")),
    AGE,
  ],
  "customresourcedefinitions.apiextensions.k8s.io": [
    NAME,
    text("Created At", (object) => at(object, "metadata", "creationTimestamp")),
  ],
};

/** The columns of a builtin resource. */
export function builtinColumns(resource: string): readonly Column[] {
  return Object.hasOwn(COLUMNS, resource)
    ? (COLUMNS[resource] ?? DEFAULT_COLUMNS)
    : DEFAULT_COLUMNS;
}

function heading(path: string): string {
  return HEADINGS[path] ?? path;
}

function containers(object: JsonObject, name: string): string {
  const list = listOf(at(object, "spec", "template", "spec", "containers"));
  return list.map((item) => at(item, name)).join(",");
}

function servicePorts(object: JsonObject): string {
  const ports = listOf(at(object, "spec", "ports")).map((item) => {
    const node = at(item, "nodePort");
    const port = `${at(item, "port")}${node === undefined ? "" : `:${node}`}`;
    return `${port}/${at(item, "protocol") ?? "TCP"}`;
  });
  return ports.length === 0 ? "<none>" : ports.join(",");
}

function readyContainers(object: JsonObject): string {
  const ready = listOf(at(object, "status", "containerStatuses")).filter(
    (item) => at(item, "ready") === true,
  );
  return `${ready.length}/${size(at(object, "spec", "containers"))}`;
}

function nodeStatus(object: JsonObject): string {
  const status = at(condition(object, "Ready"), "status");
  const known = status === "True" ? "Ready" : "NotReady";
  const word = status === undefined || status === "Unknown" ? "Unknown" : known;
  const shown = status === "Unknown" ? "NotReady" : word;
  return at(object, "spec", "unschedulable") === true ? `${shown},SchedulingDisabled` : shown;
}

function nodeRoles(object: JsonObject): string {
  const prefix = "node-role.kubernetes.io/";
  const labels = at(object, "metadata", "labels");
  const roles = Object.keys(isObject(labels) ? labels : {})
    .filter((label) => label.startsWith(prefix))
    .map((label) => label.slice(prefix.length));
  return roles.length === 0 ? "<none>" : roles.sort().join(",");
}

function nodeAddress(object: JsonObject, type: string): unknown {
  const found = listOf(at(object, "status", "addresses")).find((item) => at(item, "type") === type);
  return at(found, "address") ?? "<none>";
}

/** How many of its readiness gates are open. */
function readinessGates(object: JsonObject): string {
  const gates = listOf(at(object, "spec", "readinessGates"));
  if (gates.length === 0) return "<none>";
  const open = gates.filter(
    (gate) => at(condition(object, String(at(gate, "conditionType"))), "status") === "True",
  );
  return `${open.length}/${gates.length}`;
}

/** How long it has been running, or ran. */
function jobDuration(object: JsonObject, now: number): unknown {
  const start = at(object, "status", "startTime");
  if (start === undefined) return "";
  const end = at(object, "status", "completionTime");
  return age(start, end === undefined ? now : Date.parse(String(end)));
}
