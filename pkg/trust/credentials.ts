import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { ClusterName } from "../wire/names.ts";
import { type AgreementKey, agreementKeyOf } from "./agreement-keys.ts";
import { type ClusterCertificate, keyIdOf } from "./cluster-certificate.ts";
import type { KeptIdentity } from "./identity-files.ts";
import { signStatement } from "./statements.ts";
import { SteadyClock } from "./steady-clock.ts";
import { TrustBook } from "./trust-book.ts";
import { TrustError } from "./trust-error.ts";

/** Who this cluster is and whom it trusts, ready for use: proves, signs, and checks others. */
export class Credentials {
  readonly book: TrustBook;
  readonly clock: SteadyClock;
  /** Private key, PEM. */
  readonly key: string;
  readonly #privateKey: KeyObject;
  #agreementKey: AgreementKey | undefined;
  #chain: string;
  #own: ClusterCertificate;

  private constructor({ key, chain, trust }: KeptIdentity, clock: SteadyClock) {
    this.book = TrustBook.open(trust);
    this.clock = clock;
    this.key = key;
    this.#privateKey = createPrivateKey(key);
    this.#chain = chain;
    this.#own = this.#check(chain);
  }

  /** Throws a TrustError if key, certificate and trust do not belong together. */
  static open(kept: KeptIdentity, clock: SteadyClock = new SteadyClock()): Credentials {
    return new Credentials(kept, clock);
  }

  get name(): ClusterName {
    return this.#own.name;
  }

  /** Our certificate and those that vouch for its issuer, PEM. */
  get chain(): string {
    return this.#chain;
  }

  get certificate(): ClusterCertificate {
    return this.#own;
  }

  /** Uses a renewed certificate from now on. Throws a TrustError if it is not for our key and name. */
  install(chain: string): void {
    const renewed = this.#check(chain);
    if (renewed.name !== this.name) {
      const text = `Cannot use a certificate for "${renewed.name}": we are "${this.name}"`;
      throw new TrustError("FORGED", text);
    }
    this.#chain = chain;
    this.#own = renewed;
  }

  /** Our key as one with which secrets are agreed on. */
  get agreementKey(): AgreementKey {
    this.#agreementKey ??= agreementKeyOf(this.#privateKey);
    return this.#agreementKey;
  }

  sign(statement: Uint8Array): Uint8Array {
    return signStatement(statement, this.#privateKey);
  }

  /** Who a TLS peer is that showed these certificates, its own first; checks signatures, time and removal. Throws a TrustError. */
  identify(shown: readonly Uint8Array[]): ClusterCertificate {
    const [own, ...chain] = shown;
    if (own === undefined) {
      throw new TrustError("CERTIFICATE_INVALID", "Cannot trust the peer: it shows no certificate");
    }
    const certificate = this.book.identify(own, chain);
    this.book.checkTime(certificate, this.clock.now());
    return certificate;
  }

  /** Two thirds of the certificate's life are over at this time, milliseconds since 1970. */
  get renewAt(): number {
    const { notBefore, notAfter } = this.#own;
    return notBefore + ((notAfter - notBefore) * 2) / 3;
  }

  #check(chain: string): ClusterCertificate {
    const [own, ...others] = splitChain(chain);
    const certificate = this.book.identify(own ?? new Uint8Array(), others);
    if (certificate.keyId !== keyIdOf(createPublicKey(this.#privateKey))) {
      throw new TrustError(
        "CERTIFICATE_INVALID",
        `Cannot use the certificate of "${certificate.name}": it is for another key than ours`,
      );
    }
    return certificate;
  }
}

/** The certificates (DER) of a chain in PEM, in order. */
export function splitChain(pem: string): Uint8Array[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block).raw);
}
