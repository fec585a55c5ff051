import type { User } from "../request/operation.ts";
import type { VersionedStore } from "../store/store.ts";
import type { Attributes } from "./attributes.ts";
import type { Decision } from "./decision.ts";
import { forbidden } from "./forbidden.ts";
import { NodeRules } from "./node-rules.ts";
import { type Granted, RoleBook } from "./role-book.ts";
import { allows, type PolicyRule } from "./rules.ts";
import { ADMIN_GROUP } from "./users.ts";

const ALLOWED: Decision = { allowed: true, reason: "" };

/** Decides who may do what: administrators everything, kubelets what they need, others what roles give them. */
export class Authorizer {
  /** Who has which rules. */
  readonly roles: RoleBook;
  readonly #nodes: NodeRules;

  constructor(store: VersionedStore) {
    this.roles = new RoleBook(store);
    this.#nodes = new NodeRules(store);
  }

  decide(user: User, wanted: Attributes): Decision {
    if (user.groups.includes(ADMIN_GROUP)) return ALLOWED;
    const asNode = this.#nodes.decide(user, wanted);
    if (asNode?.allowed === true) return asNode;
    const everywhere = this.roles.everywhere(user);
    const given = find(everywhere, wanted);
    if (given !== undefined) return given;
    const missing = [...everywhere.missing];
    if (wanted.kind === "resource" && wanted.namespace !== "") {
      const inside = this.roles.inside(user, wanted.namespace);
      const local = find(inside, wanted);
      if (local !== undefined) return local;
      missing.push(...inside.missing);
    }
    const reasons = [asNode?.reason ?? "", missing.length === 0 ? "" : `RBAC: ${joined(missing)}`];
    return { allowed: false, reason: reasons.filter((text) => text !== "").join(", ") };
  }

  /** Throws `Forbidden`, in the words of a real server, if `user` may not do what `wanted` says. */
  require(user: User, wanted: Attributes): Decision {
    const decision = this.decide(user, wanted);
    if (!decision.allowed) throw forbidden(user, wanted, decision.reason);
    return decision;
  }

  /** Every rule that `user` has in `namespace`. */
  rulesFor(user: User, namespace: string): readonly PolicyRule[] {
    const scopes = [this.roles.everywhere(user), this.roles.inside(user, namespace)];
    return scopes.flatMap(({ grants }) => grants.flatMap(({ rules }) => rules));
  }
}

function find({ grants }: Granted, wanted: Attributes): Decision | undefined {
  for (const { rules, reason } of grants)
    for (const rule of rules) if (allows(rule, wanted)) return { allowed: true, reason };
  return undefined;
}

function joined(texts: readonly string[]): string {
  const all = [...new Set(texts)];
  return all.length === 1 ? (all[0] ?? "") : `[${all.join(", ")}]`;
}
