import type { StatusCause } from "../../apis/status.ts";
import { at, clone, type JsonObject, listOf, objectOf, same } from "../request/json.ts";
import { nameCauses } from "../verbs/names.ts";
import { badPort, forbidden, required, unsupported } from "./causes.ts";

const RESTART = ["Always", "OnFailure", "Never"];
const DNS = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

/** What is wrong with a Pod. */
export function checkPod(pod: JsonObject, old: JsonObject | undefined): readonly StatusCause[] {
  if (old !== undefined && !same(unchangeable(pod), unchangeable(old)))
    return [
      forbidden(
        "spec",
        "pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)",
      ),
    ];
  return checkPodSpec(objectOf(pod.spec), "spec");
}

/** What is wrong with the spec of a pod, at `path`. */
export function checkPodSpec(spec: JsonObject, path: string): readonly StatusCause[] {
  const volumes = new Set(listOf(spec.volumes).map((volume) => at(volume, "name")));
  const { restartPolicy, dnsPolicy } = spec;
  const isNone = (known: readonly string[], value: unknown) =>
    !known.some((item) => item === value);
  return [
    ...(listOf(spec.containers).length === 0 ? [required(`${path}.containers`)] : []),
    ...containers(listOf(spec.containers), `${path}.containers`, volumes),
    ...containers(listOf(spec.initContainers), `${path}.initContainers`, volumes),
    ...(isNone(RESTART, restartPolicy)
      ? [unsupported(`${path}.restartPolicy`, restartPolicy, RESTART)]
      : []),
    ...(isNone(DNS, dnsPolicy) ? [unsupported(`${path}.dnsPolicy`, dnsPolicy, DNS)] : []),
  ];
}

function containers(
  list: readonly unknown[],
  path: string,
  volumes: ReadonlySet<unknown>,
): StatusCause[] {
  const names = list.map((container) => at(container, "name"));
  return list.flatMap((container, i) => {
    const here = `${path}[${i}]`;
    const { name, image } = objectOf(container);
    const isTwin = name !== undefined && names.indexOf(name) < i;
    return [
      ...(name === undefined || name === ""
        ? [required(`${here}.name`)]
        : nameCauses(name, "label", `${here}.name`)),
      ...(isTwin ? [duplicate(`${here}.name`, name)] : []),
      ...(image === undefined || image === "" ? [required(`${here}.image`)] : []),
      ...listOf(at(container, "ports")).flatMap((port, j) => [
        ...badPort(`${here}.ports[${j}].containerPort`, at(port, "containerPort")),
      ]),
      ...listOf(at(container, "volumeMounts")).flatMap((mount, j) =>
        volumes.has(at(mount, "name"))
          ? []
          : [notFound(`${here}.volumeMounts[${j}].name`, at(mount, "name"))],
      ),
    ];
  });
}

function duplicate(field: string, value: unknown): StatusCause {
  const message = `Duplicate value: ${JSON.stringify(value)}`;
  return { reason: "FieldValueDuplicate", message, field };
}

function notFound(field: string, value: unknown): StatusCause {
  const message = `Not found: ${JSON.stringify(value ?? "")}`;
  return { reason: "FieldValueNotFound", message, field };
}

/** What only the scheduler, the kubelet or nobody changes in a pod that is there. */
function unchangeable(pod: JsonObject): JsonObject {
  const { activeDeadlineSeconds, tolerations, terminationGracePeriodSeconds, ...spec } = clone(
    objectOf(pod.spec),
  );
  for (const list of [spec.containers, spec.initContainers])
    for (const container of listOf(list)) {
      delete (container as JsonObject).image;
      delete (container as JsonObject).imagePullPolicy;
    }
  delete spec.ephemeralContainers;
  delete spec.schedulingGates;
  return spec;
}
