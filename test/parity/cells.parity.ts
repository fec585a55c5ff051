import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };

/** Makes an object of the space's name, and reads its row: the columns, and cells that do not age. */
const row =
  (collection: (s: Space) => string, object: object, status?: object) => async (s: Space) => {
    const path = collection(s);
    const [{ metadata }] = (await s.make(path, { metadata: { name: s.id }, ...object })) as [Any];
    if (status !== undefined) {
      const { body } = await s.get(`${path}/${metadata.name}`);
      await s.put(`${path}/${metadata.name}/status`, { ...body, status });
    }
    const { body } = await s.get(`${path}/${metadata.name}`, TABLE);
    const names = body.columnDefinitions.map(
      ({ name, type, priority }: Any) =>
        `${name}${type === "string" ? "" : `:${type}`}${priority === 0 ? "" : "+"}`,
    );
    const cells: Any[] = body.rows[0].cells;
    return [names.join(", "), cells.filter((_, i) => !/^(Age|Created At)/.test(names[i]))];
  };

const all = (path: string) => () => path;
const core = (plural: string) => (s: Space) => s.core(plural);
const own = (groupVersion: string, plural: string) => (s: Space) => s.in(groupVersion, plural);
const containers = [{ name: "c", image: "i" }];
const pod = (status: object) =>
  row(core("pods"), { spec: { containers, initContainers: [{ name: "n", image: "i" }] } }, status);
const state = (name: string, state: object, ready = false) => ({
  ...{ name, state, ready, restartCount: 0, image: "i", imageID: "" },
});
const POD =
  "Name, Ready, Status, Restarts:integer, Age, IP+, Node+, Nominated Node+, Readiness Gates+";
const podRow = (ready: string, status: string) => [
  POD,
  ["(id)", ready, status, 0, "<none>", "<none>", "<none>", "<none>"],
];
const done = state("n", { terminated: { exitCode: 0, reason: "Completed" } }, true);

export const cells = area("cells", [
  behaviour(
    "shows a pod that waits for its image",
    pod({
      phase: "Pending",
      initContainerStatuses: [done],
      containerStatuses: [state("c", { waiting: { reason: "ImagePullBackOff" } })],
    }),
    podRow("0/1", "ImagePullBackOff"),
  ),
  behaviour(
    "shows a pod that is being prepared",
    pod({
      phase: "Pending",
      initContainerStatuses: [state("n", { running: {} })],
      containerStatuses: [state("c", { waiting: { reason: "PodInitializing" } })],
    }),
    podRow("0/1", "Init:0/1"),
  ),
  behaviour(
    "shows a pod that could not be prepared",
    pod({
      phase: "Pending",
      initContainerStatuses: [state("n", { terminated: { exitCode: 3 } })],
    }),
    podRow("0/1", "Init:ExitCode:3"),
  ),
  behaviour(
    "shows a pod that has done its work",
    pod({
      phase: "Succeeded",
      initContainerStatuses: [done],
      containerStatuses: [state("c", { terminated: { exitCode: 0, reason: "Completed" } })],
    }),
    podRow("0/1", "Completed"),
  ),
  behaviour(
    "shows a pod that was ended by a signal",
    pod({
      phase: "Failed",
      initContainerStatuses: [done],
      containerStatuses: [state("c", { terminated: { exitCode: 137, signal: 9 } })],
    }),
    podRow("0/1", "Signal:9"),
  ),
  behaviour(
    "shows a pod that was evicted",
    pod({ phase: "Failed", reason: "Evicted" }),
    podRow("0/1", "Evicted"),
  ),
  behaviour(
    "shows Endpoints",
    row(core("endpoints"), {
      subsets: [
        {
          addresses: ["1", "2", "3", "4"].map((n) => ({ ip: `192.0.2.${n}` })),
          ports: [{ port: 80 }],
        },
      ],
    }),
    ["Name, Endpoints, Age", ["(id)", "192.0.2.1:80,192.0.2.2:80,192.0.2.3:80 + 1 more..."]],
  ),
  behaviour(
    "shows an EndpointSlice",
    row(own("discovery.k8s.io/v1beta1", "endpointslices"), {
      addressType: "IPv4",
      endpoints: [{ addresses: ["192.0.2.1", "192.0.2.2"] }],
      ports: [
        { name: "a", port: 80 },
        { name: "b", port: 81 },
      ],
    }),
    ["Name, AddressType, Ports, Endpoints, Age", ["(id)", "IPv4", "80,81", "192.0.2.1,192.0.2.2"]],
  ),
  behaviour(
    "shows a PodDisruptionBudget",
    row(own("policy/v1beta1", "poddisruptionbudgets"), {
      spec: { minAvailable: "50%", selector: { matchLabels: { a: "b" } } },
    }),
    [
      "Name, Min Available, Max Unavailable, Allowed Disruptions:integer, Age",
      ["(id)", "50%", "N/A", 0],
    ],
  ),
  behaviour(
    "shows a PersistentVolumeClaim",
    row(core("persistentvolumeclaims"), {
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "fast",
        resources: { requests: { storage: "1Gi" } },
      },
    }),
    [
      "Name, Status, Volume, Capacity, Access Modes, StorageClass, Age, VolumeMode+",
      ["(id)", "Pending", "", "", "", "fast", "Filesystem"],
    ],
  ),
  behaviour(
    "shows a PersistentVolume",
    row(all("/api/v1/persistentvolumes"), {
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteMany", "ReadOnlyMany"],
        nfs: { server: "127.0.0.1", path: "/" },
        claimRef: { namespace: "n", name: "c" },
      },
    }),
    [
      "Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, Reason, Age, VolumeMode+",
      ["(id)", "1Gi", "ROX,RWX", "Retain", "Pending", "n/c", "", "", "Filesystem"],
    ],
  ),
  behaviour(
    "shows a StorageClass",
    row(all("/apis/storage.k8s.io/v1/storageclasses"), { provisioner: "p" }),
    [
      "Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age",
      ["(id)", "p", "Delete", "Immediate", false],
    ],
  ),
  behaviour(
    "shows an Ingress",
    row(own("networking.k8s.io/v1", "ingresses"), {
      spec: {
        ingressClassName: "c",
        tls: [{ hosts: ["a.example.com"] }],
        rules: [{ host: "a.example.com" }, { host: "b.example.com" }],
      },
    }),
    [
      "Name, Class, Hosts, Address, Ports, Age",
      ["(id)", "c", "a.example.com,b.example.com", "", "80, 443"],
    ],
  ),
  behaviour(
    "shows an IngressClass",
    row(all("/apis/networking.k8s.io/v1/ingressclasses"), {
      spec: { controller: "example.com/c", parameters: { apiGroup: "g", kind: "K", name: "n" } },
    }),
    ["Name, Controller, Parameters, Age", ["(id)", "example.com/c", "K.g/n"]],
  ),
  behaviour(
    "shows a NetworkPolicy",
    row(own("networking.k8s.io/v1", "networkpolicies"), {
      spec: { podSelector: { matchLabels: { a: "b" } } },
    }),
    ["Name, Pod-Selector, Age", ["(id)", "a=b"]],
  ),
  behaviour(
    "shows a PriorityClass",
    row(all("/apis/scheduling.k8s.io/v1/priorityclasses"), { value: 7 }),
    ["Name, Value:integer, Global-Default:boolean, Age", ["(id)", 7, false]],
  ),
  behaviour(
    "shows a RuntimeClass",
    row(all("/apis/node.k8s.io/v1/runtimeclasses"), { handler: "h" }),
    ["Name, Handler, Age", ["(id)", "h"]],
  ),
  behaviour(
    "shows a ControllerRevision",
    row(own("apps/v1", "controllerrevisions"), {
      revision: 3,
      data: {},
      metadata: {
        name: "r",
        ownerReferences: [
          { apiVersion: "apps/v1", kind: "DaemonSet", name: "d", uid: "u", controller: true },
        ],
      },
    }),
    ["Name, Controller, Revision, Age", ["r", "daemonset.apps/d", 3]],
  ),
  behaviour(
    "shows a ReplicationController",
    row(core("replicationcontrollers"), {
      spec: {
        replicas: 0,
        selector: { a: "b" },
        template: { metadata: { labels: { a: "b" } }, spec: { containers } },
      },
    }),
    [
      "Name, Desired:integer, Current:integer, Ready:integer, Age, Containers+, Images+, Selector+",
      ["(id)", 0, 0, 0, "c", "i", "a=b"],
    ],
  ),
]);
