import { SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { SECRET, type Secret, secretData, secretText } from "../apis/secret.ts";
import { isStatus } from "../apis/status.ts";
import { matchesGlob } from "../base/glob.ts";
import type { ClusterName } from "../wire/names.ts";
import type { Grant } from "./cluster-certificate.ts";
import { isJoinProof, type JoinToken } from "./join-token.ts";
import { TrustError } from "./trust-error.ts";

/** What a join token allows who knows it. */
export interface TokenTerms extends Omit<Grant, "name"> {
  /** A glob over names: those in which it may be used. */
  readonly names: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** How many clusters may still join with it. */
  readonly uses: number;
  /** Whether it may give a name to another key than before. */
  readonly replace: boolean;
}

/** A token as it is shown to people, without its secret. */
export interface ListedToken extends TokenTerms {
  readonly id: string;
}

const TOKEN_TYPE = "ote.baidu.com/join-token";
const TOKEN_LABEL = "ote.baidu.com/join-token";
const PREFIX = "ote-join-";
const ATTEMPTS = 20;

/** The join tokens of a tree: Secrets in the API of its root. */
export class TokenSecrets {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  async create(token: JoinToken, terms: TokenTerms, signal?: AbortSignal): Promise<void> {
    await this.#client.create<Secret>(SECRET, secretOf(token, terms), signal);
  }

  /** Every token, whether it can still be used or not. */
  async list(signal?: AbortSignal): Promise<ListedToken[]> {
    const options = { namespace: SYSTEM_NAMESPACE, labelSelector: TOKEN_LABEL };
    const { items } = await this.#client.list<Secret>(SECRET, options, signal);
    return items.map((secret) => ({
      ...termsOf(secret),
      id: secret.metadata.name.slice(PREFIX.length),
    }));
  }

  /** Rejects with a Status `NotFound` if there is none with that id. */
  async delete(id: string, signal?: AbortSignal): Promise<void> {
    await this.#client.delete(SECRET, keyOf(id), signal);
  }

  /**
   * What the token with this id allows `name`, if `proof` shows that its secret is known to who made
   * `statement`. Rejects with a TrustError `TOKEN_INVALID`.
   */
  async check(
    id: string,
    name: ClusterName,
    statement: Uint8Array,
    proof: Uint8Array,
    now: number,
  ): Promise<TokenTerms> {
    const secret = await this.#read(id);
    const isProven =
      secret !== undefined && isJoinProof(secretText(secret, "secret") ?? "", statement, proof);
    // Whoever does not know the secret learns nothing about the token.
    if (secret === undefined || !isProven) throw invalid("there is none like it");
    const terms = termsOf(secret);
    if (terms.uses < 1) throw invalid("it was used as often as it may be");
    if (now > terms.expires) throw invalid("it has expired");
    if (!matchesGlob(terms.names, name))
      throw invalid(`it is for the names "${terms.names}" and not for "${name}"`);
    return terms;
  }

  /** Counts one use; rejects with a TrustError `TOKEN_INVALID` if there is none left. */
  async use(id: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const secret = await this.#read(id);
      const terms = secret && termsOf(secret);
      if (secret === undefined || terms === undefined || terms.uses < 1)
        throw invalid("it was used as often as it may be");
      const data = { ...secret.data, ...secretData({ uses: String(terms.uses - 1) }) };
      try {
        await this.#client.update<Secret>(SECRET, { ...secret, data });
        return;
      } catch (error) {
        if (!isStatus(error, "Conflict") || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #read(id: string): Promise<Secret | undefined> {
    if (!/^[a-z0-9]{1,32}$/.test(id)) return undefined;
    try {
      const secret = await this.#client.get<Secret>(SECRET, keyOf(id));
      return secret.type === TOKEN_TYPE ? secret : undefined;
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  }
}

function invalid(why: string): TrustError {
  return new TrustError("TOKEN_INVALID", `Cannot join with this token: ${why}`);
}

function keyOf(id: string): { namespace: string; name: string } {
  return { namespace: SYSTEM_NAMESPACE, name: PREFIX + id };
}

function secretOf({ id, secret }: JoinToken, terms: TokenTerms): Secret {
  const { names, expires, uses, replace, parent, origin, tags } = terms;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...keyOf(id), labels: { [TOKEN_LABEL]: "true" } },
    type: TOKEN_TYPE,
    data: secretData({
      secret,
      names,
      expires: new Date(expires).toISOString(),
      uses: String(uses),
      replace: String(replace),
      parent: String(parent),
      origin: String(origin),
      tags: tags.join(","),
    }),
  };
}

function termsOf(secret: Secret): TokenTerms {
  const field = (name: string): string => secretText(secret, name) ?? "";
  return {
    names: field("names"),
    expires: Date.parse(field("expires")) || 0,
    uses: Number(field("uses")) || 0,
    replace: field("replace") === "true",
    parent: field("parent") === "true",
    origin: field("origin") === "true",
    tags: field("tags").split(",").filter(Boolean),
  };
}
