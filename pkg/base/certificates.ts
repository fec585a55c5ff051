import "reflect-metadata";
import { createPrivateKey, type KeyObject, randomBytes, sign, webcrypto } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";

/** A certificate and its private key, as PEM text. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** For whom a certificate is: CN is who it is, O the groups it belongs to. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[] | undefined;
}

/** What a certificate is for: `hosts` are the names and addresses at which a server may be reached. */
export interface Leaf extends Subject {
  readonly usage: "server" | "client" | "both";
  readonly hosts?: readonly string[] | undefined;
  /** More that the certificate says of its owner. */
  readonly urls?: readonly string[] | undefined;
  /** How long it is valid; fractions are allowed. A year if absent. */
  readonly days?: number | undefined;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CA_DAYS = 3650;
const LEAF_DAYS = 365;
const USAGES = {
  server: [x509.ExtendedKeyUsage.serverAuth],
  client: [x509.ExtendedKeyUsage.clientAuth],
  both: [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth],
} as const;

/** Issues P-256 certificates in the name of one authority. */
export class CertificateAuthority {
  /** The authority's own certificate, PEM. */
  readonly certificate: string;
  /** The authority's private key, PEM. Whoever has it can be anybody. */
  readonly key: string;
  readonly #issuer: x509.X509Certificate;
  readonly #signingKey: webcrypto.CryptoKey;
  readonly #keyObject: KeyObject;

  private constructor(pair: KeyPair, signingKey: webcrypto.CryptoKey) {
    this.certificate = pair.certificate;
    this.key = pair.key;
    this.#issuer = new x509.X509Certificate(pair.certificate);
    this.#signingKey = signingKey;
    this.#keyObject = createPrivateKey(pair.key);
  }

  /** A new authority, valid for ten years. */
  static async create(commonName: string): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity(CA_DAYS),
      serialNumber: serialNumber(),
      name: subjectName({ commonName }),
      keys: keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        // One authority may stand between: a successor that this one vouches for.
        new x509.BasicConstraintsExtension(true, 1, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const pair = { certificate: certificate.toString("pem"), key: await keyPem(keys.privateKey) };
    return new CertificateAuthority(pair, keys.privateKey);
  }

  /** The authority that `pair` belongs to. */
  static async load(pair: KeyPair): Promise<CertificateAuthority> {
    const der = x509.PemConverter.decodeFirst(pair.key);
    const key = await webcrypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
    return new CertificateAuthority(pair, key);
  }

  /** A certificate for `leaf` with a new key. It never outlives the authority. */
  async issue(leaf: Leaf): Promise<KeyPair> {
    const keys = await newKeys();
    const publicKey = await webcrypto.subtle.exportKey("spki", keys.publicKey);
    const certificate = await this.certify(new Uint8Array(publicKey), leaf);
    return { certificate, key: await keyPem(keys.privateKey) };
  }

  /** A certificate (PEM) for `leaf`, who has the key that belongs to `publicKey` (DER). */
  async certify(publicKey: Uint8Array, leaf: Leaf): Promise<string> {
    const names = [
      ...(leaf.hosts ?? []).map(alternativeName),
      ...(leaf.urls ?? []).map((value): x509.JsonGeneralName => ({ type: "url", value })),
    ];
    return this.#sign(publicKey, leaf, leaf.days ?? LEAF_DAYS, [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([...USAGES[leaf.usage]]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ]);
  }

  /** A certificate (PEM) with which who trusts this authority trusts `successor`, too. */
  async vouchFor(successor: CertificateAuthority): Promise<string> {
    const { commonName, publicKey } = successor.#asRequest();
    return this.#sign(publicKey, { commonName }, CA_DAYS, [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
    ]);
  }

  /** Signature over `bytes`: ECDSA with SHA-256, in DER. */
  signature(bytes: Uint8Array): Uint8Array {
    return sign("sha256", bytes, this.#keyObject);
  }

  #asRequest(): { commonName: string; publicKey: Uint8Array } {
    const [commonName = ""] = this.#issuer.subjectName.getField("CN");
    return { commonName, publicKey: new Uint8Array(this.#issuer.publicKey.rawData) };
  }

  async #sign(
    publicKey: Uint8Array,
    subject: Subject,
    days: number,
    extensions: readonly x509.Extension[],
  ): Promise<string> {
    const { notBefore, notAfter } = validity(days);
    const last = Math.min(notAfter.getTime(), this.#issuer.notAfter.getTime());
    const key = new x509.PublicKey(Uint8Array.from(publicKey));
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: subjectName(subject),
      issuer: this.#issuer.subjectName,
      notBefore,
      notAfter: new Date(last),
      signingKey: this.#signingKey,
      publicKey: key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        ...extensions,
        await x509.SubjectKeyIdentifierExtension.create(key),
        await x509.AuthorityKeyIdentifierExtension.create(this.#issuer),
      ],
    });
    return certificate.toString("pem");
  }
}

/** Writes `text` to `path` at once or not at all, readable only by its owner. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, text, { mode: 0o600, flag: "wx", flush: true });
  await rename(draft, path);
}

/** Writes a pair to `${path}.crt` and `${path}.key`, the key first, both readable only by their owner. */
export async function writeKeyPair(path: string, pair: KeyPair): Promise<void> {
  await writePrivateFile(`${path}.key`, pair.key);
  await writePrivateFile(`${path}.crt`, pair.certificate);
}

/** The pair that `writeKeyPair` left at `path`. Rejects with ENOENT when there is none. */
export async function readKeyPair(path: string): Promise<KeyPair> {
  const [certificate, key] = await Promise.all([
    readFile(`${path}.crt`, "utf8"),
    readFile(`${path}.key`, "utf8"),
  ]);
  return { certificate, key };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

/** A private key as PKCS #8 in PEM. */
export async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return x509.PemConverter.encode(der, "PRIVATE KEY");
}

/** From an hour ago, because clocks of peers differ; what lives for less than that, from half its life ago. */
function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  const since = now - Math.min(HOUR, days * DAY);
  return { notBefore: new Date(since), notAfter: new Date(now + days * DAY) };
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  // A serial number is a positive integer; a first bit of 1 would make it negative.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

/** A subject for a certificate. Only plain names: the library reads others as a notation of their own, so that `x"b"` would become `b`. */
export function subjectName({ commonName, organizations = [] }: Subject): x509.JsonName {
  for (const name of [commonName, ...organizations]) {
    if (!/^[\w.:@/ -]{1,253}$/.test(name))
      throw new RangeError(
        `Cannot issue a certificate for "${name}": names have only letters, digits and . _ : @ / -`,
      );
  }
  return [...organizations.map((o) => ({ O: [o] })), { CN: [commonName] }];
}

function alternativeName(host: string): x509.JsonGeneralName {
  return { type: isIP(host) === 0 ? "dns" : "ip", value: host };
}
