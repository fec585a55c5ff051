import { verify, X509Certificate } from "node:crypto";
import { ClusterCertificate, hashOfKey } from "./cluster-certificate.ts";
import {
  decodeTrust,
  type Revocation,
  type SignedTrust,
  type TrustDocument,
} from "./trust-document.ts";
import { TrustError } from "./trust-error.ts";

/** What came of an offered document. */
export type TrustNews = "newer" | "known";

/**
 * Whom a cluster trusts: the newest trust document that it has seen. All questions are answered at
 * once, from memory. Times are milliseconds since 1970, on a clock that the caller answers for.
 */
export class TrustBook {
  #signed: SignedTrust;
  #document: TrustDocument;
  #authorities: readonly X509Certificate[];
  #revoked: ReadonlyMap<string, Revocation>;

  private constructor(signed: SignedTrust, document: TrustDocument) {
    this.#signed = signed;
    this.#document = document;
    this.#authorities = authoritiesOf(document);
    this.#revoked = revokedOf(document);
  }

  /** A book that begins with a document of our own disk, or one that was checked in another way. */
  static open(signed: SignedTrust): TrustBook {
    return new TrustBook(signed, decodeTrust(signed.document));
  }

  /** A book that begins with what a stranger says, believed because of the `pin`: the hash of one authority's key. */
  static pinned(signed: SignedTrust, pin: string): TrustBook {
    const document = decodeTrust(signed.document);
    const pinned = authoritiesOf(document).filter((authority) => pinOf(authority) === pin);
    if (pinned.length === 0) {
      const text = "Cannot trust the tree: its authority is not the one that the join token names";
      throw new TrustError("FOREIGN_AUTHORITY", text);
    }
    checkSignatures(signed, pinned);
    return new TrustBook(signed, document);
  }

  get version(): number {
    return this.#document.version;
  }

  /** The newest document, to be passed on. */
  get signed(): SignedTrust {
    return this.#signed;
  }

  /** PEM of every authority that is trusted. */
  get authorities(): readonly string[] {
    return this.#document.authorities.map(({ certificate }) => certificate);
  }

  /**
   * Takes a newer document if somebody signed it whom the present one trusts, or whom one of those
   * vouches for. Throws a TrustError `FORGED` or `FOREIGN_AUTHORITY`; then nothing has changed.
   */
  offer(signed: SignedTrust): TrustNews {
    const document = decodeTrust(signed.document);
    if (document.version <= this.version) return "known";
    const trusted = [...this.#authorities, ...this.#vouchedIn(document)];
    checkSignatures(signed, trusted);
    this.#signed = signed;
    this.#document = document;
    this.#authorities = authoritiesOf(document);
    this.#revoked = revokedOf(document);
    return "newer";
  }

  isRevoked(keyId: string): boolean {
    return this.#revoked.has(keyId);
  }

  /**
   * Who the owner of `der` is, if an authority that is trusted says so. `chain` may hold vouching
   * certificates, as a TLS peer sends them. Throws a TrustError. Validity in time is another question.
   */
  identify(der: Uint8Array, chain: readonly Uint8Array[] = []): ClusterCertificate {
    const certificate = ClusterCertificate.read(der);
    if (!this.#isIssued(certificate.x509, chain)) {
      const text = `Cannot trust "${certificate.name}": its certificate is of another tree`;
      throw new TrustError("FOREIGN_AUTHORITY", text);
    }
    if (this.isRevoked(certificate.keyId)) {
      throw new TrustError("REVOKED", `Cannot trust "${certificate.name}": it was removed`);
    }
    return certificate;
  }

  /** Throws a TrustError if the certificate is not valid at `now`, grace included. */
  checkTime({ name, notBefore, notAfter }: ClusterCertificate, now: number): void {
    if (now < notBefore) {
      const text = `Cannot trust "${name}" yet: its certificate is valid from ${iso(notBefore)}`;
      throw new TrustError("CERTIFICATE_NOT_YET_VALID", text);
    }
    if (now > notAfter + this.#document.graceSeconds * 1000) {
      const text = `Cannot trust "${name}" any more: its certificate was valid until ${iso(notAfter)}`;
      throw new TrustError("CERTIFICATE_EXPIRED", text);
    }
  }

  /** Whether one of the trusted authorities, or one they vouch for in `chain`, has signed `bytes`. */
  hasSigned(bytes: Uint8Array, signature: Uint8Array): boolean {
    return this.#authorities.some((authority) => isSignedBy(bytes, signature, authority));
  }

  #isIssued(leaf: X509Certificate, chain: readonly Uint8Array[]): boolean {
    if (this.#authorities.some((authority) => isIssuedBy(leaf, authority))) return true;
    return chain
      .slice(0, 4)
      .flatMap(authorityFrom)
      .some(
        (between) =>
          isIssuedBy(leaf, between) &&
          this.#authorities.some((authority) => isIssuedBy(between, authority)),
      );
  }

  #vouchedIn(document: TrustDocument): X509Certificate[] {
    const vouched = document.authorities.flatMap(({ vouched }) =>
      vouched === undefined ? [] : [new X509Certificate(vouched)],
    );
    return vouched.filter((between) =>
      this.#authorities.some((authority) => isIssuedBy(between, authority)),
    );
  }
}

/** The hash of an authority's key, by which a join token names it. */
export function pinOf(authority: X509Certificate): string {
  return hashOfKey(authority.publicKey.export({ type: "spki", format: "der" }));
}

function authoritiesOf({ authorities }: TrustDocument): X509Certificate[] {
  try {
    return authorities.map(({ certificate }) => new X509Certificate(certificate));
  } catch (cause) {
    throw new TrustError("FORGED", "Cannot read a trust document: an authority is none", { cause });
  }
}

function revokedOf({ revoked }: TrustDocument): Map<string, Revocation> {
  return new Map(revoked.map((revocation) => [revocation.key, revocation]));
}

function authorityFrom(der: Uint8Array): X509Certificate[] {
  try {
    const certificate = new X509Certificate(der);
    return certificate.ca ? [certificate] : [];
  } catch {
    return [];
  }
}

/** Keys of a kind that cannot have signed this make the library throw: they have not. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function isSignedBy(bytes: Uint8Array, signature: Uint8Array, authority: X509Certificate): boolean {
  return verify("sha256", bytes, authority.publicKey, signature);
}

function checkSignatures(
  { document, signatures }: SignedTrust,
  trusted: readonly X509Certificate[],
): void {
  const isSigned = signatures
    .slice(0, 8)
    .some((signature) => trusted.some((who) => isSignedBy(document, signature, who)));
  if (isSigned) return;
  throw new TrustError("FORGED", "Cannot believe a trust document: nobody we trust has signed it");
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
