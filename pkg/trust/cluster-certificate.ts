import { createHash, type KeyObject, X509Certificate } from "node:crypto";
import type { Leaf } from "../base/certificates.ts";
import { matchesGlob } from "../base/glob.ts";
import { type ClusterName, isClusterName, quote, type Tags } from "../wire/names.ts";
import { TrustError } from "./trust-error.ts";

/** What a certificate says of the cluster that has its key. */
export interface Grant {
  readonly name: ClusterName;
  /** Whether other clusters may join below it. */
  readonly parent: boolean;
  /** Whether tasks from its own API are executed by the clusters below it. */
  readonly origin: boolean;
  /** Globs over "key=value" ("key=" for a tag without value): the tags that it may have. */
  readonly tags: readonly string[];
}

/** How often a certificate may say something of one kind. */
const MAX_TAG_GLOBS = 64;
/** In the organization of every certificate of a cluster. */
const CLUSTER_GROUP = "ote:cluster";
const PARENT_GROUP = "ote:parent";
const ORIGIN_GROUP = "ote:origin";
const TAG_URL = "ote:tag:";

/** A certificate of a cluster, read but not yet trusted: see TrustBook. */
export class ClusterCertificate implements Grant {
  readonly name: ClusterName;
  readonly parent: boolean;
  readonly origin: boolean;
  readonly tags: readonly string[];
  readonly der: Uint8Array;
  /** SHA-256 of the public key, base64url: what a cluster is registered and removed by. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  /** The certificate itself, to be checked against its issuer. */
  readonly x509: X509Certificate;

  private constructor(der: Uint8Array, x509: X509Certificate) {
    const subject = linesOf(x509.subject);
    const groups = subject.get("O") ?? [];
    const [name = "", ...others] = subject.get("CN") ?? [];
    if (!groups.includes(CLUSTER_GROUP) || others.length > 0 || !isClusterName(name) || x509.ca) {
      const text = `Cannot take ${quote(name)} for a cluster: its certificate is for something else`;
      throw new TrustError("CERTIFICATE_INVALID", text);
    }
    this.name = name;
    this.parent = groups.includes(PARENT_GROUP);
    this.origin = groups.includes(ORIGIN_GROUP);
    this.tags = tagGlobs(x509.subjectAltName ?? "");
    this.der = der;
    this.x509 = x509;
    this.publicKey = x509.publicKey;
    if (this.publicKey.asymmetricKeyType !== "ed25519") {
      const text = `Cannot take "${name}" for a cluster: its key is not of Ed25519`;
      throw new TrustError("CERTIFICATE_INVALID", text);
    }
    this.keyId = keyIdOf(x509.publicKey);
    this.notBefore = Date.parse(x509.validFrom);
    this.notAfter = Date.parse(x509.validTo);
  }

  /** Reads DER. Throws a TrustError `CERTIFICATE_INVALID` for anything but a certificate of a cluster. */
  static read(der: Uint8Array): ClusterCertificate {
    try {
      return new ClusterCertificate(der, new X509Certificate(der));
    } catch (cause) {
      if (cause instanceof TrustError) throw cause;
      const text = "Cannot read a certificate: it is none, or damaged";
      throw new TrustError("CERTIFICATE_INVALID", text, { cause });
    }
  }

  /** Throws a TrustError `NOT_GRANTED` if a tag is none of those that the cluster may have. */
  checkTags(tags: Tags): void {
    for (const [key, value] of Object.entries(tags)) {
      const tag = `${key}=${value}`;
      if (this.tags.some((glob) => matchesGlob(glob, tag))) continue;
      const text = `Cannot accept tag "${tag}" of cluster "${this.name}": its certificate does not grant it`;
      throw new TrustError("NOT_GRANTED", text);
    }
  }
}

/** The content of a certificate for who was granted this. */
export function leafOf({ name, parent, origin, tags }: Grant, days: number): Leaf {
  if (tags.length > MAX_TAG_GLOBS) {
    throw new RangeError(
      `Cannot grant ${tags.length} globs of tags: at most ${MAX_TAG_GLOBS} fit a certificate`,
    );
  }
  return {
    commonName: name,
    organizations: [
      CLUSTER_GROUP,
      ...(parent ? [PARENT_GROUP] : []),
      ...(origin ? [ORIGIN_GROUP] : []),
    ],
    usage: parent ? "both" : "client",
    urls: tags.map((glob) => TAG_URL + encodeURIComponent(glob)),
    days,
  };
}

/** SHA-256 of a public key, base64url. */
export function keyIdOf(publicKey: KeyObject): string {
  return hashOfKey(publicKey.export({ type: "spki", format: "der" }));
}

/** The same for a key as DER of its SubjectPublicKeyInfo. */
export function hashOfKey(spki: Uint8Array): string {
  return createHash("sha256").update(spki).digest("base64url");
}

function tagGlobs(alternativeNames: string): string[] {
  const globs = alternativeNames
    .split(", ")
    .filter((entry) => entry.startsWith(`URI:${TAG_URL}`))
    .map((entry) => decodeURIComponent(entry.slice(`URI:${TAG_URL}`.length)));
  return globs.slice(0, MAX_TAG_GLOBS);
}

function linesOf(subject: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const line of subject.split("\n")) {
    const at = line.indexOf("=");
    const key = line.slice(0, at);
    fields.set(key, [...(fields.get(key) ?? []), line.slice(at + 1)]);
  }
  return fields;
}
