import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { createSecureContext } from "node:tls";
import { isAnyAddress } from "../../apiserver/listen/pki.ts";
import type { CertificateAuthority, KeyPair } from "../../base/certificates.ts";
import { EntryFileError } from "./entry-file-error.ts";

/** Where the certificate of an entry comes from. */
export interface ServingOptions {
  /** Whom certificates are from that are made here. */
  readonly authority: () => Promise<CertificateAuthority>;
  /** Names and addresses at which callers reach it. */
  readonly hosts: readonly string[];
  /** PEM files of somebody else's authority, instead of an own one. */
  readonly files?:
    | { readonly certificate: string; readonly key: string; readonly ca?: string | undefined }
    | undefined;
}

/** The certificate that an entry shows. */
export interface ServingCertificate {
  /** What callers must trust, PEM; undefined if authorities that everybody trusts vouch for it. */
  readonly ca: string | undefined;
  /** The pair to show now. Rejects with `ENTRY_FILE_INVALID`. */
  readonly present: () => Promise<KeyPair>;
  /** After how many milliseconds another one may have to be shown. */
  readonly changesMs: number;
}

/** Own certificates live a year; a process may live longer. */
const REISSUE_MS = 20 * 24 * 3_600_000;
/** Others renew files when they like. */
const REREAD_MS = 60_000;
const THIS_MACHINE = ["127.0.0.1", "::1", "localhost"];

/** The certificate of an entry, from files or made by an authority of ours. */
export async function servingCertificate(options: ServingOptions): Promise<ServingCertificate> {
  const { files } = options;
  if (files === undefined) return ownCertificate(options);
  const ca = files.ca === undefined ? undefined : await read(files.ca);
  return { ca, present: () => pairIn(files), changesMs: REREAD_MS };
}

async function ownCertificate({
  authority: open,
  hosts,
}: ServingOptions): Promise<ServingCertificate> {
  const authority = await open();
  const names = [...new Set([...THIS_MACHINE, hostname(), ...hosts])];
  const reachable = names.filter((host) => !isAnyAddress(host));
  return {
    ca: authority.certificate,
    present: () => authority.issue({ commonName: "ote-entry", usage: "server", hosts: reachable }),
    changesMs: REISSUE_MS,
  };
}

async function pairIn(files: { certificate: string; key: string }): Promise<KeyPair> {
  const [cert, key] = [await read(files.certificate), await read(files.key)];
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new EntryFileError(files.certificate, cause);
  }
  return { certificate: cert, key };
}

async function read(file: string): Promise<string> {
  return await readFile(file, "utf8").catch((cause: unknown) => {
    throw new EntryFileError(file, cause);
  });
}
