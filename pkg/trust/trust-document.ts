import type { Json } from "../apis/object.ts";
import { MAX_TRUST_DOCUMENT } from "../wire/parse-message.ts";
import { TrustError } from "./trust-error.ts";

/** An authority as everybody may see it. */
export interface TrustedAuthority {
  /** PEM. */
  readonly certificate: string;
  /** The same key certified by its predecessor, PEM, so that who has slept through the change can follow. */
  readonly vouched?: string | undefined;
}

/** A key that must not be trusted any more. */
export interface Revocation {
  /** SHA-256 of the public key, base64url. */
  readonly key: string;
  /** The cluster that had it, for people. */
  readonly name: string;
  /** Milliseconds since 1970 from which on no certificate for it could be valid anyway. */
  readonly until: number;
}

/** What everybody in a tree must know to tell friends from strangers; the larger version counts. */
export interface TrustDocument {
  readonly version: number;
  /** Seconds for which an expired certificate still opens a link, so that its owner can renew it. */
  readonly graceSeconds: number;
  readonly authorities: readonly TrustedAuthority[];
  readonly revoked: readonly Revocation[];
}

/** A document as it travels: its text, and a signature by each authority whose key is in use. */
export interface SignedTrust {
  readonly document: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

const MAX_AUTHORITIES = 8;
/** Most revocations at a time; the next ones are refused until old ones have run out. */
export const MAX_REVOKED = 3000;

/** The text that is signed. */
export function encodeTrust(document: TrustDocument): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

/** Reads a document. Throws a TrustError `FORGED` if it is none or too large. */
export function decodeTrust(bytes: Uint8Array): TrustDocument {
  try {
    if (bytes.length > MAX_TRUST_DOCUMENT) throw new SyntaxError("it is too long");
    const raw = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Raw;
    const { version, graceSeconds } = raw;
    return {
      version: wholeNumber(version),
      graceSeconds: wholeNumber(graceSeconds),
      authorities: list(raw.authorities, MAX_AUTHORITIES).map(authority),
      revoked: list(raw.revoked, MAX_REVOKED).map(revocation),
    };
  } catch (cause) {
    throw new TrustError("FORGED", "Cannot read a trust document: it is none", { cause });
  }
}

type Raw = { readonly [key: string]: Json | undefined };

function authority(item: Json): TrustedAuthority {
  const { certificate, vouched } = item as Raw;
  return {
    certificate: text(certificate),
    ...(vouched === undefined ? {} : { vouched: text(vouched) }),
  };
}

function revocation(item: Json): Revocation {
  const { key, name, until } = item as Raw;
  return { key: text(key), name: text(name), until: wholeNumber(until) };
}

function list(value: Json | undefined, most: number): readonly Json[] {
  if (!Array.isArray(value) || value.length > most) throw new SyntaxError("a list is wrong");
  return value as readonly Json[];
}

function text(value: Json | undefined): string {
  if (typeof value !== "string") throw new SyntaxError("a text is missing");
  return value;
}

function wholeNumber(value: Json | undefined): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw new SyntaxError("a number is wrong");
  return Number(value);
}
