import { at, isObject, type JsonObject, listOf, objectOf, textOf } from "../request/json.ts";
import { AGE, integer, NAME, pairs, size, text, wide } from "./column-parts.ts";
import type { Column } from "./served-type.ts";

const NONE = "<none>";
const UNSET = "<unset>";
/** How many of many are shown. */
const SHOWN = 3;
const MODES = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
] as const;

const field = (name: string, ...path: readonly string[]) =>
  text(name, (object) => textOf(at(object, ...path) ?? ""));
const orUnset = (name: string, ...path: readonly string[]) =>
  wide(name, (object) => at(object, ...path) ?? UNSET);
const modes = (list: unknown) =>
  MODES.filter(([mode]) => listOf(list).includes(mode))
    .map(([, short]) => short)
    .join(",");

/** The columns of the kinds that only clients look at, by resource. */
export const CLIENT_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  endpoints: [NAME, text("Endpoints", endpoints), AGE],
  "endpointslices.discovery.k8s.io": [
    NAME,
    field("AddressType", "addressType"),
    text("Ports", slicePorts),
    text("Endpoints", sliceAddresses),
    AGE,
  ],
  "poddisruptionbudgets.policy": [
    NAME,
    text("Min Available", (budget) => textOf(at(budget, "spec", "minAvailable") ?? "N/A")),
    text("Max Unavailable", (budget) => textOf(at(budget, "spec", "maxUnavailable") ?? "N/A")),
    integer("Allowed Disruptions", (budget) => at(budget, "status", "disruptionsAllowed") ?? 0),
    AGE,
  ],
  persistentvolumeclaims: [
    NAME,
    text("Status", phaseOf),
    field("Volume", "spec", "volumeName"),
    text("Capacity", (claim) => boundText(claim, at(claim, "status", "capacity", "storage") ?? "")),
    text("Access Modes", (claim) => boundText(claim, modes(at(claim, "status", "accessModes")))),
    field("StorageClass", "spec", "storageClassName"),
    AGE,
    orUnset("VolumeMode", "spec", "volumeMode"),
  ],
  persistentvolumes: [
    NAME,
    field("Capacity", "spec", "capacity", "storage"),
    text("Access Modes", (volume) => modes(at(volume, "spec", "accessModes"))),
    field("Reclaim Policy", "spec", "persistentVolumeReclaimPolicy"),
    text("Status", phaseOf),
    text("Claim", claimOf),
    field("StorageClass", "spec", "storageClassName"),
    field("Reason", "status", "reason"),
    AGE,
    orUnset("VolumeMode", "spec", "volumeMode"),
  ],
  "storageclasses.storage.k8s.io": [
    NAME,
    field("Provisioner", "provisioner"),
    field("ReclaimPolicy", "reclaimPolicy"),
    field("VolumeBindingMode", "volumeBindingMode"),
    text("AllowVolumeExpansion", ({ allowVolumeExpansion }) => allowVolumeExpansion === true),
    AGE,
  ],
  "ingresses.networking.k8s.io": [
    NAME,
    text("Class", ingressClass),
    text("Hosts", ingressHosts),
    text("Address", ingressAddress),
    text("Ports", (ingress) => (size(at(ingress, "spec", "tls")) > 0 ? "80, 443" : "80")),
    AGE,
  ],
  "ingressclasses.networking.k8s.io": [
    NAME,
    field("Controller", "spec", "controller"),
    text("Parameters", parameters),
    AGE,
  ],
  "networkpolicies.networking.k8s.io": [
    NAME,
    text("Pod-Selector", (policy) => pairs(at(policy, "spec", "podSelector", "matchLabels"))),
    AGE,
  ],
  "priorityclasses.scheduling.k8s.io": [
    NAME,
    integer("Value", ({ value }) => value ?? 0),
    {
      ...text("Global-Default", ({ globalDefault }) => globalDefault === true),
      type: "boolean",
    },
    AGE,
  ],
  "runtimeclasses.node.k8s.io": [NAME, field("Handler", "handler"), AGE],
  "controllerrevisions.apps": [
    NAME,
    text("Controller", controllerOf),
    text("Revision", ({ revision }) => revision ?? 0),
    AGE,
  ],
};

function endpoints(object: JsonObject): string {
  const all = listOf(object.subsets).flatMap((subset) => {
    const ports = listOf(at(subset, "ports")).map((port) => at(port, "port"));
    const addresses = listOf(at(subset, "addresses")).map((address) => textOf(at(address, "ip")));
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((address) => `${address}:${port}`));
  });
  return firstOf(all) || NONE;
}

function firstOf(all: readonly string[]): string {
  const more = all.length > SHOWN ? ` + ${all.length - SHOWN} more...` : "";
  return `${all.slice(0, SHOWN).join(",")}${more}`;
}

function slicePorts({ ports }: JsonObject): string {
  const numbers = listOf(ports).map((port) => textOf(at(port, "port") ?? "*"));
  return firstOf(numbers) || UNSET;
}

function sliceAddresses({ endpoints: list }: JsonObject): string {
  const addresses = listOf(list).flatMap((endpoint) => listOf(at(endpoint, "addresses")));
  return firstOf(addresses.map(String)) || UNSET;
}

function phaseOf(object: JsonObject): unknown {
  if (at(object, "metadata", "deletionTimestamp") !== undefined) return "Terminating";
  return at(object, "status", "phase") ?? "";
}

/** What is only known of a claim that has a volume. */
function boundText(claim: JsonObject, value: unknown): unknown {
  return textOf(at(claim, "spec", "volumeName") ?? "") === "" ? "" : value;
}

function claimOf(volume: JsonObject): string {
  const claim = at(volume, "spec", "claimRef");
  return isObject(claim) ? `${claim.namespace}/${claim.name}` : "";
}

function ingressClass(ingress: JsonObject): string {
  const old = at(ingress, "metadata", "annotations", "kubernetes.io/ingress.class");
  return textOf(at(ingress, "spec", "ingressClassName") ?? old ?? NONE);
}

function ingressHosts(ingress: JsonObject): string {
  const hosts = listOf(at(ingress, "spec", "rules")).map((rule) => at(rule, "host"));
  const named = hosts.filter((host) => host !== undefined && host !== "").map(String);
  return firstOf(named) || "*";
}

function ingressAddress(ingress: JsonObject): string {
  const places = listOf(at(ingress, "status", "loadBalancer", "ingress"));
  return places.map((place) => at(place, "ip") ?? at(place, "hostname")).join(",");
}

function parameters(object: JsonObject): string {
  const { apiGroup, kind, name } = objectOf(at(object, "spec", "parameters"));
  if (name === undefined) return NONE;
  return `${kind}${apiGroup === undefined ? "" : `.${apiGroup}`}/${name}`;
}

function controllerOf(revision: JsonObject): string {
  const owner = listOf(at(revision, "metadata", "ownerReferences")).find(
    (reference) => at(reference, "controller") === true,
  );
  const { apiVersion, kind, name } = objectOf(owner);
  if (owner === undefined) return NONE;
  const [group] = textOf(apiVersion).split("/");
  return `${textOf(kind).toLowerCase()}.${group}/${name}`;
}
