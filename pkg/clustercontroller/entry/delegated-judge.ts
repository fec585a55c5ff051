import { createHash } from "node:crypto";
import type { ResourceAttributes } from "../../apiserver/access/attributes.ts";
import type { Decision } from "../../apiserver/access/decision.ts";
import type { Judge, ShownCredentials } from "../../apiserver/access/judge.ts";
import { authenticated } from "../../apiserver/access/users.ts";
import type { User } from "../../apiserver/request/user.ts";
import { AnswerCache } from "./answer-cache.ts";
import type { ReviewDesk } from "./review-desk.ts";

/** Longer tokens are nobody's. */
const MAX_TOKEN = 16 << 10;
/** Questions about rights that are longer are asked each time. */
const MAX_KEPT_QUESTION = 10_000;

/** Who callers are and what they may do, as another API says: TokenReview and SubjectAccessReview, kept for a moment. */
export class DelegatedJudge implements Judge {
  readonly #desk: Pick<ReviewDesk, "ask">;
  readonly #users = new AnswerCache<User | undefined>({ isGood: (user) => user !== undefined });
  readonly #decisions = new AnswerCache<Decision>({ isGood: ({ allowed }) => allowed });

  constructor(desk: Pick<ReviewDesk, "ask">) {
    this.#desk = desk;
  }

  async userOf({ certificate, authorization }: ShownCredentials): Promise<User | undefined> {
    if (certificate !== undefined) return certificate;
    const [, token] = /^bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
    if (token === undefined || token.length > MAX_TOKEN) return undefined;
    // Tokens themselves are not kept in memory.
    const key = createHash("sha256").update(token).digest("base64");
    return this.#users.get(key, async () => userIn(await this.#desk.ask("token", { token })));
  }

  async decide(user: User, wanted: ResourceAttributes): Promise<Decision> {
    const { name, groups, uid, extra } = user;
    const { kind: _, ...resourceAttributes } = wanted;
    const spec = { user: name, groups, uid, extra, resourceAttributes };
    const ask = async () => decisionIn(await this.#desk.ask("access", spec));
    const key = JSON.stringify(spec);
    return key.length > MAX_KEPT_QUESTION ? ask() : this.#decisions.get(key, ask);
  }
}

function userIn({ authenticated: isKnown, user }: Record<string, unknown>): User | undefined {
  const { username, groups, uid, extra } = (user ?? {}) as Record<string, unknown>;
  if (isKnown !== true || typeof username !== "string" || username === "") return undefined;
  return authenticated({
    name: username,
    groups: texts(groups),
    ...(typeof uid === "string" && uid !== "" ? { uid } : {}),
    ...(isRecord(extra) ? { extra: extraIn(extra) } : {}),
  });
}

function decisionIn({ allowed, denied, reason }: Record<string, unknown>): Decision {
  return {
    allowed: allowed === true && denied !== true,
    reason: typeof reason === "string" ? reason : "",
  };
}

function extraIn(extra: Record<string, unknown>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, texts(values)]));
}

function texts(values: unknown): readonly string[] {
  return Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
