import type { Socket } from "node:net";
import { type DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { ClusterName } from "../wire/names.ts";

/** Who a peer is, as TLS has shown. */
export interface Peer {
  readonly name: ClusterName;
  /** Its certificate, DER. */
  readonly certificate: Uint8Array;
}

/** What an end of a link shows of itself. */
export interface Shown {
  /** Private key, PEM. */
  readonly key: string;
  /** Its certificate and those that vouch for its issuer, PEM. */
  readonly chain: string;
  /** 48 bytes with which sessions are resumed, also after a restart; without them each process has its own. */
  readonly ticketKeys?: Buffer | undefined;
}

/**
 * How an end of links shows who it is and finds out who the other is. Without one, links are plain TCP
 * and everybody is believed.
 */
export interface TunnelTrust {
  /** Asked anew for each connection, so that a renewed certificate counts at once. */
  readonly shown: () => Shown;
  /**
   * Who showed these certificates (DER, its own first). Throws an error with a code that may be told to
   * the peer. Called before anything is read that could be long.
   */
  readonly identify: (certificates: readonly Uint8Array[]) => Peer;
  /** Where sessions are kept by address, so that the next connection there costs half. */
  readonly sessions?: Map<string, KnownSession> | undefined;
}

/** A TLS session that can be resumed: only who showed these certificates then can resume it. */
export interface KnownSession {
  readonly ticket: Buffer;
  readonly certificates: readonly Uint8Array[];
}

/** Most certificates of a peer that are looked at. */
const MAX_CHAIN = 4;

/** TLS as every link of ours uses it: addresses prove nothing, certificates are judged by TunnelTrust alone. */
export const TLS_OPTIONS = { minVersion: "TLSv1.3", rejectUnauthorized: false } as const;

/** The certificates (DER) that the other side has shown, its own first; none on plain TCP. */
export function certificatesOf(socket: Socket | undefined): Uint8Array[] {
  if (!(socket instanceof TLSSocket)) return [];
  const found: Uint8Array[] = [];
  let next: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && found.length < MAX_CHAIN) {
    found.push(next.raw);
    // A certificate of an authority is its own issuer.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return found;
}
