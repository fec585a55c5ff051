import type { KubeObject, ResourceType } from "../../pkg/apis/object.ts";
import { informerKey } from "../../pkg/kube/informer.ts";
import type { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import { mirrorNamespace, mirrorType } from "../../pkg/reporting/mirror-objects.ts";
import { pick } from "../../pkg/reporting/pick.ts";
import { REPORTED_TYPES } from "../../pkg/reporting/reported-types.ts";
import { eventually } from "./eventually.ts";

/** What is compared of an object: its labels, and all of it that is reported. */
export type Seen = Readonly<Record<string, { readonly labels: object; readonly content: object }>>;

/** The objects of one kind at a cluster, as they should be mirrored, by "namespace/name". */
export async function atCluster(client: TransportResourceClient, plural: string): Promise<Seen> {
  const { type, keep } = rowOf(plural);
  const { items } = await client.list<KubeObject>(type);
  return byKey(items, informerKey, (item) => ({
    labels: item.metadata.labels ?? {},
    content: (pick(item, keep) ?? {}) as object,
  }));
}

/** The objects of one kind that a cluster has reported, as they are at the centre, by "namespace/name". */
export async function atCentre(
  client: TransportResourceClient,
  cluster: string,
  plural: string,
): Promise<Seen> {
  const type = mirrorType(plural) as ResourceType;
  const { items } = await client.list<KubeObject>(type, { namespace: mirrorNamespace(cluster) });
  return byKey(items, keyOf, ({ apiVersion: _, kind: __, metadata, ...content }) => ({
    labels: Object.fromEntries(
      Object.entries(metadata.labels ?? {}).filter(
        ([label]) => !label.startsWith("ote.baidu.com/"),
      ),
    ),
    content,
  }));
}

/** Resolves when the centre shows exactly what the cluster has of these kinds; throws with the first difference if it never does. */
export async function untilMirrored(
  centre: TransportResourceClient,
  edge: TransportResourceClient,
  cluster: string,
  plurals: readonly string[],
  limitMs = 60_000,
): Promise<void> {
  for (const plural of plurals)
    await eventually(
      `the ${plural} of ${cluster} are mirrored`,
      async () => {
        const [wanted, found] = [
          await atCluster(edge, plural),
          await atCentre(centre, cluster, plural),
        ];
        for (const key of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
          const [one, other] = [sorted(wanted[key]), sorted(found[key])];
          if (one !== other) throw new Error(`${key} is\n${one} there, and\n${other} here`);
        }
        return true;
      },
      limitMs,
    );
}

function rowOf(plural: string): (typeof REPORTED_TYPES)[string] {
  const row = REPORTED_TYPES[plural];
  if (row === undefined) throw new Error(`"${plural}" cannot be reported`);
  return row;
}

function keyOf({ metadata }: KubeObject): string {
  return metadata.annotations?.["ote.baidu.com/key"] ?? `? ${metadata.name}`;
}

function byKey(
  items: readonly KubeObject[],
  key: (item: KubeObject) => string,
  seen: (item: KubeObject) => Seen[string],
): Seen {
  return Object.fromEntries(items.map((item) => [key(item), seen(item)]));
}

/** JSON in which the order of fields does not matter. */
function sorted(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? "absent"
  );
}
