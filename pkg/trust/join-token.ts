import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { TrustError } from "./trust-error.ts";

/**
 * What a new cluster is given to join with, "ote1.ID.SECRET.PIN": ID names the token at the root, SECRET
 * is proven and never sent, PIN is the hash of the authority's key, so that no other tree can take its
 * place.
 */
export interface JoinToken {
  readonly id: string;
  readonly secret: string;
  readonly pin: string;
}

const TOKEN = /^ote1\.([a-z0-9]{10})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

/** A new token for the tree whose authority has this pin. */
export function newJoinToken(pin: string): JoinToken {
  const id = randomBytes(16).toString("hex").slice(0, 10);
  return { id, secret: randomBytes(32).toString("base64url"), pin };
}

/** A token as its text. */
export function formatJoinToken({ id, secret, pin }: JoinToken): string {
  return `ote1.${id}.${secret}.${pin}`;
}

/** Reads a token; throws a TrustError `TOKEN_INVALID`, which does not repeat the text. */
export function parseJoinToken(text: string): JoinToken {
  const [, id, secret, pin] = TOKEN.exec(text.trim()) ?? [];
  if (id === undefined || secret === undefined || pin === undefined) {
    throw new TrustError(
      "TOKEN_INVALID",
      "Cannot read the join token: it must be a line that `otectl token create` printed",
    );
  }
  return { id, secret, pin };
}

/** Proof of knowing `secret`, bound to `statement`. */
export function joinProof(secret: string, statement: Uint8Array): Uint8Array {
  return createHmac("sha256", secret).update(statement).digest();
}

/** Whether `proof` was made with `secret`; takes the same time for every answer. */
export function isJoinProof(secret: string, statement: Uint8Array, proof: Uint8Array): boolean {
  const expected = joinProof(secret, statement);
  return proof.length === expected.length && timingSafeEqual(expected, proof);
}
