/** One field of a message: its JSON name, its type, and whether it occurs many times. */
export type FieldRow = readonly [
  name: string,
  type: "text" | "bytes" | "int" | "bool" | "time" | Message,
  many?: "list" | "map",
];

/** A message: its fields by number, from Kubernetes' generated.proto files. */
export interface Message {
  readonly [field: number]: FieldRow;
}

const TEXTS: Message = { 1: ["key", "text"], 2: ["value", "text"] };
const BLOBS: Message = { 1: ["key", "text"], 2: ["value", "bytes"] };

const METADATA: Message = {
  1: ["name", "text"],
  2: ["generateName", "text"],
  3: ["namespace", "text"],
  4: ["selfLink", "text"],
  5: ["uid", "text"],
  6: ["resourceVersion", "text"],
  7: ["generation", "int"],
  8: ["creationTimestamp", "time"],
  9: ["deletionTimestamp", "time"],
  10: ["deletionGracePeriodSeconds", "int"],
  11: ["labels", TEXTS, "map"],
  12: ["annotations", TEXTS, "map"],
  13: [
    "ownerReferences",
    {
      1: ["kind", "text"],
      3: ["name", "text"],
      4: ["uid", "text"],
      5: ["apiVersion", "text"],
      6: ["controller", "bool"],
      7: ["blockOwnerDeletion", "bool"],
    },
    "list",
  ],
  14: ["finalizers", "text", "list"],
};

const CONTAINER: Message = {
  1: ["name", "text"],
  2: ["image", "text"],
  3: ["command", "text", "list"],
  4: ["args", "text", "list"],
  5: ["workingDir", "text"],
  6: [
    "ports",
    {
      1: ["name", "text"],
      2: ["hostPort", "int"],
      3: ["containerPort", "int"],
      4: ["protocol", "text"],
      5: ["hostIP", "text"],
    },
    "list",
  ],
  8: ["resources", {}],
  13: ["terminationMessagePath", "text"],
  14: ["imagePullPolicy", "text"],
  16: ["stdin", "bool"],
  17: ["stdinOnce", "bool"],
  18: ["tty", "bool"],
  20: ["terminationMessagePolicy", "text"],
};

const POD_TEMPLATE: Message = {
  1: ["metadata", METADATA],
  2: [
    "spec",
    {
      2: ["containers", CONTAINER, "list"],
      3: ["restartPolicy", "text"],
      6: ["dnsPolicy", "text"],
      8: ["serviceAccountName", "text"],
      9: ["serviceAccount", "text"],
      10: ["nodeName", "text"],
      11: ["hostNetwork", "bool"],
      12: ["hostPID", "bool"],
      13: ["hostIPC", "bool"],
      16: ["hostname", "text"],
      17: ["subdomain", "text"],
      19: ["schedulerName", "text"],
      24: ["priorityClassName", "text"],
    },
  ],
};

const POLICY_RULES: FieldRow = [
  "rules",
  {
    1: ["verbs", "text", "list"],
    2: ["apiGroups", "text", "list"],
    3: ["resources", "text", "list"],
    4: ["resourceNames", "text", "list"],
    5: ["nonResourceURLs", "text", "list"],
  },
  "list",
];
const BINDING: Message = {
  1: ["metadata", METADATA],
  2: [
    "subjects",
    { 1: ["kind", "text"], 2: ["apiGroup", "text"], 3: ["name", "text"], 4: ["namespace", "text"] },
    "list",
  ],
  3: ["roleRef", { 1: ["apiGroup", "text"], 2: ["kind", "text"], 3: ["name", "text"] }],
};
const USER_INFO: Message = {
  1: ["username", "text"],
  2: ["uid", "text"],
  3: ["groups", "text", "list"],
};
const ACCESS_STATUS: FieldRow = [
  "status",
  {
    1: ["allowed", "bool"],
    2: ["reason", "text"],
    3: ["evaluationError", "text"],
    4: ["denied", "bool"],
  },
];
const RESOURCE_ATTRIBUTES: FieldRow = [
  "resourceAttributes",
  {
    1: ["namespace", "text"],
    2: ["verb", "text"],
    3: ["group", "text"],
    4: ["version", "text"],
    5: ["resource", "text"],
    6: ["subresource", "text"],
    7: ["name", "text"],
  },
];
const PATH_ATTRIBUTES: FieldRow = [
  "nonResourceAttributes",
  { 1: ["path", "text"], 2: ["verb", "text"] },
];
const SUBJECT_REVIEW: Message = {
  1: ["metadata", METADATA],
  2: [
    "spec",
    {
      1: RESOURCE_ATTRIBUTES,
      2: PATH_ATTRIBUTES,
      3: ["user", "text"],
      4: ["groups", "text", "list"],
      6: ["uid", "text"],
    },
  ],
  3: ACCESS_STATUS,
};

const DEPLOYMENT: Message = {
  1: ["metadata", METADATA],
  2: [
    "spec",
    {
      1: ["replicas", "int"],
      2: ["selector", { 1: ["matchLabels", TEXTS, "map"] }],
      3: ["template", POD_TEMPLATE],
      4: ["strategy", { 1: ["type", "text"] }],
      5: ["minReadySeconds", "int"],
      7: ["paused", "bool"],
    },
  ],
  3: [
    "status",
    {
      1: ["observedGeneration", "int"],
      2: ["replicas", "int"],
      3: ["updatedReplicas", "int"],
      4: ["availableReplicas", "int"],
      5: ["unavailableReplicas", "int"],
      7: ["readyReplicas", "int"],
    },
  ],
};

/** The kinds that kubectl sends as protobuf, by kind; all others it sends as JSON, or are refused. */
export const MESSAGES: Readonly<Record<string, Message>> = {
  Namespace: {
    1: ["metadata", METADATA],
    2: ["spec", { 1: ["finalizers", "text", "list"] }],
    3: ["status", { 1: ["phase", "text"] }],
  },
  ConfigMap: {
    1: ["metadata", METADATA],
    2: ["data", TEXTS, "map"],
    3: ["binaryData", BLOBS, "map"],
    4: ["immutable", "bool"],
  },
  Secret: {
    1: ["metadata", METADATA],
    2: ["data", BLOBS, "map"],
    3: ["type", "text"],
    4: ["stringData", TEXTS, "map"],
    5: ["immutable", "bool"],
  },
  ServiceAccount: {
    1: ["metadata", METADATA],
    2: ["secrets", { 1: ["kind", "text"], 2: ["namespace", "text"], 3: ["name", "text"] }, "list"],
    3: ["imagePullSecrets", { 1: ["name", "text"] }, "list"],
    4: ["automountServiceAccountToken", "bool"],
  },
  Deployment: DEPLOYMENT,
  Role: { 1: ["metadata", METADATA], 2: POLICY_RULES },
  ClusterRole: {
    1: ["metadata", METADATA],
    2: POLICY_RULES,
    3: [
      "aggregationRule",
      { 1: ["clusterRoleSelectors", { 1: ["matchLabels", TEXTS, "map"] }, "list"] },
    ],
  },
  RoleBinding: BINDING,
  ClusterRoleBinding: BINDING,
  SelfSubjectAccessReview: {
    1: ["metadata", METADATA],
    2: ["spec", { 1: RESOURCE_ATTRIBUTES, 2: PATH_ATTRIBUTES }],
    3: ACCESS_STATUS,
  },
  SubjectAccessReview: SUBJECT_REVIEW,
  LocalSubjectAccessReview: SUBJECT_REVIEW,
  SelfSubjectRulesReview: {
    1: ["metadata", METADATA],
    2: ["spec", { 1: ["namespace", "text"] }],
    3: ["status", { 3: ["incomplete", "bool"], 4: ["evaluationError", "text"] }],
  },
  SelfSubjectReview: { 1: ["metadata", METADATA], 2: ["status", { 1: ["userInfo", USER_INFO] }] },
  TokenReview: {
    1: ["metadata", METADATA],
    2: ["spec", { 1: ["token", "text"], 2: ["audiences", "text", "list"] }],
    3: [
      "status",
      {
        1: ["authenticated", "bool"],
        2: ["user", USER_INFO],
        3: ["error", "text"],
        4: ["audiences", "text", "list"],
      },
    ],
  },
  TokenRequest: {
    1: ["metadata", METADATA],
    2: [
      "spec",
      {
        1: ["audiences", "text", "list"],
        3: [
          "boundObjectRef",
          {
            1: ["kind", "text"],
            2: ["apiVersion", "text"],
            3: ["name", "text"],
            4: ["uid", "text"],
          },
        ],
        4: ["expirationSeconds", "int"],
      },
    ],
    3: ["status", { 1: ["token", "text"], 2: ["expirationTimestamp", "time"] }],
  },
  DeleteOptions: {
    1: ["gracePeriodSeconds", "int"],
    2: ["preconditions", { 1: ["uid", "text"], 2: ["resourceVersion", "text"] }],
    3: ["orphanDependents", "bool"],
    4: ["propagationPolicy", "text"],
    5: ["dryRun", "text", "list"],
  },
};
