import { SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { SECRET, type Secret, secretData, secretText } from "../apis/secret.ts";
import { isStatus } from "../apis/status.ts";
import { type AuthorityState, TreeAuthority } from "./tree-authority.ts";

/** The Secret that holds a tree's authority, in the API of its root. Who reads it can be anybody. */
export const AUTHORITY_SECRET = { namespace: SYSTEM_NAMESPACE, name: "ote-authority" } as const;
const AUTHORITY_TYPE = "ote.baidu.com/authority";
const FIELD = "state.json";
const ATTEMPTS = 20;

/**
 * The authority of a tree, kept in the root's API, so that every root that uses that API has the same
 * one: whoever writes first makes it, all others take what is there.
 */
export class AuthorityKeeper {
  readonly #client: ResourceClient;
  #authority: TreeAuthority;

  private constructor(client: ResourceClient, authority: TreeAuthority) {
    this.#client = client;
    this.#authority = authority;
  }

  /** Reads the authority, or makes it. Rejects with what the API says. */
  static async open(client: ResourceClient, signal?: AbortSignal): Promise<AuthorityKeeper> {
    const present = await read(client, signal);
    if (present !== undefined) return new AuthorityKeeper(client, await load(present));
    const made = await TreeAuthority.create();
    try {
      await client.create<Secret>(SECRET, secretOf(made.state), signal);
      return new AuthorityKeeper(client, made);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
      return AuthorityKeeper.open(client, signal);
    }
  }

  /** As it was when last read or changed. */
  get authority(): TreeAuthority {
    return this.#authority;
  }

  /** Takes what another root or otectl has written; returns whether it is newer. */
  async refresh(secret: Secret): Promise<boolean> {
    const authority = await load(secret);
    if (authority.state.version <= this.#authority.state.version) return false;
    this.#authority = authority;
    return true;
  }

  /** Writes what `next` makes of the present state, also when somebody else changes it meanwhile. */
  async change(
    next: (authority: TreeAuthority) => AuthorityState | Promise<AuthorityState>,
    signal?: AbortSignal,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const present = await this.#client.get<Secret>(SECRET, AUTHORITY_SECRET, signal);
      const state = await next(await load(present));
      const { resourceVersion } = present.metadata;
      try {
        await this.#client.update<Secret>(SECRET, secretOf(state, resourceVersion), "", signal);
        this.#authority = await TreeAuthority.load(state);
        return;
      } catch (error) {
        if (!isStatus(error, "Conflict") || attempt === ATTEMPTS) throw error;
      }
    }
  }
}

async function read(client: ResourceClient, signal?: AbortSignal): Promise<Secret | undefined> {
  try {
    return await client.get<Secret>(SECRET, AUTHORITY_SECRET, signal);
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

function load(secret: Secret): Promise<TreeAuthority> {
  const text = secretText(secret, FIELD);
  if (text === undefined)
    throw new TypeError(`Cannot use Secret "${AUTHORITY_SECRET.name}": it has no ${FIELD}`);
  return TreeAuthority.load(JSON.parse(text) as AuthorityState);
}

function secretOf(state: AuthorityState, resourceVersion?: string): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      ...AUTHORITY_SECRET,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    type: AUTHORITY_TYPE,
    data: secretData({ [FIELD]: JSON.stringify(state) }),
  };
}
