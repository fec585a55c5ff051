import type { Schema } from "../schema/schema.ts";

export const text: Schema = { type: "string" };
export const number: Schema = { type: "integer" };
export const flag: Schema = { type: "boolean" };
export const defaulted = (value: string | number | boolean): Schema => ({
  type: typeof value === "number" ? "integer" : typeof value,
  default: value,
});
/** An object with these fields and any others. */
export const object = (properties: Schema["properties"]): Schema => ({
  type: "object",
  properties,
});
export const list = (items: Schema): Schema => ({ type: "array", items });

const FILE_MODE = defaulted(0o644);

const probe = object({
  timeoutSeconds: defaulted(1),
  periodSeconds: defaulted(10),
  successThreshold: defaulted(1),
  failureThreshold: defaulted(3),
  httpGet: object({ path: defaulted("/"), scheme: defaulted("HTTP") }),
});

const container = object({
  name: text,
  image: text,
  command: list(text),
  args: list(text),
  resources: { type: "object", default: {} },
  terminationMessagePath: defaulted("/dev/termination-log"),
  terminationMessagePolicy: defaulted("File"),
  ports: list(object({ containerPort: number, hostPort: number, protocol: defaulted("TCP") })),
  env: list(
    object({
      name: text,
      valueFrom: object({ fieldRef: object({ apiVersion: defaulted("v1") }) }),
    }),
  ),
  volumeMounts: list(object({ name: text, mountPath: text })),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
});

const volume = object({
  name: text,
  secret: object({ defaultMode: FILE_MODE }),
  configMap: object({ defaultMode: FILE_MODE }),
  downwardAPI: object({ defaultMode: FILE_MODE }),
  hostPath: object({ type: { type: "string", default: "" } }),
  projected: object({
    defaultMode: FILE_MODE,
    sources: list(object({ serviceAccountToken: object({ expirationSeconds: defaulted(3600) }) })),
  }),
});

const POD_FIELDS = {
  containers: list(container),
  initContainers: list(container),
  volumes: list(volume),
  nodeName: text,
  restartPolicy: defaulted("Always"),
  terminationGracePeriodSeconds: defaulted(30),
  dnsPolicy: defaulted("ClusterFirst"),
  securityContext: { type: "object", default: {} },
  schedulerName: defaulted("default-scheduler"),
};

/** What the spec of a Pod is completed with. */
export const POD_SPEC: Schema = object({
  ...POD_FIELDS,
  enableServiceLinks: defaulted(true),
  priority: defaulted(0),
  preemptionPolicy: defaulted("PreemptLowerPriority"),
});

/** What the template of a workload is completed with; what depends on classes waits for the pods. */
export const POD_TEMPLATE: Schema = {
  ...object({ spec: { ...object(POD_FIELDS), default: {} } }),
  default: {},
};
