import { createHash, type KeyObject } from "node:crypto";
import type { ClusterCertificate } from "../../trust/cluster-certificate.ts";
import { checkStatement, type SessionClaim, sessionStatement } from "../../trust/statements.ts";
import type { TrustBook } from "../../trust/trust-book.ts";
import { TrustError } from "../../trust/trust-error.ts";
import type { Route } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";

/** What a cluster says of itself, with what proves it. */
type ProvenClaim = SessionClaim & Pick<Route, "certificate" | "proof">;

interface Proven {
  /** Hash of all that was checked. */
  readonly claim: string;
  readonly certificate: ClusterCertificate;
}

/** Most clusters whose proofs are remembered so as not to be checked again. */
const MAX_REMEMBERED = 100_000;

/** Checks that clusters themselves have said where they are, and what they may be; each claim once. */
export class RouteProofs {
  readonly #book: TrustBook;
  readonly #proven = new Map<ClusterName, Proven>();

  constructor(book: TrustBook) {
    this.#book = book;
  }

  /** The key of a cluster whose claim was found right. */
  keyOf(name: ClusterName): KeyObject | undefined {
    return this.#proven.get(name)?.certificate.publicKey;
  }

  /**
   * Who the cluster is that has said `claim`. Throws a TrustError unless it has signed it itself and its
   * certificate grants what it says; how long that is valid is a matter of its own link.
   */
  check(claim: ProvenClaim): ClusterCertificate {
    const { name, parent, certificate = new Uint8Array(), proof = new Uint8Array() } = claim;
    const statement = sessionStatement(claim);
    const hash = hashOf(statement, proof, certificate);
    const known = this.#proven.get(name);
    if (known?.claim === hash && !this.#book.isRevoked(known.certificate.keyId)) {
      return known.certificate;
    }
    const identity = this.#book.identify(certificate);
    const what = `that "${name}" is below "${parent}"`;
    if (identity.name !== name) {
      const text = `Cannot believe ${what}: the certificate is for "${identity.name}"`;
      throw new TrustError("FORGED", text);
    }
    checkStatement(statement, proof, identity.publicKey, what);
    checkGrant(identity, claim);
    if (this.#proven.size >= MAX_REMEMBERED) this.#proven.clear();
    this.#proven.set(name, { claim: hash, certificate: identity });
    return identity;
  }
}

function checkGrant(certificate: ClusterCertificate, { name, tags, listen }: ProvenClaim): void {
  certificate.checkTags(tags);
  if (listen === "" || certificate.parent) return;
  const text = `Cannot let others join below "${name}": its certificate does not allow it to have children`;
  throw new TrustError("NOT_GRANTED", text);
}

/** Each part with its length, so that no two claims look alike. */
function hashOf(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("base64url");
}
