import { X509Certificate } from "node:crypto";
import type { Http2ServerRequest } from "node:http2";
import type { TLSSocket } from "node:tls";
import { endOf, socketOf, userOfCertificate } from "../../apiserver/listen/caller.ts";
import type { User } from "../../apiserver/request/user.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

interface Known {
  readonly authorities: readonly X509Certificate[];
  readonly user: User | undefined;
  readonly until: number;
}

/** The authorities that issue certificates of callers, at present; they can change while connections are open. */
export class ClientAuthorities {
  #pem = "";
  #authorities: readonly X509Certificate[] = [];
  readonly #users = new WeakMap<TLSSocket, Known>();

  /** All of them; empty if certificates say nothing here. */
  get pem(): string {
    return this.#pem;
  }

  /** Takes others from now on; false if they are the same. Throws a SyntaxError for what holds no certificates, and changes nothing then. */
  replace(pem: string): boolean {
    const texts = certificatesIn(pem);
    if (texts.length === 0 && pem.trim() !== "")
      throw new SyntaxError("Cannot read authorities: there is no PEM certificate");
    const joined = texts.map((text) => `${text}\n`).join("");
    if (joined === this.#pem) return false;
    this.#authorities = texts.map(parsed);
    this.#pem = joined;
    return true;
  }

  /**
   * Whom the certificate of the connection names; undefined for none, and for one that does not hold (any more).
   * `then` are the authorities that TLS has checked it against.
   */
  userOf(request: Http2ServerRequest, then: (socket: TLSSocket) => string): User | undefined {
    const socket = socketOf(request);
    let known = this.#users.get(socket);
    if (known?.authorities !== this.#authorities) {
      const user = this.#holds(socket, then(socket)) ? userOfCertificate(socket) : undefined;
      const until = user === undefined ? 0 : endOf(socket);
      known = { authorities: this.#authorities, user, until };
      this.#users.set(socket, known);
    }
    return Date.now() < known.until ? known.user : undefined;
  }

  #holds(socket: TLSSocket, then: string): boolean {
    if (!socket.authorized || this.#authorities.length === 0) return false;
    if (certificatesIn(then).every((one) => this.#pem.includes(one))) return then !== "";
    // Others count now, and TLS does not tell which certificates have led to one of those then.
    const certificate = socket.getPeerX509Certificate();
    return (
      certificate !== undefined &&
      this.#authorities.some((authority) => isFrom(certificate, authority))
    );
  }
}

function certificatesIn(pem: string): readonly string[] {
  return pem.match(CERTIFICATE) ?? [];
}

function isFrom(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function parsed(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new SyntaxError("Cannot read authorities: a PEM certificate is damaged", { cause });
  }
}
