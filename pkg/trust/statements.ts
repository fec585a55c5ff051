import { createHash, type KeyObject, sign, verify } from "node:crypto";
import type { Open, Result, Route, Task } from "../wire/message.ts";
import { formatTags } from "../wire/names.ts";
import { TrustError } from "./trust-error.ts";

/** A cluster's claim to be below a parent, on its newest link, and what it says of itself there. */
export type SessionClaim = Omit<Route, "certificate" | "proof">;

/** What the origin of a task vouches for: everything but who of its targets is meant, which a TargetProof adds. */
export type TaskClaim = Pick<Task, "id" | "origin" | "body"> & { readonly notAfter: number };

/** The bytes that are signed: JSON of a list that begins with the purpose, so that no claim can pass for another. */
function statement(purpose: string, ...fields: readonly (string | number | boolean)[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([purpose, ...fields]));
}

/** What a cluster signs when it joins a parent. */
export function sessionStatement(claim: SessionClaim): Uint8Array {
  const { name, instance, session, parent, tags, listen, version, preferredParent } = claim;
  const words = [formatTags(tags), listen, version, preferredParent];
  return statement("ote-session/1", name, instance, session, parent, ...words);
}

/** What the origin of a task signs: `targets` is the root of its TargetTree. */
export function taskStatement(
  { id, origin, notAfter, body }: TaskClaim,
  targets: Uint8Array,
): Uint8Array {
  return statement("ote-task/1", id, origin, notAfter, digest(body), hex(targets));
}

/** What an entry signs when it opens a stream to a cluster. */
export function openStatement({
  target,
  entry,
  head,
}: Pick<Open, "target" | "entry" | "head">): Uint8Array {
  return statement("ote-open/1", target, entry, digest(head));
}

/** What a cluster signs when it answers a task. */
export function resultStatement(result: Omit<Result, "kind" | "signature">): Uint8Array {
  const { id, origin, cluster, verdict, code, reason, truncated, timestamp, body } = result;
  const words = [id, origin, cluster, verdict, code, reason, truncated, timestamp, digest(body)];
  return statement("ote-result/1", ...words);
}

/** What a cluster with a join token proves, with the token's secret as the key of an HMAC. */
export function joinStatement(id: string, name: string, request: Uint8Array): Uint8Array {
  return statement("ote-join/1", id, name, digest(request));
}

/** What a registered cluster signs to get another certificate. */
export function renewStatement(id: string, name: string, request: Uint8Array): Uint8Array {
  return statement("ote-renew/1", id, name, digest(request));
}

/** What the authority signs beside a certificate: the time, for those whose clock is wrong. */
export function issueStatement(id: string, time: number, certificate: string): Uint8Array {
  return statement("ote-issue/1", id, time, digest(new TextEncoder().encode(certificate)));
}

/** Ed25519 signature of a statement. */
export function signStatement(bytes: Uint8Array, key: KeyObject): Uint8Array {
  return sign(null, bytes, key);
}

/** Throws a TrustError `FORGED` unless the owner of `key` has signed `bytes`. */
export function checkStatement(
  bytes: Uint8Array,
  signature: Uint8Array,
  key: KeyObject,
  what: string,
): void {
  if (signature.length === 64 && verify(null, bytes, key, signature)) return;
  throw new TrustError("FORGED", `Cannot believe ${what}: its signature is not by who says it`);
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
