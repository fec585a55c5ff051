import { at, type JsonObject, listOf, objectOf, same } from "../request/json.ts";

const FAMILY = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"];
/** Seconds for which one client stays with one pod. */
const AFFINITY_SECONDS = 10_800;

/** The addresses and node ports of a Service, as claims that no other can make. */
export function claimsOf(service: unknown): readonly string[] {
  const addresses = listOf(at(service, "spec", "clusterIPs")).filter((item) => item !== "None");
  const ports = listOf(at(service, "spec", "ports")).map((port) => at(port, "nodePort"));
  return [...addresses.map(String), ...ports.filter(isGiven).map(portClaim)];
}

/** The claim of a node port. */
export function portClaim(port: unknown): string {
  return `port ${port}`;
}

/** Whether a field says anything; Go's clients write zeros for what they leave out. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== 0;
}

/** Whether a Service is reached through ports of the nodes. */
export function hasNodePorts({ type }: JsonObject): boolean {
  return type === "NodePort" || type === "LoadBalancer";
}

/** Completes what depends on the type of a Service. `before` is its former spec, or empty. */
export function settleType(spec: JsonObject, before: JsonObject): void {
  if (spec.type === "ExternalName") {
    for (const name of FAMILY) if (same(spec[name], before[name])) delete spec[name];
  } else {
    settleAddress(spec, before);
    spec.ipFamilies ??= ["IPv4"];
    spec.ipFamilyPolicy ??= "SingleStack";
    spec.internalTrafficPolicy ??= "Cluster";
  }
  if (spec.sessionAffinity === "ClientIP")
    spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
  if (hasNodePorts(spec)) spec.externalTrafficPolicy ??= "Cluster";
  else if (hasNodePorts(before)) delete spec.externalTrafficPolicy;
  settlePorts(spec, before);
}

/** The first of the addresses is the one address that older clients know; whichever was changed counts. */
function settleAddress(spec: JsonObject, before: JsonObject): void {
  const [first] = listOf(spec.clusterIPs);
  if (!isGiven(spec.clusterIP) && isGiven(first)) spec.clusterIP = first;
  const isStale = same(spec.clusterIPs, before.clusterIPs) && first !== spec.clusterIP;
  if (!isGiven(spec.clusterIP)) delete spec.clusterIPs;
  else if (isStale || first === undefined) spec.clusterIPs = [spec.clusterIP];
}

/** A node port stays with its port when an update does not say it, and goes when the type has none. */
function settlePorts(spec: JsonObject, before: JsonObject): void {
  const former = new Map(
    listOf(before.ports).map((port) => [portName(port), at(port, "nodePort")] as const),
  );
  for (const port of listOf(spec.ports).map(objectOf)) {
    const known = former.get(portName(port));
    if (!isGiven(port.nodePort) && hasNodePorts(spec) && isGiven(known)) port.nodePort = known;
    const isLeft = !hasNodePorts(spec) && port.nodePort === known;
    if (!isGiven(port.nodePort) || isLeft) delete port.nodePort;
  }
}

function portName(port: unknown): string {
  return `${at(port, "protocol")}/${at(port, "port")}`;
}
