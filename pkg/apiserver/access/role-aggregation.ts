import type { Logger } from "../../base/log.ts";
import { at, isObject, type JsonObject, listOf, objectOf, same, textOf } from "../request/json.ts";
import { asKubeObject } from "../request/operation.ts";
import type { StoredObject, VersionedStore } from "../store/store.ts";
import { RBAC_GROUP } from "./role-book.ts";

const ROLES = `clusterroles.${RBAC_GROUP}`;

/**
 * Writes into each ClusterRole with an aggregationRule the rules of those that its selectors mean, as
 * kube-controller-manager does; both may run, as both write the same.
 */
export class RoleAggregation implements AsyncDisposable {
  readonly #store: VersionedStore;
  readonly #log: Logger;
  readonly #subscription: Disposable;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(store: VersionedStore, log: Logger) {
    this.#store = store;
    this.#log = log;
    this.#subscription = store.watch(ROLES, store.revision, {
      event: () => this.#mark(),
      end() {},
    });
    this.#mark();
  }

  /** Resolves when everything that was written before is collected. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
    await this.settled();
  }

  #mark(): void {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // A mark may have come after the last look.
      if (this.#again) this.#mark();
    });
  }

  async #run(): Promise<void> {
    // Changes of one moment are seen together.
    await Promise.resolve();
    while (this.#again) {
      this.#again = false;
      await this.#collect().catch((err: unknown) => {
        this.#log.error({ err }, "cannot aggregate cluster roles");
      });
    }
  }

  async #collect(): Promise<void> {
    const roles = this.#store.list(ROLES);
    for (const role of roles) {
      const rules = collected(role, roles);
      if (rules === undefined || same(rules, listOf(at(role.object, "rules")))) continue;
      await this.#store.change(role.key, (current) => {
        // One that changed in between is looked at again.
        if (current !== undefined && current.revision !== role.revision)
          return { kind: "keep", current };
        if (current === undefined) return { kind: "keep", current: role };
        return { kind: "put", object: asKubeObject({ ...objectOf(current.object), rules }) };
      });
    }
  }
}

/** The rules of all that the selectors of `role` mean, each once; undefined if it has no selectors. */
function collected(role: StoredObject, roles: readonly StoredObject[]): JsonObject[] | undefined {
  const selectors = at(role.object, "aggregationRule", "clusterRoleSelectors");
  if (!Array.isArray(selectors)) return undefined;
  const others = roles.filter(({ key }) => key.name !== role.key.name);
  const meant = selectors.flatMap((selector) => others.filter((other) => isMeant(selector, other)));
  const rules: JsonObject[] = [];
  for (const rule of meant.flatMap(({ object }) => listOf(at(object, "rules"))))
    if (isObject(rule) && !rules.some((known) => same(known, rule))) rules.push(rule);
  return rules;
}

/** Whether a label selector means a role; an empty one means all. */
function isMeant(selector: unknown, role: StoredObject): boolean {
  const labels = objectOf(at(role.object, "metadata", "labels"));
  const wanted = Object.entries(objectOf(at(selector, "matchLabels")));
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    listOf(at(selector, "matchExpressions")).every((expression) => holds(expression, labels))
  );
}

function holds(expression: unknown, labels: JsonObject): boolean {
  const key = textOf(at(expression, "key"));
  const values = listOf(at(expression, "values"));
  const has = Object.hasOwn(labels, key);
  switch (at(expression, "operator")) {
    case "In":
      return has && values.includes(labels[key]);
    case "NotIn":
      return !has || !values.includes(labels[key]);
    case "Exists":
      return has;
    case "DoesNotExist":
      return !has;
    default:
      return false;
  }
}
