import { randomBytes, X509Certificate } from "node:crypto";
import { type CertificateRequest, readCertificateRequest } from "../base/certificate-request.ts";
import { CertificateAuthority } from "../base/certificates.ts";
import { type Grant, leafOf } from "./cluster-certificate.ts";
import { pinOf } from "./trust-book.ts";
import {
  encodeTrust,
  MAX_REVOKED,
  type Revocation,
  type SignedTrust,
  type TrustDocument,
} from "./trust-document.ts";
import { TrustError } from "./trust-error.ts";

/** An authority with its key, as it is kept. */
export interface KeptAuthority {
  /** PEM. */
  readonly certificate: string;
  /** PEM; absent once it signs nothing any more. */
  readonly key?: string | undefined;
  /** Its key certified by its predecessor, PEM. */
  readonly vouched?: string | undefined;
}

/** Everything the authority of a tree has to remember; a plain value, kept as JSON. */
export interface AuthorityState {
  /** Grows with each change that the tree must learn. */
  readonly version: number;
  /** The last one issues. */
  readonly authorities: readonly KeptAuthority[];
  readonly revoked: readonly Revocation[];
  readonly graceSeconds: number;
}

const DAY_SECONDS = 86_400;
/** Expired certificates open a link for three months, so that a site can be away for a season. */
export const GRACE_SECONDS = 90 * DAY_SECONDS;

/** Decides in a tree who is who: issues certificates and says what everybody must know. Changes make new states. */
export class TreeAuthority {
  readonly state: AuthorityState;
  /** What the tree must know, signed. */
  readonly trust: SignedTrust;
  readonly #issuer: CertificateAuthority;

  private constructor(state: AuthorityState, signers: readonly CertificateAuthority[]) {
    this.state = state;
    this.#issuer = signers.at(-1) as CertificateAuthority;
    const document = encodeTrust(documentOf(state));
    this.trust = { document, signatures: signers.map((signer) => signer.signature(document)) };
  }

  /** A new authority, with a name of its own so that two trees can be told apart. */
  static async create(graceSeconds: number = GRACE_SECONDS): Promise<TreeAuthority> {
    const first = await newAuthority();
    const { certificate, key } = first;
    const state = {
      version: 1,
      authorities: [{ certificate, key }],
      revoked: [],
      graceSeconds,
    };
    return new TreeAuthority(state, [first]);
  }

  /** The authority that has this state. */
  static async load(state: AuthorityState): Promise<TreeAuthority> {
    const pairs = state.authorities.flatMap(({ certificate, key }) =>
      key === undefined ? [] : [{ certificate, key }],
    );
    if (pairs.length === 0) throw new TypeError("Cannot use an authority that has no key");
    const signers = await Promise.all(pairs.map((pair) => CertificateAuthority.load(pair)));
    return new TreeAuthority(state, signers);
  }

  /** The hash by which join tokens name this authority. */
  get pin(): string {
    return pinOf(new X509Certificate(this.#issuer.certificate));
  }

  /**
   * A certificate for who has made `request`, followed by the one that vouches for its issuer, if any:
   * a chain in PEM. Rejects with a TrustError if the request is not in the name that is granted.
   */
  async issue(request: Uint8Array, grant: Grant, days: number): Promise<string> {
    const { commonName, publicKey } = await readRequest(request);
    if (commonName !== grant.name) {
      const text = `Cannot certify "${grant.name}": the request is in the name of another cluster`;
      throw new TrustError("FORGED", text);
    }
    const certificate = await this.#issuer.certify(publicKey, leafOf(grant, days));
    const vouched = this.state.authorities.at(-1)?.vouched;
    return vouched === undefined ? certificate : `${certificate.trimEnd()}\n${vouched}`;
  }

  /** Signature of the issuing authority. */
  sign(bytes: Uint8Array): Uint8Array {
    return this.#issuer.signature(bytes);
  }

  /** The state in which these keys are not trusted any more; what has run out at `now` is forgotten. */
  revoking(revocations: readonly Revocation[], now: number): AuthorityState {
    const keys = new Set(revocations.map(({ key }) => key));
    const still = this.state.revoked.filter(({ key, until }) => until > now && !keys.has(key));
    const revoked = [...still, ...revocations];
    if (revoked.length > MAX_REVOKED) {
      const text = `Cannot remove more clusters as at most ${MAX_REVOKED} certificates can be refused at a time: wait until some have expired, or change the authority`;
      throw new RangeError(text);
    }
    return { ...this.state, version: this.state.version + 1, revoked };
  }

  /** The state in which a new authority issues; the former ones stay trusted and vouch for it. */
  async changing(): Promise<AuthorityState> {
    const next = await newAuthority();
    const vouched = await this.#issuer.vouchFor(next);
    const { certificate, key } = next;
    const authorities = [...this.state.authorities, { certificate, key, vouched }];
    return { ...this.state, version: this.state.version + 1, authorities };
  }

  /** The state in which only the newest authority is trusted. */
  retiring(): AuthorityState {
    const authorities = this.state.authorities.slice(-1);
    return { ...this.state, version: this.state.version + 1, authorities };
  }
}

/** Reads a request; rejects with a TrustError `FORGED`. */
export async function readRequest(request: Uint8Array): Promise<CertificateRequest> {
  try {
    return await readCertificateRequest(request);
  } catch (cause) {
    throw new TrustError("FORGED", cause instanceof Error ? cause.message : "", { cause });
  }
}

function newAuthority(): Promise<CertificateAuthority> {
  return CertificateAuthority.create(`ote-tree ${randomBytes(8).toString("hex")}`);
}

function documentOf({
  version,
  authorities,
  revoked,
  graceSeconds,
}: AuthorityState): TrustDocument {
  return {
    version,
    graceSeconds,
    authorities: authorities.map(({ certificate, vouched }) => ({
      certificate,
      ...(vouched === undefined ? {} : { vouched }),
    })),
    revoked,
  };
}
