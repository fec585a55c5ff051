import type { User } from "../request/operation.ts";
import { badRequest } from "../request/refusals.ts";
import type { HeaderPairs } from "../request/server-request.ts";
import type { ResourceAttributes } from "./attributes.ts";
import {
  ANONYMOUS,
  AUTHENTICATED,
  parseServiceAccount,
  serviceAccountGroups,
  UNAUTHENTICATED,
} from "./users.ts";

const PREFIX = "impersonate-";
const EXTRA = `${PREFIX}extra-`;

interface Wish {
  readonly name: string | undefined;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** Whether a header belongs to a wish to act as somebody else. */
export function isImpersonation(header: string): boolean {
  return header.startsWith(PREFIX);
}

/** As whom somebody wants to act, and what they must be allowed for that. */
export interface Impersonation {
  readonly user: User;
  readonly needs: readonly ResourceAttributes[];
}

/**
 * What the Impersonate-* headers ask for; undefined if nothing. Throws a bad request if it is not said as
 * whom.
 */
export function impersonation(headers: HeaderPairs): Impersonation | undefined {
  const wish = wishOf(headers);
  if (wish === undefined) return undefined;
  const { name, uid, groups, extra } = wish;
  if (name === undefined) throw badRequest("requested impersonation without impersonating a user");
  const user = {
    name,
    groups: allGroups(name, groups),
    ...(uid === undefined ? {} : { uid }),
    ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
  return { user, needs: needsOf({ ...wish, name }) };
}

function needsOf({ name, uid, groups, extra }: Wish & { readonly name: string }) {
  const account = parseServiceAccount(name);
  const need = (resource: string, asked: string, more: Partial<ResourceAttributes> = {}) => ({
    ...IMPERSONATE,
    resource,
    name: asked,
    ...more,
  });
  const extras = [...extra].flatMap(([key, values]) =>
    values.map((value) => need("userextras", value, { ...USER_GROUP, subresource: key })),
  );
  return [
    account === undefined
      ? need("users", name)
      : need("serviceaccounts", account.name, { namespace: account.namespace }),
    ...groups.map((group) => need("groups", group)),
    ...extras,
    ...(uid === undefined ? [] : [need("uids", uid, USER_GROUP)]),
  ];
}

const IMPERSONATE: ResourceAttributes = {
  kind: "resource",
  verb: "impersonate",
  group: "",
  version: "v1",
  namespace: "",
  resource: "",
  subresource: "",
  name: "",
};
const USER_GROUP = { group: "authentication.k8s.io" };

function allGroups(name: string, asked: readonly string[]): readonly string[] {
  const account = parseServiceAccount(name);
  const groups =
    asked.length === 0 && account !== undefined ? serviceAccountGroups(account.namespace) : asked;
  const kind = name === ANONYMOUS ? UNAUTHENTICATED : AUTHENTICATED;
  const isSaid = groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED);
  return isSaid ? groups : [...groups, kind];
}

function wishOf(headers: HeaderPairs): Wish | undefined {
  if (headers.length === 0) return undefined;
  const values = (name: string) =>
    headers.filter(([header]) => header === PREFIX + name).map(([, value]) => value);
  const extra = new Map<string, string[]>();
  for (const [header, value] of headers) {
    if (!header.startsWith(EXTRA)) continue;
    const key = unescaped(header.slice(EXTRA.length));
    extra.set(key, [...(extra.get(key) ?? []), value]);
  }
  const [name] = values("user").filter((value) => value !== "");
  const [uid] = values("uid").filter((value) => value !== "");
  return { name, uid, groups: values("group"), extra };
}

/** A key may have characters that a header's name cannot. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
