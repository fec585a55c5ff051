import type { StatusCause } from "../../apis/status.ts";
import { at, type JsonObject, listOf, objectOf } from "../request/json.ts";
import { badPort, invalid, required, unsupported } from "./causes.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/** What is wrong with a Service. */
export function checkService(
  { spec: given }: JsonObject,
  old: JsonObject | undefined,
): readonly StatusCause[] {
  const spec = objectOf(given);
  const ports = listOf(spec.ports);
  const needsPorts = spec.clusterIP !== "None" && spec.type !== "ExternalName";
  const before = at(old, "spec", "clusterIP");
  const isMoved = before !== undefined && before !== "" && before !== spec.clusterIP;
  return [
    ...(needsPorts && ports.length === 0 ? [required("spec.ports")] : []),
    ...ports.flatMap((port, i) => portCauses(port, `spec.ports[${i}]`, ports.length > 1)),
    ...(TYPES.some((type) => type === spec.type)
      ? []
      : [unsupported("spec.type", spec.type, TYPES)]),
    ...(isMoved && spec.type !== "ExternalName"
      ? [invalid("spec.clusterIPs[0]", spec.clusterIP, "field is immutable")]
      : []),
  ];
}

/** An address once given stays when an update does not say it. */
export function keepAddress(service: JsonObject, old: JsonObject | undefined): void {
  const before = at(old, "spec", "clusterIP");
  const spec = objectOf(service.spec);
  if (before !== undefined && spec.type !== "ExternalName") spec.clusterIP ||= before;
}

function portCauses(port: unknown, path: string, isNamed: boolean): StatusCause[] {
  const { name, port: number, targetPort } = objectOf(port);
  return [
    ...(isNamed && (name === undefined || name === "") ? [required(`${path}.name`)] : []),
    ...badPort(`${path}.port`, number),
    ...badPort(`${path}.targetPort`, targetPort),
  ];
}
