import { at, child, isObject, type JsonObject, listOf, objectOf, same } from "../request/json.ts";

/** Fills in what in a pod's spec follows from something else in it. */
export function completePodSpec(spec: JsonObject): void {
  for (const container of containersOf(spec))
    if (typeof container.image === "string")
      container.imagePullPolicy ??= isLatest(container.image) ? "Always" : "IfNotPresent";
  for (const volume of listOf(spec.volumes).filter(isObject))
    if (Object.keys(volume).every((name) => name === "name")) volume.emptyDir = {};
}

/** The same for a Pod itself, whose limits are its requests where it does not say. */
export function completePod(pod: JsonObject, old: JsonObject | undefined): void {
  const spec = child(pod, "spec");
  completePodSpec(spec);
  if (old !== undefined) return;
  for (const container of containersOf(spec)) {
    const limits = at(container, "resources", "limits");
    if (!isObject(limits)) continue;
    const resources = child(container, "resources");
    resources.requests = { ...limits, ...objectOf(resources.requests) };
  }
  const status = child(pod, "status");
  status.phase = "Pending";
  status.qosClass = qosClass(containersOf(spec));
}

/** Every container of a pod's spec, those that run first included. */
export function containersOf(spec: unknown): JsonObject[] {
  return [...listOf(at(spec, "initContainers")), ...listOf(at(spec, "containers"))].filter(
    isObject,
  );
}

/** The tag after the last slash; none means the latest. */
function isLatest(image: string): boolean {
  if (image.includes("@")) return false;
  const [, tag = "latest"] = (image.split("/").at(-1) ?? "").split(":");
  return tag === "latest";
}

function qosClass(containers: readonly JsonObject[]): string {
  const all = containers.map(({ resources }) => ({
    limits: counted(at(resources, "limits")),
    requests: counted(at(resources, "requests")),
  }));
  const isEmpty = (value: JsonObject) => Object.keys(value).length === 0;
  if (all.every(({ limits, requests }) => isEmpty(limits) && isEmpty(requests)))
    return "BestEffort";
  const isGuaranteed = all.every(
    ({ limits, requests }) => Object.keys(limits).length === 2 && same(limits, requests),
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function counted(resources: unknown): JsonObject {
  const entries = Object.entries(objectOf(resources));
  return Object.fromEntries(entries.filter(([name]) => name === "cpu" || name === "memory"));
}
