import { randomUUID } from "node:crypto";
import { at, type JsonObject, listOf, objectOf, textOf } from "../request/json.ts";
import type { User } from "../request/operation.ts";
import type { StoredObject, VersionedStore } from "../store/store.ts";
import type { TokenSource, TokenUser } from "./authenticator.ts";
import type { SigningKey } from "./signing-key.ts";
import {
  authenticated,
  type ServiceAccountName,
  serviceAccountGroups,
  serviceAccountUser,
} from "./users.ts";

/** Who issues the tokens, and for whom they are unless somebody else is named. */
export const ISSUER = "https://kubernetes.default.svc.cluster.local";
const LEGACY_ISSUER = "kubernetes/serviceaccount";
const PRIVATE = "kubernetes.io";
const LEGACY = "kubernetes.io/serviceaccount/";

/** Objects that a token can be bound to: the claim, and where they are kept. */
const BOUND: Readonly<Record<string, { readonly resource: string; readonly cluster: boolean }>> = {
  pod: { resource: "pods", cluster: false },
  secret: { resource: "secrets", cluster: false },
  node: { resource: "nodes", cluster: true },
};

/** Tokens whose signature was right; all are forgotten when there are more. */
const MAX_REMEMBERED = 2000;

/** An object that a token dies with. */
export interface BoundObject {
  /** "pod", "secret" or "node". */
  readonly claim: string;
  readonly name: string;
  readonly uid: string;
}

/** What a new token is good for. */
export interface TokenWish {
  readonly audiences: readonly string[];
  readonly seconds: number;
  readonly bound: readonly BoundObject[];
}

interface Known {
  readonly claims: JsonObject;
  readonly user: User;
}

/**
 * Tokens of service accounts: signed by us, good for a time and some audiences, and only as long as the
 * very account (and pod, secret or node) that they were made for is there.
 */
export class ServiceAccountTokens implements TokenSource {
  readonly #store: VersionedStore;
  readonly #key: SigningKey;
  readonly #known = new Map<string, Known>();

  constructor(store: VersionedStore, key: SigningKey) {
    this.#store = store;
    this.#key = key;
  }

  /** A new token of `account`, and when it ends, in seconds since 1970. */
  issue(
    account: ServiceAccountName & { readonly uid: string },
    { audiences, seconds, bound }: TokenWish,
  ): { readonly token: string; readonly expires: number } {
    const now = Math.floor(Date.now() / 1000);
    const { namespace, name, uid } = account;
    const objects = bound.map(({ claim, ...object }) => [claim, object]);
    const claims = {
      aud: audiences.length === 0 ? [ISSUER] : audiences,
      exp: now + seconds,
      iat: now,
      iss: ISSUER,
      jti: randomUUID(),
      [PRIVATE]: { namespace, ...Object.fromEntries(objects), serviceaccount: { name, uid } },
      nbf: now,
      sub: serviceAccountUser(account),
    };
    return { token: this.#key.sign(claims), expires: claims.exp };
  }

  userOf(token: string, audiences: readonly string[]): TokenUser | undefined {
    const known = this.#known.get(token) ?? this.#look(token);
    if (known === undefined) return undefined;
    const { claims, user } = known;
    const good = claims.iss === ISSUER ? this.#isGood(claims) : this.#isGoodLegacy(claims, token);
    if (!good) return undefined;
    const own = claims.iss === ISSUER ? [claims.aud].flat().map(textOf) : [ISSUER];
    const wanted = audiences.length === 0 ? [ISSUER] : audiences;
    const common = wanted.filter((audience) => own.includes(audience));
    return common.length === 0 ? undefined : { user, audiences: common };
  }

  #look(token: string): Known | undefined {
    const claims = token.startsWith("ey") ? this.#key.verify(token) : undefined;
    if (claims === undefined) return undefined;
    const user = userIn(claims);
    if (user === undefined) return undefined;
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    const known = { claims, user };
    this.#known.set(token, known);
    return known;
  }

  #isGood(claims: JsonObject): boolean {
    const now = Date.now() / 1000;
    // A token without an end, or one that begins later, is not one of ours.
    if (!(Number(claims.exp) > now && Number(claims.nbf ?? 0) <= now + 1)) return false;
    const objects = objectOf(claims[PRIVATE]);
    const namespace = textOf(objects.namespace ?? "");
    const account = objects.serviceaccount;
    if (!this.#isThere("serviceaccounts", namespace, account)) return false;
    return Object.entries(BOUND).every(([claim, { resource, cluster }]) => {
      // With a pod, the node is only told.
      const isOnlyTold = claim === "node" && objects.pod !== undefined;
      if (objects[claim] === undefined || isOnlyTold) return true;
      return this.#isThere(resource, cluster ? "" : namespace, objects[claim]);
    });
  }

  /** Tokens that kube-controller-manager writes into a Secret; they last as long as the Secret has them. */
  #isGoodLegacy(claims: JsonObject, token: string): boolean {
    const text = (name: string) => textOf(claims[LEGACY + name] ?? "");
    const namespace = text("namespace");
    const account = { name: text("service-account.name"), uid: text("service-account.uid") };
    if (!this.#isThere("serviceaccounts", namespace, account)) return false;
    const secret = this.#store.get({ resource: "secrets", namespace, name: text("secret.name") });
    if (secret === undefined || isEnding(secret)) return false;
    return at(secret.object, "data", "token") === Buffer.from(token).toString("base64");
  }

  #isThere(resource: string, namespace: string, reference: unknown): boolean {
    const name = textOf(at(reference, "name") ?? "");
    const stored = this.#store.get({ resource, namespace, name });
    return stored !== undefined && stored.object.metadata.uid === at(reference, "uid");
  }
}

function userIn(claims: JsonObject): User | undefined {
  if (claims.iss === ISSUER) return userOfClaims(claims, objectOf(claims[PRIVATE]));
  if (claims.iss !== LEGACY_ISSUER) return undefined;
  const text = (name: string) => textOf(claims[LEGACY + name] ?? "");
  const account = { namespace: text("namespace"), name: text("service-account.name") };
  if (claims.sub !== serviceAccountUser(account)) return undefined;
  return accountUser(account, text("service-account.uid"), {});
}

function userOfClaims(claims: JsonObject, objects: JsonObject): User | undefined {
  const namespace = textOf(objects.namespace ?? "");
  const name = textOf(at(objects, "serviceaccount", "name") ?? "");
  if (claims.sub !== serviceAccountUser({ namespace, name })) return undefined;
  const extra: Record<string, readonly string[]> = {};
  const tell = (key: string, value: unknown, prefix = "") => {
    if (typeof value === "string") extra[`authentication.kubernetes.io/${key}`] = [prefix + value];
  };
  tell("credential-id", claims.jti, "JTI=");
  for (const kind of ["pod", "node"]) {
    tell(`${kind}-name`, at(objects, kind, "name"));
    tell(`${kind}-uid`, at(objects, kind, "uid"));
  }
  return accountUser({ namespace, name }, textOf(at(objects, "serviceaccount", "uid")), extra);
}

function accountUser(
  account: ServiceAccountName,
  uid: string,
  extra: Readonly<Record<string, readonly string[]>>,
): User {
  const groups = serviceAccountGroups(account.namespace);
  return authenticated({ name: serviceAccountUser(account), uid, groups, extra });
}

function isEnding({ object }: StoredObject): boolean {
  return at(object, "metadata", "deletionTimestamp") !== undefined;
}

/** The audiences that a TokenRequest asks for. */
export function audiencesIn(spec: JsonObject): readonly string[] {
  return listOf(spec.audiences).map(textOf);
}
