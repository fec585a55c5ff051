import type { ResourceClient } from "../apis/resource-client.ts";
import { AuthorityKeeper } from "./authority-secret.ts";
import { formatJoinToken, newJoinToken } from "./join-token.ts";
import { TokenSecrets, type TokenTerms } from "./token-secrets.ts";

/** Makes a join token at the API of a root; resolves to its text, which is the only copy of its secret outside that API. */
export async function createToken(
  client: ResourceClient,
  terms: TokenTerms,
  signal?: AbortSignal,
): Promise<string> {
  const { authority } = await AuthorityKeeper.open(client, signal);
  const token = newJoinToken(authority.pin);
  await new TokenSecrets(client).create(token, terms, signal);
  return formatJoinToken(token);
}
