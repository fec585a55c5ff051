import type { User } from "../request/operation.ts";

/** The group whose members may do everything. */
export const ADMIN_GROUP = "system:masters";
/** Everybody who has shown who they are. */
export const AUTHENTICATED = "system:authenticated";
/** Who has not; nobody is served as this one, but it can be acted as. */
export const ANONYMOUS = "system:anonymous";
export const UNAUTHENTICATED = "system:unauthenticated";
/** The kubelets; each is called NODE_PREFIX and the name of its node. */
export const NODE_GROUP = "system:nodes";
export const NODE_PREFIX = "system:node:";

const SERVICE_ACCOUNTS = "system:serviceaccounts";
const SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:";

/** Who calls from inside of this process. */
export const LOCAL_ADMIN: User = { name: "system:admin", groups: [ADMIN_GROUP, AUTHENTICATED] };

/** Where a service account is kept. */
export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

/** `user` as a member of system:authenticated. */
export function authenticated(user: User): User {
  const { groups } = user;
  return groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...groups, AUTHENTICATED] };
}

/** The user name of a service account. */
export function serviceAccountUser({ namespace, name }: ServiceAccountName): string {
  return `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`;
}

/** The groups of every service account of a namespace. */
export function serviceAccountGroups(namespace: string): readonly string[] {
  return [SERVICE_ACCOUNTS, `${SERVICE_ACCOUNTS}:${namespace}`];
}

/** The service account that a user name means; undefined if it means none. */
export function parseServiceAccount(user: string): ServiceAccountName | undefined {
  if (!user.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined;
  const [namespace = "", name = "", ...more] = user.slice(SERVICE_ACCOUNT_PREFIX.length).split(":");
  return namespace === "" || name === "" || more.length > 0 ? undefined : { namespace, name };
}

/** The node whose kubelet `user` is; undefined for everybody else. */
export function nodeOf({ name, groups }: User): string | undefined {
  if (!name.startsWith(NODE_PREFIX) || !groups.includes(NODE_GROUP)) return undefined;
  return name.slice(NODE_PREFIX.length) || undefined;
}
