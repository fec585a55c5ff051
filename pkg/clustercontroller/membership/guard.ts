import type { KeyObject } from "node:crypto";
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { LogLimit } from "../../base/log-limit.ts";
import type { Metrics } from "../../base/metrics.ts";
import { ClusterCertificate } from "../../trust/cluster-certificate.ts";
import type { Credentials } from "../../trust/credentials.ts";
import {
  checkStatement,
  openStatement,
  resultStatement,
  sessionStatement,
  taskStatement,
} from "../../trust/statements.ts";
import { StreamSeal } from "../../trust/stream-seal.ts";
import { provenRoot, TargetTree } from "../../trust/target-tree.ts";
import { TrustError } from "../../trust/trust-error.ts";
import type { LinkEnd } from "../../tunnel/link.ts";
import type { KnownSession, Peer, TunnelTrust } from "../../tunnel/peer.ts";
import type { Hello, Message, Open, Result, Route, Routes, Task } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import type { TaskSeal } from "../event.ts";
import { RouteProofs } from "./route-proofs.ts";

/** What a guard works with. */
export interface GuardParts {
  readonly self: ClusterName;
  readonly credentials: Credentials;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** For resuming the TLS sessions of children, also after a restart. */
  readonly ticketKeys?: Buffer | undefined;
  /** The present route to a cluster below this one. */
  readonly route: (name: ClusterName) => Route | undefined;
  /** Whether a task may have been executed here and forgotten since. */
  readonly isForgotten: (task: Task) => boolean;
  /** Latest time that was seen here, also before a restart: new tasks never end before older ones that are over. */
  readonly latestTime: () => number;
  /** Somebody sent a newer trust document than we have; it counts from now on. */
  readonly onTrust: () => void;
}

/** A day: how far the clocks of the origin of a task and of its targets may be apart. */
const CLOCK_TOLERANCE_MS = 86_400_000;

/**
 * Stands between the links and the tree where clusters have identities: makes our own words provable,
 * and lets nothing through that somebody says in another's name.
 */
export class Guard {
  readonly #parts: GuardParts;
  readonly #lines: LogLimit;
  readonly #sessions = new Map<string, KnownSession>();
  readonly #proofs: RouteProofs;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#lines = new LogLimit(parts.log, parts.metrics);
    this.#proofs = new RouteProofs(parts.credentials.book);
  }

  /** Who may join us. */
  get childTrust(): TunnelTrust {
    const { credentials } = this.#parts;
    return {
      shown: () => ({
        key: credentials.key,
        chain: credentials.chain,
        ticketKeys: this.#parts.ticketKeys,
      }),
      identify: (shown) => peerOf(credentials.identify(shown)),
    };
  }

  /** Whom we may join: only who was allowed to have children. */
  get parentTrust(): TunnelTrust {
    const { credentials } = this.#parts;
    return {
      shown: () => credentials,
      sessions: this.#sessions,
      identify: (shown) => {
        const certificate = credentials.identify(shown);
        if (certificate.parent) return peerOf(certificate);
        const text = `Cannot join "${certificate.name}": its certificate does not allow it to have children`;
        throw new TrustError("NOT_GRANTED", text);
      },
    };
  }

  /** The hello with which we prove to `peer` that we are below it. */
  introduce(hello: Hello, peer: Peer | undefined): Hello {
    if (peer === undefined) return hello;
    const { credentials } = this.#parts;
    const proof = credentials.sign(sessionStatement({ ...hello, parent: peer.name }));
    const certificate = credentials.certificate.der;
    return { ...hello, certificate, proof, trustVersion: credentials.book.version };
  }

  /** Why somebody whom TLS has identified may not say this hello. */
  refusal(hello: Hello, peer: Peer | undefined): LinkEnd | undefined {
    try {
      const shown = ClusterCertificate.read(peer?.certificate ?? new Uint8Array());
      const said = this.#proofs.check({ ...hello, parent: this.#parts.self });
      // It may have been renewed since the TLS session began that was resumed, but for the same key.
      if (said.keyId !== shown.keyId) {
        const text = `Cannot admit "${hello.name}": TLS has shown "${shown.name}"`;
        throw new TrustError("FORGED", text);
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      return { code: error.code, text: error.message };
    }
  }

  /** Checks what a child says. Throws a TrustError when it has to lose its link. */
  fromChild(child: ClusterName, message: Message): Message | undefined {
    if (message.kind === "routes") return this.#checkRoutes(child, message);
    if (message.kind === "result" && message.origin === this.#parts.self) {
      return this.#sift(child, () => this.#checkResult(message));
    }
    return message;
  }

  /** Checks what the parent says. */
  fromParent(parent: ClusterName, message: Message): Message | undefined {
    if (message.kind === "task") return this.#checkTask(parent, message);
    if (message.kind !== "trust") return message;
    return this.#sift(parent, () => {
      if (this.#parts.credentials.book.offer(message) === "newer") this.#parts.onTrust();
      return undefined;
    });
  }

  /** Whether its origin has sent `task` to `target`, for which we speak because it cannot check that itself. */
  obeys(task: Task, target: ClusterName): boolean {
    const check = (): Task => this.#checkTaskFor(target, task, task.targets.indexOf(target));
    return this.#sift(target, check) !== undefined;
  }

  /** What makes a task believable to its targets. `notAfter` is in milliseconds since 1970. */
  seal(claim: Pick<Task, "id" | "body">, targets: Iterable<ClusterName>, waitMs: number): TaskSeal {
    const { self, credentials, latestTime } = this.#parts;
    const tree = new TargetTree(targets);
    const notAfter = Math.ceil(Math.max(credentials.clock.now(), latestTime()) + waitMs);
    const statement = taskStatement({ ...claim, origin: self, notAfter }, tree.root);
    return {
      notAfter,
      certificate: credentials.certificate.der,
      signature: credentials.sign(statement),
      proofOf: (name) => tree.proofOf(name),
    };
  }

  /** Milliseconds since 1970, as far as it matters for trust. */
  now(): number {
    return this.#parts.credentials.clock.now();
  }

  /**
   * The opening of a stream as its target can believe it and nobody else can read it. Throws a TrustError when
   * the key of the target is not known.
   */
  sealOpening(opening: Opening): { readonly opening: Opening & Proof; readonly seal: StreamSeal } {
    const { credentials } = this.#parts;
    const key = this.#keyOf(opening.target);
    if (key === undefined) {
      const text = `Cannot open a stream to "${opening.target}": its key is unknown`;
      throw new TrustError("FORGED", text);
    }
    const { seal, head } = StreamSeal.begin(key, opening, opening.head);
    const sealed = { ...opening, head };
    const signature = credentials.sign(openStatement(sealed));
    return { opening: { ...sealed, certificate: credentials.certificate.der, signature }, seal };
  }

  /** What an entry has said that opened a stream. Throws a TrustError unless it may command us and said it itself. */
  unsealOpening(opening: Opening & Proof): {
    readonly head: Uint8Array;
    readonly seal: StreamSeal;
  } {
    this.#checkOpening(opening);
    return StreamSeal.accept(this.#parts.credentials.agreementKey, opening, opening.head);
  }

  #checkOpening(opening: Opening & Proof): void {
    const { entry, certificate, signature } = opening;
    const identity = this.#parts.credentials.book.identify(certificate ?? new Uint8Array());
    if (identity.name !== entry || !identity.origin) {
      const text = `Cannot let "${entry}" in: the certificate of "${identity.name}" does not allow it`;
      throw new TrustError("NOT_GRANTED", text);
    }
    const what = `that "${entry}" opened a stream to us`;
    const statement = openStatement(opening);
    checkStatement(statement, signature ?? new Uint8Array(), identity.publicKey, what);
  }

  /** Our own answer, provable to its origin. */
  signed(result: Result): Result {
    if (result.cluster !== this.#parts.self || result.signature !== undefined) return result;
    return { ...result, signature: this.#parts.credentials.sign(resultStatement(result)) };
  }

  #checkRoutes(child: ClusterName, routes: Routes): Routes {
    const changed = routes.changed.filter((route) => {
      try {
        this.#proofs.check(route);
        return true;
      } catch (error) {
        if (!(error instanceof TrustError)) throw error;
        this.#ignored(child, "FOREIGN_ROUTE", error);
        // Somebody who was removed may still be on his way out below an honest child.
        if (error.code !== "REVOKED") throw new TrustError("FORGED", error.message);
        return false;
      }
    });
    return { ...routes, changed };
  }

  #checkResult(result: Result): Result {
    const { cluster, id } = result;
    const key = this.#keyOf(cluster);
    const what = `the answer of "${cluster}" to task "${id}"`;
    if (key === undefined)
      throw new TrustError("FORGED", `Cannot believe ${what}: its key is unknown`);
    checkStatement(resultStatement(result), result.signature ?? new Uint8Array(), key, what);
    return result;
  }

  #keyOf(cluster: ClusterName): KeyObject | undefined {
    const proven = this.#proofs.keyOf(cluster);
    if (proven !== undefined) return proven;
    const certificate = this.#parts.route(cluster)?.certificate;
    return certificate && ClusterCertificate.read(certificate).publicKey;
  }

  /** Takes ourselves out of the targets of a task that its origin has not sent to us. */
  #checkTask(parent: ClusterName, task: Task): Task | undefined {
    const { self } = this.#parts;
    const place = task.targets.indexOf(self);
    if (place < 0) return task;
    const checked = this.#sift(parent, () => this.#checkTaskFor(self, task, place));
    if (checked !== undefined) return checked;
    const targets = task.targets.filter((name) => name !== self);
    const proofs = task.proofs?.filter((_, at) => at !== place);
    return targets.length === 0 ? undefined : { ...task, targets, proofs };
  }

  #checkTaskFor(self: ClusterName, task: Task, place: number): Task {
    const { credentials } = this.#parts;
    const { id, origin, notAfter = 0, certificate, signature, proofs } = task;
    const identity = credentials.book.identify(certificate ?? new Uint8Array());
    if (identity.name !== origin || !identity.origin) {
      const text = `Cannot obey task "${id}": the certificate of "${identity.name}" does not allow it to send tasks as "${origin}"`;
      throw new TrustError("NOT_GRANTED", text);
    }
    const root = provenRoot(self, proofs?.[place] ?? new Uint8Array());
    const what = `that "${origin}" sent task "${id}" to "${self}"`;
    if (root === undefined)
      throw new TrustError("FORGED", `Cannot believe ${what}: the proof is none`);
    const statement = taskStatement({ ...task, notAfter }, root);
    checkStatement(statement, signature ?? new Uint8Array(), identity.publicKey, what);
    if (credentials.clock.now() > notAfter + CLOCK_TOLERANCE_MS || this.#parts.isForgotten(task))
      throw new TrustError("FORGED", `Cannot obey task "${id}": its time is long over`);
    return task;
  }

  /** What `check` returns; what it does not believe is left out, counted and logged. */
  #sift<T extends Message>(peer: ClusterName, check: () => T | undefined): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      this.#ignored(peer, error.code, error);
      return undefined;
    }
  }

  #ignored(peer: ClusterName, code: string, error: TrustError): void {
    this.#parts.metrics.count("ote_messages_ignored_total", { code });
    this.#lines.of(peer).warn({ peer, code, text: errorText(error) }, "message not believed");
  }
}

type Opening = Pick<Open, "target" | "entry" | "head">;
type Proof = Pick<Open, "certificate" | "signature">;

function peerOf({ name, der }: ClusterCertificate): Peer {
  return { name, certificate: der };
}
