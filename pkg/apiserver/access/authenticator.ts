import type { User } from "../request/operation.ts";
import type { ShownCredentials } from "./judge.ts";
import { authenticated } from "./users.ts";

/** Whose a token is, and for which of the asked audiences it is good. */
export interface TokenUser {
  readonly user: User;
  readonly audiences: readonly string[];
}

/** One sort of bearer tokens. */
export interface TokenSource {
  /** Undefined if the token is not of this sort, or not good (now, for any of `audiences`; none means this API). */
  userOf(token: string, audiences: readonly string[]): TokenUser | undefined;
}

/** Longer ones are not looked at. */
const MAX_TOKEN = 16 << 10;

/** Finds out who calls. */
export class Authenticator {
  readonly #sources: readonly TokenSource[];

  constructor(sources: readonly TokenSource[]) {
    this.#sources = sources;
  }

  /** Undefined for somebody who has not shown who they are; a certificate goes before a token. */
  userOf({ certificate, authorization }: ShownCredentials): User | undefined {
    if (certificate !== undefined) return certificate;
    const [, token] = /^bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
    return token === undefined ? undefined : this.userOfToken(token, [])?.user;
  }

  /** Whose `token` is; undefined if it is nobody's. */
  userOfToken(token: string, audiences: readonly string[]): TokenUser | undefined {
    if (token.length > MAX_TOKEN) return undefined;
    for (const source of this.#sources) {
      const found = source.userOf(token, audiences);
      if (found !== undefined) return { ...found, user: authenticated(found.user) };
    }
    return undefined;
  }
}
