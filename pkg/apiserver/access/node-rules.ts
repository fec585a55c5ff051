import { at, isObject } from "../request/json.ts";
import type { User } from "../request/operation.ts";
import type { StoredObject, VersionedStore } from "../store/store.ts";
import type { Attributes, ResourceAttributes } from "./attributes.ts";
import type { Decision } from "./decision.ts";
import { parseRules } from "./rule-notation.ts";
import { allows } from "./rules.ts";
import { nodeOf } from "./users.ts";

/** What a kubelet needs; also the rules of the ClusterRole system:node. */
export const NODE_RULES: readonly string[] = [
  "create authentication.k8s.io: tokenreviews",
  "create authorization.k8s.io: localsubjectaccessreviews,subjectaccessreviews",
  "read services",
  "create,read nodes",
  "patch,update nodes/status",
  "patch,update nodes",
  "create,patch,update ,events.k8s.io: events",
  "read pods",
  "create,delete pods",
  "patch,update pods/status",
  "create pods/eviction",
  "read configmaps,secrets",
  "get persistentvolumeclaims,persistentvolumes",
  "get endpoints",
  "create,read certificates.k8s.io: certificatesigningrequests",
  "create,delete,get,patch,update coordination.k8s.io: leases",
  "get storage.k8s.io: volumeattachments",
  "create serviceaccounts/token",
  "get,patch,update persistentvolumeclaims/status",
  "read storage.k8s.io: csidrivers",
  "create,delete,get,patch,update storage.k8s.io: csinodes",
  "read node.k8s.io: runtimeclasses",
];

const LEASE_NAMESPACE = "kube-node-lease";

/** Where a pod names what it uses: the field, the kind, and the field of the name in it. */
const REFERENCES: Readonly<Record<string, readonly [resource: string, name: string]>> = {
  secretName: ["secrets", ""],
  secretRef: ["secrets", "name"],
  secretKeyRef: ["secrets", "name"],
  nodePublishSecretRef: ["secrets", "name"],
  imagePullSecrets: ["secrets", "name"],
  secret: ["secrets", "name"],
  configMap: ["configmaps", "name"],
  configMapRef: ["configmaps", "name"],
  configMapKeyRef: ["configmaps", "name"],
  claimName: ["persistentvolumeclaims", ""],
  serviceAccountName: ["serviceaccounts", ""],
};

/**
 * What kubelets may do: the rules above, but of secrets, config maps, claims and tokens only those that a
 * pod on the node uses, and of leases and CSINodes only their own. That they write to no other node, and
 * to no pod of another node, `writeGuard` sees to.
 */
export class NodeRules {
  readonly #store: VersionedStore;
  readonly #rules = parseRules(NODE_RULES);

  constructor(store: VersionedStore) {
    this.#store = store;
  }

  /** Undefined for somebody who is not a node. */
  decide(user: User, wanted: Attributes): Decision | undefined {
    const node = nodeOf(user);
    if (node === undefined) return undefined;
    if (!this.#rules.some((rule) => allows(rule, wanted))) return { allowed: false, reason: "" };
    if (wanted.kind === "path" || this.#isOwn(node, wanted)) return { allowed: true, reason: "" };
    const reason = `no relationship found between node '${node}' and this object`;
    return { allowed: false, reason };
  }

  #isOwn(node: string, wanted: ResourceAttributes): boolean {
    const { resource, name, namespace, verb } = wanted;
    switch (resource) {
      case "secrets":
      case "configmaps":
      case "persistentvolumeclaims":
      case "serviceaccounts":
        return name !== "" && this.#isUsed(node, wanted);
      case "leases":
        return namespace === LEASE_NAMESPACE && (verb === "create" || name === node);
      case "csinodes":
        return verb === "create" || name === node;
      default:
        return true;
    }
  }

  #isUsed(node: string, { resource, namespace, name }: ResourceAttributes): boolean {
    return this.#store
      .list("pods", namespace)
      .filter((pod) => at(pod.object, "spec", "nodeName") === node)
      .some((pod) => uses(pod, resource, name));
  }
}

function uses(pod: StoredObject, resource: string, name: string): boolean {
  const inSpec = mentions(at(pod.object, "spec"), "", resource, name);
  if (inSpec || resource !== "persistentvolumeclaims") return inSpec;
  // The claim of an ephemeral volume is called after the pod and the volume.
  return name.startsWith(`${pod.key.name}-`);
}

function mentions(value: unknown, key: string, resource: string, name: string): boolean {
  if (Array.isArray(value)) return value.some((item) => mentions(item, key, resource, name));
  const reference = Object.hasOwn(REFERENCES, key) ? REFERENCES[key] : undefined;
  if (reference?.[0] === resource) {
    const named = reference[1] === "" ? value : at(value, reference[1]);
    if (named === name) return true;
  }
  if (!isObject(value)) return false;
  return Object.entries(value).some(([field, item]) => mentions(item, field, resource, name));
}
