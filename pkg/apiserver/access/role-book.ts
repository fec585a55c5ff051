import { at, listOf, textOf } from "../request/json.ts";
import type { User } from "../request/operation.ts";
import {
  type StoredObject,
  type StoreEvent,
  storeId,
  type VersionedStore,
} from "../store/store.ts";
import { type PolicyRule, rulesOf } from "./rules.ts";
import { serviceAccountUser } from "./users.ts";

/** The group of roles and bindings. */
export const RBAC_GROUP = "rbac.authorization.k8s.io";
const CLUSTER_BINDINGS = `clusterrolebindings.${RBAC_GROUP}`;
const BINDINGS = `rolebindings.${RBAC_GROUP}`;
const WATCHED = [CLUSTER_BINDINGS, BINDINGS, `clusterroles.${RBAC_GROUP}`, `roles.${RBAC_GROUP}`];

/** Users whose rules are remembered; all are forgotten when there are more, and when anything changes. */
const MAX_USERS = 1000;

/** Which role a binding means. */
export interface RoleRef {
  readonly kind: string;
  readonly name: string;
}

/** Rules that somebody has, and why. */
export interface Grant {
  readonly rules: readonly PolicyRule[];
  readonly reason: string;
}

/** What somebody has been given in one scope. */
export interface Granted {
  readonly grants: readonly Grant[];
  /** Roles that are bound but not there, as errors say it. */
  readonly missing: readonly string[];
}

interface Binding {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly roleRef: RoleRef;
  /** How each subject is called, by its key. */
  readonly subjects: ReadonlyMap<string, string>;
}

interface Holder {
  readonly cluster: Granted;
  readonly local: Map<string, Granted>;
}

type Index = Map<string, Set<Binding>>;

const NOTHING: Granted = { grants: [], missing: [] };

/** Who has which rules: all roles and bindings of a store, always as they are now. */
export class RoleBook {
  readonly #store: VersionedStore;
  readonly #bindings = new Map<string, Binding>();
  /** By namespace ("" for the cluster), then by subject. */
  readonly #bySubject = new Map<string, Index>();
  readonly #rules = new WeakMap<StoredObject, readonly PolicyRule[]>();
  readonly #holders = new Map<string, Holder>();

  constructor(store: VersionedStore) {
    this.#store = store;
    for (const resource of [CLUSTER_BINDINGS, BINDINGS])
      for (const stored of store.list(resource)) this.#learn(stored);
    for (const resource of WATCHED)
      store.watch(resource, store.revision, { event: (event) => this.#see(event), end() {} });
  }

  /** What `user` may do everywhere. */
  everywhere(user: User): Granted {
    return this.#holder(user).cluster;
  }

  /** What `user` may do in `namespace` only. */
  inside(user: User, namespace: string): Granted {
    const index = this.#bySubject.get(namespace);
    if (namespace === "" || index === undefined) return NOTHING;
    const { local } = this.#holder(user);
    const known = local.get(namespace);
    if (known !== undefined) return known;
    const granted = this.#granted(index, user);
    local.set(namespace, granted);
    return granted;
  }

  /** The rules of the role that a binding in `namespace` means; undefined if there is none. */
  rulesOf({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const isCluster = kind === "ClusterRole";
    const resource = `${isCluster ? "clusterroles" : "roles"}.${RBAC_GROUP}`;
    const role = this.#store.get({ resource, namespace: isCluster ? "" : namespace, name });
    if (role === undefined) return undefined;
    const known = this.#rules.get(role);
    if (known !== undefined) return known;
    const rules = rulesOf(role.object);
    this.#rules.set(role, rules);
    return rules;
  }

  #holder(user: User): Holder {
    const id = `${user.name}\n${user.groups.join("\n")}`;
    const known = this.#holders.get(id);
    if (known !== undefined) return known;
    if (this.#holders.size >= MAX_USERS) this.#holders.clear();
    const index = this.#bySubject.get("");
    const holder = {
      cluster: index === undefined ? NOTHING : this.#granted(index, user),
      local: new Map(),
    };
    this.#holders.set(id, holder);
    return holder;
  }

  #granted(index: Index, user: User): Granted {
    const grants: Grant[] = [];
    const missing = new Set<string>();
    for (const subject of [userKey(user.name), ...user.groups.map(groupKey)]) {
      for (const binding of index.get(subject) ?? []) {
        const rules = this.rulesOf(binding.roleRef, binding.namespace);
        if (rules === undefined) missing.add(missingText(binding.roleRef));
        else grants.push({ rules, reason: reasonText(binding, subject) });
      }
    }
    return { grants, missing: [...missing] };
  }

  #see({ type, stored }: StoreEvent): void {
    this.#holders.clear();
    const { resource } = stored.key;
    if (resource !== CLUSTER_BINDINGS && resource !== BINDINGS) return;
    this.#forget(storeId(stored.key));
    if (type !== "DELETED") this.#learn(stored);
  }

  #learn(stored: StoredObject): void {
    const binding = bindingOf(stored);
    this.#bindings.set(binding.id, binding);
    const index: Index = this.#bySubject.get(binding.namespace) ?? new Map();
    this.#bySubject.set(binding.namespace, index);
    for (const subject of binding.subjects.keys())
      index.set(subject, (index.get(subject) ?? new Set()).add(binding));
  }

  #forget(id: string): void {
    const binding = this.#bindings.get(id);
    if (binding === undefined) return;
    this.#bindings.delete(id);
    const index = this.#bySubject.get(binding.namespace);
    for (const subject of binding.subjects.keys()) {
      const others = index?.get(subject);
      others?.delete(binding);
      if (others?.size === 0) index?.delete(subject);
    }
    if (index?.size === 0) this.#bySubject.delete(binding.namespace);
  }
}

/** How errors call a role that is not there. */
export function missingText({ kind, name }: RoleRef): string {
  return `${kind.toLowerCase()}.${RBAC_GROUP} ${JSON.stringify(name)} not found`;
}

/** The role that a binding names. */
export function roleRefOf(binding: unknown): RoleRef {
  return {
    kind: textOf(at(binding, "roleRef", "kind")),
    name: textOf(at(binding, "roleRef", "name")),
  };
}

function bindingOf(stored: StoredObject): Binding {
  const { namespace, name } = stored.key;
  const subjects = new Map<string, string>();
  for (const subject of listOf(at(stored.object, "subjects"))) {
    const kind = textOf(at(subject, "kind"));
    const called = textOf(at(subject, "name"));
    const home = textOf(at(subject, "namespace") ?? "") || namespace;
    if (kind === "User") subjects.set(userKey(called), `User ${JSON.stringify(called)}`);
    if (kind === "Group") subjects.set(groupKey(called), `Group ${JSON.stringify(called)}`);
    if (kind === "ServiceAccount" && home !== "")
      subjects.set(
        userKey(serviceAccountUser({ namespace: home, name: called })),
        `ServiceAccount ${JSON.stringify(`${called}/${home}`)}`,
      );
  }
  return { id: storeId(stored.key), namespace, name, roleRef: roleRefOf(stored.object), subjects };
}

function reasonText({ namespace, name, roleRef, subjects }: Binding, subject: string): string {
  const [kind, called] =
    namespace === "" ? ["ClusterRoleBinding", name] : ["RoleBinding", `${name}/${namespace}`];
  const role = `${roleRef.kind} ${JSON.stringify(roleRef.name)}`;
  return `RBAC: allowed by ${kind} ${JSON.stringify(called)} of ${role} to ${subjects.get(subject)}`;
}

function userKey(name: string): string {
  return `user ${name}`;
}

function groupKey(name: string): string {
  return `group ${name}`;
}
