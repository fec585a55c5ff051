import { SYSTEM_NAMESPACE } from "./cluster.ts";
import type { ConfigMap } from "./config-map.ts";

/** The ConfigMap that says where the clusters of a tree are reached, if not at the API that has it. */
export const ENTRY_CONFIG = { namespace: SYSTEM_NAMESPACE, name: "ote-entry" } as const;

/** Where an entry is: `ca` is PEM, and absent if authorities that everybody trusts vouch for it. */
export interface EntryAddress {
  readonly url: string;
  readonly ca?: string | undefined;
}

/** The ConfigMap for an entry. */
export function entryConfig({ url, ca }: EntryAddress): ConfigMap {
  const data = { url, ...(ca === undefined ? {} : { "ca.crt": ca }) };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: ENTRY_CONFIG, data };
}

/** The entry that a ConfigMap names; undefined if it is none that could be dialled safely. */
export function entryIn({ data = {} }: ConfigMap): EntryAddress | undefined {
  const { url = "", "ca.crt": ca } = data;
  if (!isEntryUrl(url)) return undefined;
  return ca === undefined ? { url } : { url, ca };
}

/** Whether a text is the address of an entry: https, a host, and nothing behind the path. */
export function isEntryUrl(text: string): boolean {
  try {
    const { protocol, username, password, search, hash } = new URL(text);
    return protocol === "https:" && `${username}${password}${search}${hash}` === "";
  } catch {
    return false;
  }
}
