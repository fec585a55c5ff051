import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { keyPem, subjectName } from "./certificates.ts";

/** What somebody who made a key asks a certificate for (PKCS #10). */
export interface CertificateRequest {
  readonly commonName: string;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
}

const ED25519 = { name: "Ed25519" } as const;

/** A new Ed25519 private key, PEM. */
export async function newEd25519Key(): Promise<string> {
  const keys = (await webcrypto.subtle.generateKey(ED25519, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  return keyPem(keys.privateKey);
}

/** A request (PKCS #10, DER) for a certificate in the name `commonName`, for who has the Ed25519 `key` (PEM). */
export async function certificateRequest(key: string, commonName: string): Promise<Uint8Array> {
  const der = x509.PemConverter.decodeFirst(key);
  const privateKey = await webcrypto.subtle.importKey("pkcs8", der, ED25519, true, ["sign"]);
  const { x } = await webcrypto.subtle.exportKey("jwk", privateKey);
  const half = { kty: "OKP", crv: "Ed25519", x: x ?? "", key_ops: ["verify"] };
  const publicKey = await webcrypto.subtle.importKey("jwk", half, ED25519, true, ["verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subjectName({ commonName }),
    keys: { privateKey, publicKey },
    signingAlgorithm: ED25519,
  });
  return new Uint8Array(request.rawData);
}

/** Reads a request and checks that its sender has the key; rejects with a SyntaxError otherwise. */
export async function readCertificateRequest(der: Uint8Array): Promise<CertificateRequest> {
  let request: x509.Pkcs10CertificateRequest;
  let proven: boolean;
  try {
    request = new x509.Pkcs10CertificateRequest(Uint8Array.from(der));
    proven = await request.verify();
  } catch (cause) {
    throw new SyntaxError("Cannot read the certificate request: it is no PKCS #10", { cause });
  }
  const names = request.subjectName.getField("CN");
  if (!proven || names.length !== 1) {
    const why = proven ? "it must have one common name" : "its signature is not by its key";
    throw new SyntaxError(`Cannot use the certificate request: ${why}`);
  }
  return { commonName: names[0] ?? "", publicKey: new Uint8Array(request.publicKey.rawData) };
}
