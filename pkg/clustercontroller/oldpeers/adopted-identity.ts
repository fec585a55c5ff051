import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { type ClusterCertificate, keyIdOf } from "../../trust/cluster-certificate.ts";
import { splitChain } from "../../trust/credentials.ts";
import {
  resultStatement,
  type SessionClaim,
  sessionStatement,
  signStatement,
} from "../../trust/statements.ts";
import type { TrustBook } from "../../trust/trust-book.ts";
import { TrustError } from "../../trust/trust-error.ts";
import type { Result } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";

/** The key and certificate of a cluster that has none itself: another cluster speaks for it. */
export class AdoptedIdentity {
  /** Private key, PEM. */
  readonly key: string;
  readonly certificate: ClusterCertificate;
  readonly #privateKey: KeyObject;

  /** Throws a TrustError if the tree does not trust it, or trusts it more than somebody whom nothing proves. */
  constructor(name: ClusterName, key: string, chain: string, book: TrustBook) {
    const [own, ...others] = splitChain(chain);
    const certificate = book.identify(own ?? new Uint8Array(), others);
    this.key = key;
    this.certificate = certificate;
    this.#privateKey = createPrivateKey(key);
    if (
      certificate.name !== name ||
      certificate.keyId !== keyIdOf(createPublicKey(this.#privateKey))
    ) {
      const text = `Cannot speak for "${name}": the certificate is for another cluster or key`;
      throw new TrustError("CERTIFICATE_INVALID", text);
    }
    if (certificate.origin) {
      const text = `Cannot speak for "${name}" as an old cluster must not send tasks: its certificate allows it; remove the cluster and make a token without --origin`;
      throw new TrustError("NOT_GRANTED", text);
    }
  }

  /** Two thirds of the certificate's life are over at this time, milliseconds since 1970. */
  get renewAt(): number {
    const { notBefore, notAfter } = this.certificate;
    return notBefore + ((notAfter - notBefore) * 2) / 3;
  }

  sign(statement: Uint8Array): Uint8Array {
    return signStatement(statement, this.#privateKey);
  }

  /** What proves that the cluster is where `route` says. */
  proof(route: SessionClaim): Uint8Array {
    return this.sign(sessionStatement(route));
  }

  signed(result: Result): Result {
    return { ...result, signature: this.sign(resultStatement(result)) };
  }
}
