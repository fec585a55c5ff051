import { X509Certificate } from "node:crypto";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { AuthorityKeeper } from "../trust/authority-secret.ts";

/** What the authority of a tree is, for people. */
export async function describeAuthority(client: ResourceClient): Promise<string[]> {
  const { authority } = await AuthorityKeeper.open(client);
  const { authorities, revoked, version } = authority.state;
  const lines = authorities.map(({ certificate }, index) => {
    const { subject, validTo, fingerprint256 } = new X509Certificate(certificate);
    const role = index === authorities.length - 1 ? "issues" : "trusted";
    return `${role}  ${subject}  until ${new Date(validTo).toISOString()}  SHA-256 ${fingerprint256}`;
  });
  const { items } = await client.list<Cluster>(CLUSTER, { namespace: SYSTEM_NAMESPACE });
  const registered = items.filter(({ spec }) => spec.identity !== undefined).length;
  return [
    ...lines,
    `version ${version}, ${registered} clusters with a key, ${revoked.length} keys not trusted any more`,
  ];
}

/** Makes a new authority that issues from now on; the former one stays trusted and vouches for it. */
export async function rotateAuthority(client: ResourceClient): Promise<void> {
  const keeper = await AuthorityKeeper.open(client);
  await keeper.change((authority) => authority.changing());
}

/** Ends the trust in every authority but the newest. */
export async function retireAuthorities(client: ResourceClient): Promise<void> {
  const keeper = await AuthorityKeeper.open(client);
  await keeper.change((authority) => authority.retiring());
}
