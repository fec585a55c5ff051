import type { ResourceClient } from "../apis/resource-client.ts";
import { TokenSecrets } from "../trust/token-secrets.ts";

/** The tokens of a root as a table for people, without their secrets. */
export async function tokenTable(client: ResourceClient, now: number): Promise<string[][]> {
  const tokens = await new TokenSecrets(client).list();
  const head = ["ID", "NAMES", "USES", "EXPIRES", "CHILDREN", "ORIGIN", "REPLACE", "TAGS"];
  const rows = tokens.map(({ id, names, uses, expires, parent, origin, replace, tags }) => [
    id,
    names,
    String(uses),
    expires < now ? "expired" : new Date(expires).toISOString(),
    yes(parent),
    yes(origin),
    yes(replace),
    tags.join(",") || "-",
  ]);
  return [head, ...rows];
}

/** Makes a token useless; rejects with a Status `NotFound` if there is none with that id. */
export async function deleteToken(client: ResourceClient, id: string): Promise<void> {
  await new TokenSecrets(client).delete(id);
}

function yes(value: boolean): string {
  return value ? "yes" : "no";
}
