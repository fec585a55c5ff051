import { createHash } from "node:crypto";
import { isObject } from "../../apiserver/request/json.ts";

/** Where the next page of a query begins. */
export interface QueryPlace {
  /** The first cluster that counts. */
  readonly at: string;
  /** With what that cluster's own API continues; "" from its beginning. */
  readonly next: string;
}

/** What tells one question from another, so that a place in one is not taken for a place in another. */
export function digestOf(question: unknown): string {
  return createHash("sha256").update(JSON.stringify(question)).digest("base64url").slice(0, 16);
}

/** A place as text. */
export function placeText(place: QueryPlace, digest: string): string {
  return Buffer.from(JSON.stringify({ ...place, digest })).toString("base64url");
}

/** The place that `text` says; undefined if it is none in this question. */
export function parsePlace(text: string, digest: string): QueryPlace | undefined {
  try {
    const raw: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (!isObject(raw) || raw.digest !== digest) return undefined;
    const { at, next } = raw;
    return typeof at === "string" && typeof next === "string" ? { at, next } : undefined;
  } catch {
    return undefined;
  }
}
