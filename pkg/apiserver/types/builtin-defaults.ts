import { child, field, isObject, type JsonObject } from "../request/json.ts";

/** Completes an object before it is kept. */
export type Completion = (object: JsonObject, old: JsonObject | undefined) => void;

/** A namespace is active from the start, and known by a label. */
export const completeNamespace: Completion = (object, old) => {
  const metadata = child(object, "metadata");
  child(metadata, "labels")["kubernetes.io/metadata.name"] = metadata.name;
  if (old !== undefined) return;
  child(object, "spec").finalizers = ["kubernetes"];
  child(object, "status").phase = "Active";
};

/** Texts given as `stringData` become `data`, which is base64. */
export const completeSecret: Completion = (object) => {
  const texts = field(object, "stringData");
  if (isObject(texts)) {
    const data = child(object, "data");
    for (const [key, value] of Object.entries(texts))
      data[key] = Buffer.from(String(value)).toString("base64");
  }
  delete object.stringData;
  object.type ??= "Opaque";
};

/** A workload that does not say how many means one. */
export const completeReplicas: Completion = (object) => {
  child(object, "spec").replicas ??= 1;
};

/** Pods and claims wait until somebody takes them. */
export const completePending: Completion = (object, old) => {
  if (old === undefined) child(object, "status").phase = "Pending";
};

/** What `kubectl get service` and its friends rely on. */
export const completeService: Completion = (object) => {
  const spec = child(object, "spec");
  spec.type ??= "ClusterIP";
  spec.sessionAffinity ??= "None";
  for (const port of Array.isArray(spec.ports) ? spec.ports : []) {
    if (!isObject(port)) continue;
    port.protocol ??= "TCP";
    // Go's clients write 0 for a target port that they leave out.
    port.targetPort ||= port.port;
  }
};
