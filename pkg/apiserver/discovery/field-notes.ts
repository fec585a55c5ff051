/** Which fields of builtin types must be there: one type a line. */
const REQUIRED = `
ClusterRoleBinding: roleRef
ConfigMapKeySelector: key
Container: name
ContainerPort: containerPort
CrossVersionObjectReference: kind name
CronJobSpec: jobTemplate schedule
DaemonSetSpec: selector template
DeploymentSpec: selector template
EnvVar: name
EphemeralContainer: name
HTTPGetAction: port
HTTPHeader: name value
HorizontalPodAutoscalerSpec: maxReplicas scaleTargetRef
HostPathVolumeSource: path
IngressServiceBackend: name
JobSpec: template
KeyToPath: key path
LabelSelectorRequirement: key operator
NFSVolumeSource: path server
ObjectFieldSelector: fieldPath
PersistentVolumeClaimVolumeSource: claimName
PodSpec: containers
PolicyRule: verbs
ReplicaSetSpec: selector
ResourceFieldSelector: resource
RoleBinding: roleRef
RoleRef: apiGroup kind name
SecretKeySelector: key
ServicePort: port
StatefulSetSpec: selector serviceName template
Subject: kind name
TCPSocketAction: port
Taint: effect key
TopologySpreadConstraint: maxSkew topologyKey whenUnsatisfiable
Volume: name
VolumeDevice: devicePath name
VolumeMount: mountPath name
`;

/** How lists of builtin types are patched: as a set, or item by item under a key. "+" keeps only given fields. */
const PATCHED = `
Container.env: name
Container.ports: containerPort
Container.volumeDevices: devicePath
Container.volumeMounts: mountPath
DaemonSetStatus.conditions: type
DeploymentStatus.conditions: type
EphemeralContainer.env: name
EphemeralContainer.ports: containerPort
EphemeralContainer.volumeDevices: devicePath
EphemeralContainer.volumeMounts: mountPath
JobStatus.conditions: type
MutatingWebhookConfiguration.webhooks: name
NamespaceStatus.conditions: type
NodeSpec.podCIDRs: =
NodeStatus.addresses: type
NodeStatus.conditions: type
PersistentVolumeClaimStatus.conditions: type
PodDisruptionBudgetStatus.conditions: type
PodSpec.containers: name
PodSpec.ephemeralContainers: name
PodSpec.hostAliases: ip
PodSpec.imagePullSecrets: name
PodSpec.initContainers: name
PodSpec.resourceClaims: name+
PodSpec.schedulingGates: name
PodSpec.topologySpreadConstraints: topologyKey
PodSpec.volumes: name+
PodStatus.conditions: type
PodStatus.podIPs: ip
ReplicaSetStatus.conditions: type
ReplicationControllerStatus.conditions: type
ServiceAccount.secrets: name
ServiceSpec.ports: port
ServiceStatus.conditions: type
StatefulSetStatus.conditions: type
ValidatingWebhookConfiguration.webhooks: name
APIServiceStatus.conditions: type
`;

/** What types and their fields are for, where the name does not say it all. */
const DESCRIPTIONS = `
Pod: A Pod is a group of containers that run together on one node.
PodSpec: What is to run, and how.
PodStatus: What is known of a pod that runs; written by its kubelet.
PodTemplateSpec: What the pods made from this template look like.
Container: One program of a pod, from an image.
Service: A Service is one name and address for a set of pods.
Deployment: A Deployment keeps a number of equal pods running, and rolls out changes of them.
ReplicaSet: A ReplicaSet keeps a number of equal pods running.
StatefulSet: A StatefulSet keeps pods running that each have a name and storage of their own.
DaemonSet: A DaemonSet keeps one pod running on each node that is meant.
Job: A Job runs pods until so many of them have succeeded.
CronJob: A CronJob makes Jobs at certain times.
ConfigMap: A ConfigMap keeps settings for pods.
Secret: A Secret keeps what only some may read.
Namespace: A Namespace is a space in which names are unique.
Node: A Node is a machine that runs pods.
Event: An Event tells that something has happened to an object.
ServiceAccount: A ServiceAccount is who the programs of a pod are.
PersistentVolume: A PersistentVolume is storage that outlives pods.
PersistentVolumeClaim: A PersistentVolumeClaim asks for storage.
Ingress: An Ingress leads requests from outside to Services.
NetworkPolicy: A NetworkPolicy says which pods may talk to which.
Role: A Role is a list of what may be done in one namespace.
ClusterRole: A ClusterRole is a list of what may be done.
RoleBinding: A RoleBinding gives a role to somebody in one namespace.
ClusterRoleBinding: A ClusterRoleBinding gives a role to somebody everywhere.
HorizontalPodAutoscaler: A HorizontalPodAutoscaler changes a number of replicas by what is measured.
PodDisruptionBudget: A PodDisruptionBudget says how many pods may be evicted at the same time.
Lease: A Lease says who leads, and until when.
CustomResourceDefinition: A CustomResourceDefinition adds a kind to the API.
Container.name: Unique within the pod; cannot be changed.
Container.image: The image to run.
Container.imagePullPolicy: When to fetch the image: Always, Never or IfNotPresent.
Container.command: The program and its first arguments, instead of the image's entrypoint.
Container.args: Arguments, instead of those of the image.
Container.workingDir: The directory in which the program starts.
Container.ports: The ports on which it listens.
Container.env: Environment variables.
Container.envFrom: ConfigMaps and Secrets whose entries become environment variables.
Container.resources: How much it needs, and how much it may use at most.
Container.volumeMounts: The volumes it sees, and where.
Container.livenessProbe: It is started anew when this fails.
Container.readinessProbe: It gets requests from Services while this succeeds.
Container.startupProbe: The other probes wait until this succeeds.
Container.securityContext: What its processes may do.
PodSpec.containers: The containers of the pod; at least one.
PodSpec.initContainers: Containers that run one after the other before all others.
PodSpec.volumes: The volumes that containers can mount.
PodSpec.restartPolicy: When containers are started anew: Always, OnFailure or Never.
PodSpec.nodeName: The node it runs on; empty until one is chosen.
PodSpec.nodeSelector: Labels that the node must have.
PodSpec.tolerations: The taints of nodes that do not keep it away.
PodSpec.affinity: On which nodes, and near which pods, it runs.
PodSpec.serviceAccountName: The ServiceAccount it runs as.
PodSpec.terminationGracePeriodSeconds: How long it may take to end.
PodSpec.hostNetwork: Whether it uses the network of its node.
PodSpec.imagePullSecrets: Secrets with which images are fetched.
PodTemplateSpec.spec: What the pods are to do.
DeploymentSpec.replicas: How many pods there shall be; 1 if it is not said.
DeploymentSpec.selector: The labels by which its pods are known; those of the template must fit.
DeploymentSpec.template: What its pods look like.
DeploymentSpec.strategy: How old pods are replaced by new ones.
DeploymentSpec.paused: Whether changes wait to be rolled out.
DeploymentSpec.minReadySeconds: How long a pod must have been ready to count as available.
DeploymentSpec.revisionHistoryLimit: How many old ReplicaSets are kept to go back to.
DeploymentSpec.progressDeadlineSeconds: How long a change may take until it is said to have failed.
ReplicaSetSpec.replicas: How many pods there shall be; 1 if it is not said.
StatefulSetSpec.replicas: How many pods there shall be; 1 if it is not said.
StatefulSetSpec.serviceName: The Service that gives its pods their names.
StatefulSetSpec.volumeClaimTemplates: The claims of which each pod gets its own.
JobSpec.completions: How many pods must succeed.
JobSpec.parallelism: How many pods run at the same time at most.
JobSpec.backoffLimit: How many failures there may be.
JobSpec.ttlSecondsAfterFinished: How long it is kept after its end.
CronJobSpec.schedule: When, as cron writes it: "0 3 * * *".
CronJobSpec.concurrencyPolicy: What if the last one still runs: Allow, Forbid or Replace.
CronJobSpec.suspend: Whether no more Jobs are made for now.
ServiceSpec.selector: The labels of the pods that are meant.
ServiceSpec.ports: The ports it has.
ServiceSpec.type: How it is reached: ClusterIP, NodePort, LoadBalancer or ExternalName.
ServiceSpec.clusterIP: Its address within the cluster; None for one without.
ServicePort.port: The port of the Service.
ServicePort.targetPort: The port of the pods, by number or name.
ServicePort.nodePort: The port of each node that leads here.
ContainerPort.containerPort: The port on which the container listens.
ContainerPort.protocol: TCP, UDP or SCTP.
EnvVar.name: The name of the variable.
EnvVar.value: Its value.
EnvVar.valueFrom: Where its value comes from, instead.
VolumeMount.name: The volume, as the pod calls it.
VolumeMount.mountPath: Where the container sees it.
VolumeMount.readOnly: Whether it can only be read.
Volume.name: Unique within the pod.
ResourceRequirements.requests: What it needs to run.
ResourceRequirements.limits: What it may use at most.
ConfigMap.data: Texts by name.
ConfigMap.binaryData: Bytes by name, in base64.
ConfigMap.immutable: Whether it can no longer be changed.
Secret.data: Bytes by name, in base64.
Secret.stringData: Texts by name that are written into data; never shown.
Secret.type: What kind of secret it is, for programs.
LabelSelector.matchLabels: Labels that must be there with these values.
LabelSelector.matchExpressions: Conditions that must all hold.
NodeSpec.unschedulable: Whether no new pods may come.
NodeSpec.taints: What keeps pods away that do not tolerate it.
NamespaceSpec.finalizers: Who must agree before it ends.
PolicyRule.verbs: What may be done.
PolicyRule.resources: To what, "*" for everything.
PolicyRule.apiGroups: Of which groups; "" is the core group.
PolicyRule.nonResourceURLs: Paths that are no resources.
`;

/** What the published definition of a field says besides its type. */
export interface FieldNote {
  readonly description?: string;
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
}

let tables: Record<"required" | "patched" | "described", ReadonlyMap<string, string>> | undefined;

/** Read when the first document is asked for. */
function read() {
  tables ??= {
    required: linesOf(REQUIRED),
    patched: linesOf(PATCHED),
    described: linesOf(DESCRIPTIONS),
  };
  return tables;
}

function linesOf(text: string): ReadonlyMap<string, string> {
  const lines = text.trim().split("\n");
  return new Map(
    lines.map((line) => {
      const end = line.indexOf(":");
      return [line.slice(0, end), line.slice(end + 1).trim()];
    }),
  );
}

/** Every type, and every field as "Type.field", about which something is said. */
export function notedNames(): readonly string[] {
  return [...new Set(Object.values(read()).flatMap((table) => [...table.keys()]))];
}

/** The fields of the type `name` that must be there. */
export function requiredFields(name: string): readonly string[] {
  return read().required.get(name)?.split(" ") ?? [];
}

/** What the type `name` is for. */
export function typeDescription(name: string): string | undefined {
  return read().described.get(name);
}

/** What is to be said of a field of the type `name`. */
export function fieldNote(name: string, field: string): FieldNote {
  const { patched, described } = read();
  const description = described.get(`${name}.${field}`);
  return {
    ...(description === undefined ? {} : { description }),
    ...patchNote(patched.get(`${name}.${field}`)),
  };
}

function patchNote(rule: string | undefined): FieldNote {
  if (rule === undefined || rule === "") return {};
  if (rule === "=") return { "x-kubernetes-patch-strategy": "merge" };
  return {
    "x-kubernetes-patch-strategy": rule.endsWith("+") ? "merge,retainKeys" : "merge",
    "x-kubernetes-patch-merge-key": rule.replace("+", ""),
  };
}
