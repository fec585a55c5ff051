import { text } from "node:stream/consumers";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import type { ControlPlane } from "./control-plane.ts";
import { eventually } from "./eventually.ts";
import type { PlaneOfTier, PodWorld } from "./pod-world.ts";

/** Somebody who is no administrator anywhere, in a world whose tiers are all real. */
export interface PodUser {
  /** What the APIs call them. */
  readonly name: string;
  /** The kubeconfig for the root's own API. */
  readonly own: string;
  /** The kubeconfig for the edge through the entry. */
  readonly through: string;
  /** The kubeconfig for the edge's own API. */
  readonly direct: string;
}

/** Who it should be. */
export interface WantedUser {
  readonly name: string;
  /** A client certificate of each API's authority, or tokens of service accounts of that name. */
  readonly shows: "certificate" | "token";
  /** The cluster for which the root grants `clusters/proxy`. */
  readonly mayReach: string;
}

const REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
/** kubectl needs them all, each for its methods. */
const TO_CLUSTER = {
  ...{ apiGroups: ["ote.baidu.com"], resources: ["clusters/proxy"] },
  verbs: ["get", "create", "update", "patch", "delete"],
};
const PODS = ["pods", "pods/log", "pods/exec", "pods/attach", "pods/portforward"];
const IN_NAMESPACE = {
  apiGroups: [""],
  resources: [...PODS, "configmaps", "events"],
  verbs: ["*"],
};
const NODES = { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list"] };

/** Makes somebody known who has the right to reach one cluster, and to work with the pods of the edge. */
export async function podUser(
  world: PodWorld,
  planes: PlaneOfTier,
  wanted: WantedUser,
): Promise<PodUser> {
  const { root, edge } = planes;
  const { name, shows, mayReach } = wanted;
  const known = shows === "token" ? `system:serviceaccount:default:${name}` : name;
  const kubeconfigAt = async (plane: ControlPlane) =>
    plane.kubeconfigOf(
      name,
      shows === "token"
        ? { token: await accountToken(plane, name) }
        : { organizations: ["people"] },
    );
  const own = await kubeconfigAt(root);
  const reach = { ...TO_CLUSTER, resourceNames: [mayReach] };
  await bind(root, known, { rule: reach, namespace: "kube-system" });
  await bind(edge, known, { rule: IN_NAMESPACE, namespace: "default" });
  await bind(edge, known, { rule: NODES });
  return {
    name: known,
    own,
    through: world.through("edge", own),
    direct: await kubeconfigAt(edge),
  };
}

async function accountToken(plane: ControlPlane, name: string): Promise<string> {
  const accounts = "/api/v1/namespaces/default/serviceaccounts";
  await post(plane, accounts, { metadata: { name } });
  const asked = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const { status } = await post(plane, `${accounts}/${name}/token`, asked);
  return String(status?.token);
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Grants it in that namespace, or everywhere; resolves when it counts. */
async function bind(
  plane: ControlPlane,
  user: string,
  { rule, namespace }: { readonly rule: Rule; readonly namespace?: string },
): Promise<void> {
  const kind = namespace === undefined ? "ClusterRole" : "Role";
  const at = namespace === undefined ? RBAC : `${RBAC}/namespaces/${namespace}`;
  const name = `may-${process.hrtime.bigint()}`;
  await post(plane, `${at}/${kind.toLowerCase()}s`, { metadata: { name }, rules: [rule] });
  await post(plane, `${at}/${kind.toLowerCase()}bindings`, {
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
  });
  const [resource, subresource] = rule.resources[0]?.split("/") ?? [];
  const wanted = { namespace, verb: "get", group: rule.apiGroups[0], resource, subresource };
  const spec = { user, resourceAttributes: { ...wanted, name: rule.resourceNames?.[0] } };
  await eventually(`${user} may`, async () => {
    const { status } = await post(plane, REVIEWS, { spec });
    return status?.allowed === true;
  });
}

async function post(plane: ControlPlane, path: string, object: object): Promise<Answer> {
  await using transport = await KubeconfigTransport.open(plane.kubeconfig);
  const { status, body } = await transport.request(
    {
      ...{ method: "POST", path, headers: { "content-type": "application/json" } },
      body: JSON.stringify(object),
    },
    AbortSignal.timeout(10_000),
  );
  const answer = await text(body);
  if (status !== 201) throw new Error(`Cannot make ${path}: ${status} ${answer}`);
  return JSON.parse(answer) as Answer;
}

interface Answer {
  readonly status?: Readonly<Record<string, unknown>>;
}
