import { OTE_CRDS } from "../../apis/crds.ts";

const metadata = { name: "sample" };
const full = {
  name: "sample",
  labels: { a: "b", "example.com/c": "" },
  annotations: { note: "a\nb", empty: "" },
  finalizers: ["example.com/held"],
  ownerReferences: [
    { apiVersion: "v1", kind: "Node", name: "n", uid: "u-1", controller: true },
    { apiVersion: "v1", kind: "Node", name: "m", uid: "u-2", blockOwnerDeletion: false },
  ],
};
const labels = { app: "sample" };
const selector = {
  matchLabels: labels,
  matchExpressions: [
    { key: "app", operator: "In", values: ["sample", "other"] },
    { key: "app", operator: "Exists" },
  ],
};

const env = [
  { name: "PLAIN", value: "x" },
  { name: "EMPTY", value: "" },
  { name: "FIELD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  {
    name: "AMOUNT",
    valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m", containerName: "c" } },
  },
  { name: "MAP", valueFrom: { configMapKeyRef: { name: "m", key: "k", optional: true } } },
  { name: "SECRET", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
];

const container = {
  name: "c",
  image: "example.com/image:1",
  command: ["sh", "-c"],
  args: ["true", ""],
  workingDir: "/tmp",
  ports: [{ name: "http", containerPort: 80, hostIP: "127.0.0.1", protocol: "UDP" }],
  env,
  envFrom: [{ prefix: "P_", configMapRef: { name: "m", optional: false } }],
  resources: { limits: { cpu: "500m", memory: "1Gi" }, requests: { cpu: "0" } },
  volumeMounts: [
    { name: "empty", mountPath: "/e", readOnly: true, mountPropagation: "None", subPath: "x" },
  ],
  livenessProbe: {
    httpGet: { path: "/", port: "http", scheme: "HTTPS", httpHeaders: [{ name: "A", value: "b" }] },
    initialDelaySeconds: 1,
  },
  readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 3 },
  startupProbe: { exec: { command: ["a"] }, failureThreshold: 30 },
  lifecycle: { preStop: { exec: { command: ["b"] } }, postStart: { httpGet: { port: 1 } } },
  securityContext: {
    capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] },
    runAsUser: 0,
    runAsNonRoot: false,
    privileged: false,
    seLinuxOptions: { level: "s0" },
    seccompProfile: { type: "Localhost", localhostProfile: "p.json" },
  },
  stdin: true,
  tty: true,
};

const volumes = [
  { name: "empty", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
  { name: "plain", emptyDir: {} },
  { name: "host", hostPath: { path: "/var", type: "Directory" } },
  { name: "map", configMap: { name: "m", items: [{ key: "a", path: "b", mode: 256 }] } },
  { name: "secret", secret: { secretName: "s", optional: true, defaultMode: 0 } },
  { name: "claim", persistentVolumeClaim: { claimName: "p", readOnly: true } },
  { name: "nfs", nfs: { server: "127.0.0.1", path: "/x" } },
  { name: "csi", csi: { driver: "example.com", volumeAttributes: { a: "b" }, readOnly: false } },
  {
    name: "down",
    downwardAPI: { items: [{ path: "l", fieldRef: { fieldPath: "metadata.uid" } }] },
  },
  {
    name: "projected",
    projected: {
      sources: [
        { serviceAccountToken: { path: "token", audience: "a" } },
        { configMap: { name: "m", items: [{ key: "a", path: "b" }] } },
        { secret: { name: "s", optional: true } },
      ],
    },
  },
];

const term = {
  labelSelector: selector,
  namespaces: ["default"],
  topologyKey: "kubernetes.io/hostname",
};
const requirement = { key: "zone", operator: "NotIn", values: ["z"] };

const podSpec = {
  containers: [container],
  initContainers: [{ name: "i", image: "i" }],
  volumes,
  nodeSelector: { zone: "a" },
  terminationGracePeriodSeconds: 0,
  serviceAccountName: "default",
  dnsPolicy: "None",
  dnsConfig: {
    nameservers: ["127.0.0.1"],
    searches: ["x"],
    options: [{ name: "ndots", value: "" }],
  },
  automountServiceAccountToken: false,
  hostAliases: [{ ip: "127.0.0.1", hostnames: ["h"] }],
  securityContext: {
    supplementalGroups: [0, 1, 65_535],
    fsGroup: 0,
    sysctls: [{ name: "kernel.shm_rmid_forced", value: "0" }],
  },
  imagePullSecrets: [{ name: "p" }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          {
            matchExpressions: [requirement],
            matchFields: [{ key: "metadata.name", operator: "In", values: ["n"] }],
          },
        ],
      },
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, preference: { matchExpressions: [requirement] } },
      ],
    },
    podAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 2, podAffinityTerm: term }],
    },
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
  },
  tolerations: [
    { key: "k", operator: "Exists", effect: "NoExecute", tolerationSeconds: 0 },
    { operator: "Exists" },
  ],
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: selector,
    },
  ],
  readinessGates: [{ conditionType: "example.com/ready" }],
  shareProcessNamespace: true,
  setHostnameAsFQDN: false,
  enableServiceLinks: false,
  hostname: "h",
  subdomain: "s",
  schedulerName: "nobody",
};
const template = { metadata: { labels }, spec: podSpec };
const plainTemplate = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
const ending = { spec: { ...plainTemplate.spec, restartPolicy: "Never" } };

const schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      required: ["size"],
      properties: {
        size: { type: "integer", minimum: 0, maximum: 10.5, default: 3, format: "int32" },
        name: { type: "string", enum: ["a", "b"], pattern: "^[ab]$", maxLength: 0, nullable: true },
        parts: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
        texts: { type: "object", additionalProperties: { type: "string" } },
        any: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        port: {
          "x-kubernetes-int-or-string": true,
          anyOf: [{ type: "integer" }, { type: "string" }],
        },
        more: {
          not: { required: ["a"] },
          type: "object",
          externalDocs: { url: "https://example.com" },
        },
      },
    },
  },
};

/** A PEM request, whose key nobody has. */
const signing = [
  "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIc01JR1NBZ0VBTURBeEhUQWJCZ05WQkFvTUZI",
  "TjVjM1JsYlRwaGRYUm9aVzUwYVdOaGRHVmtNUTh3RFFZRApWUVFEREFaellXMXdiR1V3V1RBVEJnY3Foa2pPUFFJ",
  "QkJnZ3Foa2pPUFFNQkJ3TkNBQVNKYzVaMUhFZG5zbU12CjdDajdTLzEvWEFmQXlDbXFjYy9hdnNqV1BPL2ZsbEI5",
  "eWhQRFJ4QlVMWitoc3h0T09pTVdybkN6NkJpalRSRG0KMXdkU3E5STdvQUF3Q2dZSUtvWkl6ajBFQXdJRFNRQXdS",
  "Z0loQUlUOXVDQWtKOU1QZDlnK3h3VTJRYUpMSGI0RwpkM0crYlhTRVBJb053cXV0QWlFQWorSWIwa0F2eW1OaUFH",
  "eFVSaTQxWUpwTGdhMVVCUFlUQkdVN2lyS3VsY0k9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=",
].join("");
const oldIngress = {
  backend: { serviceName: "s", servicePort: "http" },
  rules: [
    {
      host: "h.example.com",
      http: { paths: [{ backend: { serviceName: "s", servicePort: 0o120 } }] },
    },
  ],
};

const core = "/api/v1/namespaces/default";
const cluster = "/api/v1";
const apps = "/apis/apps/v1/namespaces/default";

/** One object of each kind, with as many of its fields as fit: the collection to post it to, and the object. */
export const SAMPLES: readonly (readonly [string, object])[] = [
  [
    `${core}/configmaps`,
    { metadata: full, data: { a: "", b: "x" }, binaryData: { c: "AAEC" }, immutable: true },
  ],
  [`${core}/secrets`, { metadata, type: "example.com/t", data: { a: "", b: "AAEC" } }],
  [
    `${core}/serviceaccounts`,
    {
      metadata,
      secrets: [{ name: "s" }],
      imagePullSecrets: [{ name: "p" }],
      automountServiceAccountToken: false,
    },
  ],
  [
    `${core}/pods`,
    { metadata: { ...full, finalizers: [] }, spec: { ...podSpec, activeDeadlineSeconds: 5 } },
  ],
  [`${core}/podtemplates`, { metadata, template }],
  [
    `${core}/replicationcontrollers`,
    { metadata, spec: { replicas: 0, selector: labels, template: plainTemplate } },
  ],
  [
    `${core}/services`,
    {
      metadata,
      spec: {
        selector: labels,
        type: "NodePort",
        externalIPs: ["192.0.2.1"],
        sessionAffinity: "ClientIP",
        ports: [
          { name: "a", port: 80, targetPort: "http", appProtocol: "x" },
          { name: "b", port: 53, protocol: "UDP" },
        ],
      },
    },
  ],
  [
    `${core}/endpoints`,
    {
      metadata,
      subsets: [
        {
          addresses: [
            {
              ip: "192.0.2.1",
              hostname: "h",
              nodeName: "n",
              targetRef: { kind: "Pod", name: "p", uid: "u" },
            },
          ],
          notReadyAddresses: [{ ip: "192.0.2.2" }],
          ports: [{ name: "", port: 80, protocol: "TCP" }],
        },
      ],
    },
  ],
  [
    `${core}/events`,
    {
      metadata,
      involvedObject: { kind: "Pod", namespace: "default", name: "p", fieldPath: "spec" },
      reason: "R",
      message: "m",
      type: "Normal",
      count: 3,
      source: { component: "c", host: "h" },
      firstTimestamp: "2020-01-02T03:04:05Z",
      lastTimestamp: "2020-01-02T03:04:06Z",
    },
  ],
  [
    `${core}/limitranges`,
    {
      metadata,
      spec: {
        limits: [
          {
            type: "Container",
            max: { cpu: "2" },
            default: { cpu: "1" },
            defaultRequest: { cpu: "100m" },
          },
        ],
      },
    },
  ],
  [
    `${core}/resourcequotas`,
    {
      metadata,
      spec: { hard: { pods: "10", "requests.cpu": "1500m" }, scopes: ["NotTerminating"] },
    },
  ],
  [
    `${core}/persistentvolumeclaims`,
    {
      metadata,
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "",
        resources: { requests: { storage: "1Gi" } },
        dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "x" },
      },
    },
  ],
  [
    `${cluster}/persistentvolumes`,
    {
      metadata,
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteMany"],
        nfs: { server: "127.0.0.1", path: "/" },
        mountOptions: ["ro"],
        claimRef: { namespace: "default", name: "c" },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } },
      },
    },
  ],
  [
    `${cluster}/nodes`,
    {
      metadata,
      spec: {
        podCIDR: "10.0.0.0/24",
        podCIDRs: ["10.0.0.0/24"],
        unschedulable: true,
        providerID: "x://y",
        taints: [{ key: "k", effect: "NoExecute", timeAdded: "2020-01-02T03:04:05Z" }],
      },
      status: {
        capacity: { cpu: "4", memory: "1Ki" },
        conditions: [
          {
            type: "Ready",
            status: "True",
            lastHeartbeatTime: "2020-01-02T03:04:05Z",
            reason: "R",
            message: "m",
          },
        ],
        addresses: [{ type: "InternalIP", address: "192.0.2.1" }],
        daemonEndpoints: { kubeletEndpoint: { Port: 1 } },
        nodeInfo: { machineID: "m", kernelVersion: "k" },
        images: [{ names: ["a"], sizeBytes: 5_000_000_000 }],
      },
    },
  ],
  [`${cluster}/namespaces`, { metadata: { name: "sample", labels } }],
  [
    `${apps}/deployments`,
    {
      metadata,
      spec: {
        replicas: 0,
        selector,
        template,
        strategy: { rollingUpdate: { maxSurge: "50%", maxUnavailable: 0 } },
        paused: true,
        minReadySeconds: 1,
        revisionHistoryLimit: 0,
      },
    },
  ],
  [`${apps}/replicasets`, { metadata, spec: { replicas: 0, selector, template: plainTemplate } }],
  [
    `${apps}/daemonsets`,
    { metadata, spec: { selector, template: plainTemplate, updateStrategy: { type: "OnDelete" } } },
  ],
  [
    `${apps}/statefulsets`,
    {
      metadata,
      spec: {
        serviceName: "s",
        selector,
        template: plainTemplate,
        volumeClaimTemplates: [
          {
            metadata: { name: "v" },
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1" } } },
          },
        ],
        updateStrategy: { rollingUpdate: { partition: 0 } },
      },
    },
  ],
  [
    `${apps}/controllerrevisions`,
    { metadata, revision: 0, data: { spec: { a: [1, null, "x"], $patch: "replace" } } },
  ],
  [
    "/apis/batch/v1/namespaces/default/jobs",
    {
      metadata,
      spec: { parallelism: 0, backoffLimit: 0, ttlSecondsAfterFinished: 0, template: ending },
    },
  ],
  [
    "/apis/batch/v1beta1/namespaces/default/cronjobs",
    {
      metadata,
      spec: {
        schedule: "0 0 * * *",
        suspend: true,
        jobTemplate: { metadata: { labels }, spec: { template: ending } },
      },
    },
  ],
  [
    "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers",
    {
      metadata,
      spec: {
        minReplicas: 2,
        maxReplicas: 3,
        targetCPUUtilizationPercentage: 50,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "sample" },
      },
    },
  ],
  [
    "/apis/policy/v1beta1/namespaces/default/poddisruptionbudgets",
    { metadata, spec: { minAvailable: "50%", selector } },
  ],
  [
    "/apis/coordination.k8s.io/v1/namespaces/default/leases",
    {
      metadata,
      spec: {
        holderIdentity: "h",
        leaseDurationSeconds: 40,
        leaseTransitions: 0,
        acquireTime: "2020-01-02T03:04:05.000006Z",
        renewTime: "2020-01-02T03:04:05.600000Z",
      },
    },
  ],
  [
    "/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices",
    {
      metadata,
      addressType: "IPv4",
      endpoints: [
        {
          addresses: ["192.0.2.1"],
          conditions: { ready: false },
          hostname: "h",
          topology: { zone: "z" },
          targetRef: { kind: "Pod", name: "p" },
        },
      ],
      ports: [
        { name: "", port: 0 },
        { name: "p", protocol: "UDP" },
      ],
    },
  ],
  [
    "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
    {
      metadata,
      spec: {
        ingressClassName: "c",
        tls: [{ hosts: ["h"], secretName: "s" }],
        defaultBackend: { service: { name: "s", port: { number: 80 } } },
        rules: [
          {
            host: "h.example.com",
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { resource: { apiGroup: "g", kind: "K", name: "n" } },
                },
              ],
            },
          },
        ],
      },
    },
  ],
  [
    "/apis/networking.k8s.io/v1/ingressclasses",
    {
      metadata,
      spec: { controller: "example.com/c", parameters: { apiGroup: "g", kind: "K", name: "n" } },
    },
  ],
  [
    "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
    {
      metadata,
      spec: {
        podSelector: {},
        ingress: [
          {
            from: [
              { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } },
              { namespaceSelector: selector, podSelector: {} },
            ],
            ports: [{ port: "http", protocol: "TCP" }, { port: 1 }],
          },
          {},
        ],
        egress: [{ to: [{ podSelector: selector }] }],
      },
    },
  ],
  [
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    {
      metadata,
      rules: [
        { verbs: ["get"], apiGroups: ["", "apps"], resources: ["pods"], resourceNames: ["a"] },
        { verbs: ["get"], nonResourceURLs: ["/x"] },
      ],
    },
  ],
  [
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    {
      metadata: { name: "sample-all" },
      aggregationRule: { clusterRoleSelectors: [selector] },
      rules: [],
    },
  ],
  [
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "r" },
      subjects: [
        { kind: "ServiceAccount", namespace: "default", name: "s" },
        { kind: "User", name: "u" },
      ],
    },
  ],
  ["/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles", { metadata, rules: [] }],
  [
    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
    { metadata, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" } },
  ],
  [
    "/apis/storage.k8s.io/v1/storageclasses",
    {
      metadata,
      provisioner: "p",
      parameters: { a: "b" },
      allowVolumeExpansion: false,
      mountOptions: ["x"],
      allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: ["z"] }] }],
    },
  ],
  [
    "/apis/storage.k8s.io/v1/csidrivers",
    {
      metadata,
      spec: { attachRequired: false, podInfoOnMount: true, volumeLifecycleModes: ["Ephemeral"] },
    },
  ],
  [
    "/apis/storage.k8s.io/v1/csinodes",
    {
      metadata,
      spec: {
        drivers: [{ name: "d", nodeID: "n", topologyKeys: ["z"], allocatable: { count: 0 } }],
      },
    },
  ],
  [
    "/apis/storage.k8s.io/v1/volumeattachments",
    { metadata, spec: { attacher: "a", nodeName: "n", source: { persistentVolumeName: "p" } } },
  ],
  [
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    { metadata, value: -5, description: "d", preemptionPolicy: "Never" },
  ],
  [
    "/apis/node.k8s.io/v1/runtimeclasses",
    {
      metadata,
      handler: "h",
      overhead: { podFixed: { cpu: "1m" } },
      scheduling: { nodeSelector: { a: "b" }, tolerations: [{ key: "k" }] },
    },
  ],
  [
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    {
      metadata,
      webhooks: [
        {
          name: "a.example.com",
          clientConfig: { url: "https://127.0.0.1:1/x", caBundle: "" },
          rules: [
            {
              apiGroups: ["example.com"],
              apiVersions: ["v1"],
              operations: ["CREATE"],
              resources: ["nothings"],
              scope: "*",
            },
          ],
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
          objectSelector: selector,
          timeoutSeconds: 3,
        },
      ],
    },
  ],
  [
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    { metadata, webhooks: [] },
  ],
  [
    "/apis/apiregistration.k8s.io/v1/apiservices",
    {
      metadata: { name: "v1.sample.example.com" },
      spec: {
        group: "sample.example.com",
        version: "v1",
        groupPriorityMinimum: 1,
        versionPriority: 2,
        insecureSkipTLSVerify: true,
        service: { namespace: "default", name: "s" },
      },
    },
  ],
  [
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    {
      metadata: { name: "samples.example.org" },
      spec: {
        group: "example.org",
        scope: "Namespaced",
        names: { plural: "samples", kind: "Sample", shortNames: ["sm"], categories: ["all"] },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: schema },
            subresources: {
              status: {},
              scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" },
            },
            additionalPrinterColumns: [
              { name: "Size", type: "integer", jsonPath: ".spec.size", priority: 1 },
            ],
          },
        ],
      },
    },
  ],
  [
    "/apis/networking.k8s.io/v1beta1/namespaces/default/ingresses",
    { metadata: { name: "old" }, spec: oldIngress },
  ],
  [
    "/apis/extensions/v1beta1/namespaces/default/ingresses",
    { metadata: { name: "older" }, spec: oldIngress },
  ],
  [
    "/apis/events.k8s.io/v1/namespaces/default/events",
    {
      metadata: { name: "new" },
      eventTime: "2020-01-02T03:04:05.000006Z",
      reportingController: "example.com/c",
      reportingInstance: "c-1",
      action: "A",
      reason: "R",
      type: "Warning",
      note: "n",
      regarding: { kind: "Pod", name: "p", namespace: "default" },
      series: { count: 2, lastObservedTime: "2020-01-02T03:04:05.600000Z" },
    },
  ],
  [
    "/apis/certificates.k8s.io/v1/certificatesigningrequests",
    {
      metadata,
      spec: {
        request: signing,
        signerName: "kubernetes.io/kube-apiserver-client",
        usages: ["client auth"],
      },
    },
  ],
  ...OTE_CRDS.map((crd): [string, object] => [
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    crd,
  ]),
];
