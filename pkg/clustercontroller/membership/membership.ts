import { certificateRequest } from "../../base/certificate-request.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import { ClusterCertificate } from "../../trust/cluster-certificate.ts";
import type { Credentials } from "../../trust/credentials.ts";
import type { IdentityFiles } from "../../trust/identity-files.ts";
import { issueStatement, renewStatement } from "../../trust/statements.ts";
import { TrustError } from "../../trust/trust-error.ts";
import { askAtDoor, type StrangerDesk } from "../../tunnel/join-door.ts";
import type { LinkEnd } from "../../tunnel/link.ts";
import type { Peer } from "../../tunnel/peer.ts";
import type { Enrol, Enrolled, Hello, Message, Route } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import { Enrolment, newEnrolmentId } from "./enrolment.ts";
import { Guard, type GuardParts } from "./guard.ts";
import type { Registrar } from "./registrar.ts";

/** What a cluster needs to be somebody. */
export interface MembershipOptions {
  readonly credentials: Credentials;
  readonly files: IdentityFiles;
  /** For resuming the TLS sessions of children, also after a restart. */
  readonly ticketKeys?: Buffer | undefined;
}

/** What a membership asks of the node that it belongs to. */
export interface MembershipParts
  extends MembershipOptions,
    Pick<GuardParts, "isForgotten" | "latestTime"> {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly route: (name: ClusterName) => Route | undefined;
  /** Notes a time that was seen, now and then, so that it is known after a restart. */
  readonly rememberTime: (now: number) => void;
  /** Sends a request on its way to the authority. */
  readonly enrol: (request: Enrol) => void;
  readonly children: () => Iterable<ClusterName>;
  readonly sendChild: (child: ClusterName, message: Message) => void;
  readonly endChild: (child: ClusterName, reason: LinkEnd) => void;
  readonly endParent: (reason: LinkEnd) => void;
  /** A child has seen a later trust document than ours. */
  readonly onBehind: (version: number) => void;
  /** Our certificate is a new one. */
  readonly onRenewed: () => void;
}

/** Longest wait between looks at the age of our certificate, and after a renewal that failed. */
const LOOK_MS = 60_000;
const SHORTEST_LOOK_MS = 200;

/** One cluster's membership in a tree with identities: spreads what everybody must know, and stays valid. */
export class Membership {
  readonly guard: Guard;
  readonly enrolment: Enrolment;
  readonly #parts: MembershipParts;
  #parent: Peer | undefined;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    const self = parts.credentials.name;
    this.enrolment = new Enrolment(self, parts.enrol);
    this.guard = new Guard({ ...parts, self, onTrust: () => this.#trustChanged() });
  }

  get credentials(): Credentials {
    return this.#parts.credentials;
  }

  /** We say hello to this parent, and live below it if it welcomes us. */
  introduce(hello: Hello, peer: Peer | undefined): Hello {
    this.#parent = peer;
    return this.guard.introduce(hello, peer);
  }

  /** A child has joined: it is told what it may have missed. */
  childJoined({ name, trustVersion = 0 }: Hello): void {
    const { book } = this.credentials;
    if (trustVersion > book.version) this.#parts.onBehind(trustVersion);
    if (trustVersion < book.version) this.#parts.sendChild(name, { kind: "trust", ...book.signed });
  }

  /** The authority, which is here, has changed. */
  authorityChanged(trust: { document: Uint8Array; signatures: readonly Uint8Array[] }): void {
    if (this.credentials.book.offer(trust) === "newer") this.#trustChanged();
  }

  /** Whether the owner of a certificate was removed from the tree. */
  isRevoked(certificate: Uint8Array | undefined): boolean {
    if (certificate === undefined) return false;
    return this.credentials.book.isRevoked(ClusterCertificate.read(certificate).keyId);
  }

  /** Asks for strangers who stand at our door. */
  get desk(): StrangerDesk {
    return (request) => this.enrolment.ask(request);
  }

  /** Renews our certificate when two thirds of its life are over, without touching a link, until `signal` aborts. */
  async stayValid(signal: AbortSignal, registrar?: Registrar): Promise<void> {
    while (!signal.aborted) {
      const { credentials } = this;
      this.#parts.rememberTime(credentials.clock.now());
      const left = credentials.renewAt - credentials.clock.now();
      if (left <= 0) await this.#renew(registrar);
      const next = this.credentials.renewAt - this.credentials.clock.now();
      await wait(Math.min(LOOK_MS, next <= 0 ? retryMs(this.credentials) : next), signal);
    }
  }

  /**
   * Asks the authority through the door at `address` for the time and a fresh certificate, because the
   * clocks disagree; resolves to whether there was an answer.
   */
  async askForTime(address: string, signal: AbortSignal): Promise<boolean> {
    const { log } = this.#parts;
    try {
      const asking = await this.#asking();
      const request = { kind: "enrol", door: this.credentials.name, ...asking } as const;
      const { enrolled } = await askAtDoor(address, request, signal);
      await this.#accept(enrolled, asking.id, true);
      log.info({ time: new Date(enrolled.time).toISOString() }, "time learnt from the authority");
      return true;
    } catch (error) {
      log.info(
        { address, code: errorCode(error), text: errorText(error) },
        "cannot learn the time",
      );
      return false;
    }
  }

  async #renew(registrar: Registrar | undefined): Promise<void> {
    const { log } = this.#parts;
    try {
      const asking = await this.#asking();
      const { name: door } = this.credentials;
      const enrolled =
        registrar === undefined
          ? await this.enrolment.ask(asking)
          : await registrar.renewOwn({ kind: "enrol", door, ...asking });
      await this.#accept(enrolled, asking.id, false);
      const until = new Date(this.credentials.certificate.notAfter).toISOString();
      log.info({ until }, "certificate renewed");
    } catch (error) {
      log.warn({ code: errorCode(error), text: errorText(error) }, "cannot renew certificate yet");
    }
  }

  async #asking(): Promise<Omit<Enrol, "kind" | "door">> {
    const { name, key } = this.credentials;
    const id = newEnrolmentId();
    const request = await certificateRequest(key, name);
    const proof = this.credentials.sign(renewStatement(id, name, request));
    return { id, name, request, token: "", proof };
  }

  async #accept(enrolled: Enrolled, id: string, setClock: boolean): Promise<void> {
    const { credentials, files, onRenewed } = this.#parts;
    const { code, text, chain, time, signature } = enrolled;
    if (code !== "") throw new TrustError(code as TrustError["code"], text);
    if (credentials.book.offer(enrolled) === "newer") this.#trustChanged();
    if (!credentials.book.hasSigned(issueStatement(id, time, chain), signature))
      throw new TrustError("FORGED", "Cannot use a certificate: it is not by the authority");
    if (setClock) credentials.clock.set(time);
    credentials.install(chain);
    await files.writeChain(chain);
    onRenewed();
  }

  /** Passes on what is new, remembers it, and parts with whom we may not trust any more. */
  #trustChanged(): void {
    const { files, log, children, sendChild, endChild, endParent, route } = this.#parts;
    const { signed, version } = this.credentials.book;
    log.info({ version }, "trust changed");
    files.writeTrust(signed).catch((error: unknown) => {
      log.error({ code: errorCode(error), text: errorText(error) }, "cannot keep what is trusted");
    });
    for (const child of [...children()]) {
      // Who was removed is told, too: its own children must know whom they are below.
      sendChild(child, { kind: "trust", ...signed });
      if (this.isRevoked(route(child)?.certificate)) {
        endChild(child, { code: "REVOKED", text: `Cluster "${child}" was removed from the tree` });
      }
    }
    if (this.isRevoked(this.#parent?.certificate)) {
      const text = `Cluster "${this.#parent?.name}" was removed from the tree`;
      endParent({ code: "REVOKED", text });
    }
  }
}

/** A tenth of what is left of the certificate's life, so that there are several attempts. */
function retryMs({ certificate, clock }: Credentials): number {
  const left = certificate.notAfter - clock.now();
  return Math.max(SHORTEST_LOOK_MS, Math.min(LOOK_MS, left / 10));
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, Math.max(SHORTEST_LOOK_MS, ms));
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
