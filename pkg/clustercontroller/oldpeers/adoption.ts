import { createPrivateKey } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { certificateRequest, newEd25519Key } from "../../base/certificate-request.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Credentials } from "../../trust/credentials.ts";
import { IdentityFiles } from "../../trust/identity-files.ts";
import { type JoinToken, joinProof, parseJoinToken } from "../../trust/join-token.ts";
import {
  issueStatement,
  joinStatement,
  renewStatement,
  signStatement,
} from "../../trust/statements.ts";
import { type TrustCode, TrustError } from "../../trust/trust-error.ts";
import type { Enrolled } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import { type Enrolment, newEnrolmentId } from "../membership/enrolment.ts";
import { AdoptedIdentity } from "./adopted-identity.ts";

/** What an adoption works with. */
export interface AdoptionParts {
  /** Of the cluster that adopts. */
  readonly credentials: Credentials;
  readonly enrolment: Enrolment;
  /** Where the identities are kept, each in a directory of its name. */
  readonly directory: string;
  /** The file with the join token, read anew for each cluster. */
  readonly tokenFile: string;
  readonly log: Logger;
}

/** Milliseconds for which a refusal counts, so that an old peer that dials each second asks the root seldom. */
const REFUSED_MS = 30_000;
/** The same where nobody has refused, but nobody answered either. */
const UNANSWERED_MS = 5000;
/** Most refusals that are remembered. */
const MAX_REFUSALS = 10_000;
/** Clusters that are enrolled at the same time; more wait. */
const MAX_ENROLLING = 16;
/** Longest and shortest time in milliseconds between looks at the age of certificates. */
const LOOK_MS = 60_000;
const SHORTEST_LOOK_MS = 200;

interface Refusal {
  readonly error: unknown;
  readonly until: number;
}

/**
 * Gives clusters that know nothing of identities one each: makes a key in the cluster's name, has it
 * certified with a join token, and keeps it here. The token says which names it may take.
 */
export class Adoption {
  readonly #parts: AdoptionParts;
  readonly #adopted = new Map<ClusterName, AdoptedIdentity>();
  readonly #pending = new Map<ClusterName, Promise<AdoptedIdentity>>();
  readonly #refusals = new Map<ClusterName, Refusal>();
  readonly #queue: (() => void)[] = [];
  #enrolling = 0;

  constructor(parts: AdoptionParts) {
    this.#parts = parts;
  }

  /** The identity of a cluster that was adopted and not removed since. */
  present(name: ClusterName): AdoptedIdentity | undefined {
    const identity = this.#adopted.get(name);
    const { book } = this.#parts.credentials;
    return identity && !book.isRevoked(identity.certificate.keyId) ? identity : undefined;
  }

  /** The identity of a cluster, made if there is none yet. Rejects with an error whose code may be told. */
  async adopt(name: ClusterName): Promise<AdoptedIdentity> {
    const present = this.present(name);
    if (present !== undefined) return present;
    const refusal = this.#refusals.get(name);
    if (refusal !== undefined && performance.now() < refusal.until) throw refusal.error;
    let pending = this.#pending.get(name);
    pending ??= this.#inTurn(() => this.#open(name)).finally(() => this.#pending.delete(name));
    this.#pending.set(name, pending);
    return pending;
  }

  /** Renews certificates when two thirds of their life are over, until `signal` aborts. */
  async stayValid(signal: AbortSignal): Promise<void> {
    const { clock, certificate: own } = this.#parts.credentials;
    // All certificates of a tree live equally long.
    const longest = Math.min(LOOK_MS, (own.notAfter - own.notBefore) / 10);
    while (!signal.aborted) {
      let next = longest;
      for (const [name, { key }] of [...this.#adopted]) {
        const left = (): number => (this.present(name)?.renewAt ?? Infinity) - clock.now();
        if (left() <= 0 && !signal.aborted) await this.#tryRenew(name, key);
        next = Math.min(next, left());
      }
      await pause(Math.max(SHORTEST_LOOK_MS, next), signal);
    }
  }

  async #tryRenew(name: ClusterName, key: string): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.#renew(name, key);
      log.info({ peer: name }, "certificate of an old cluster renewed");
    } catch (error) {
      const [code, text] = [errorCode(error), errorText(error)];
      log.warn({ peer: name, code, text }, "cannot renew the certificate of an old cluster yet");
    }
  }

  async #open(name: ClusterName): Promise<AdoptedIdentity> {
    const { credentials, log } = this.#parts;
    try {
      const files = this.#files(name);
      const kept = await files.read();
      const identity =
        kept === undefined
          ? await this.#enrol(name, files)
          : new AdoptedIdentity(name, kept.key, kept.chain, credentials.book);
      this.#adopted.set(name, identity);
      this.#refusals.delete(name);
      if (kept === undefined) log.info({ peer: name }, "old cluster adopted");
      return identity;
    } catch (error) {
      const wait = error instanceof TrustError ? REFUSED_MS : UNANSWERED_MS;
      if (this.#refusals.size >= MAX_REFUSALS) this.#refusals.clear();
      this.#refusals.set(name, { error, until: performance.now() + wait });
      const [code, text] = [errorCode(error), errorText(error)];
      log.warn({ peer: name, code, text }, "cannot adopt an old cluster");
      throw error;
    }
  }

  async #enrol(name: ClusterName, files: IdentityFiles): Promise<AdoptedIdentity> {
    const token = parseJoinToken(await this.#readToken());
    const known = await files.readKey();
    const key = known ?? (await newEd25519Key());
    if (known === undefined) await files.writeKey(key);
    try {
      return await this.#ask(name, key, known !== undefined, token);
    } catch (error) {
      // Names that nobody may have must not fill the disk.
      if (error instanceof TrustError && known === undefined)
        await rm(this.#directory(name), { recursive: true, force: true });
      throw error;
    }
  }

  async #ask(
    name: ClusterName,
    key: string,
    again: boolean,
    token: JoinToken,
  ): Promise<AdoptedIdentity> {
    const request = await certificateRequest(key, name);
    const id = newEnrolmentId();
    const proof = joinProof(token.secret, joinStatement(id, name, request));
    const asked = { id, name, request, token: token.id, proof };
    const first = await this.#parts.enrolment.ask(asked);
    // The answer to an earlier attempt may have been lost on its way: then the key is known by now.
    if (first.code !== "TOKEN_INVALID" || !again) return this.#accept(name, key, id, first);
    return this.#renew(name, key).catch(() => this.#accept(name, key, id, first));
  }

  async #renew(name: ClusterName, key: string): Promise<AdoptedIdentity> {
    const id = newEnrolmentId();
    const request = await certificateRequest(key, name);
    const proof = signStatement(renewStatement(id, name, request), createPrivateKey(key));
    const answer = await this.#parts.enrolment.ask({ id, name, request, token: "", proof });
    const identity = await this.#accept(name, key, id, answer);
    this.#adopted.set(name, identity);
    return identity;
  }

  async #accept(
    name: ClusterName,
    key: string,
    id: string,
    { code, text, chain, time, signature }: Enrolled,
  ): Promise<AdoptedIdentity> {
    const { book } = this.#parts.credentials;
    if (code !== "") throw new TrustError(code as TrustCode, text);
    if (!book.hasSigned(issueStatement(id, time, chain), signature))
      throw new TrustError("FORGED", "Cannot use a certificate: it is not by the authority");
    const identity = new AdoptedIdentity(name, key, chain, book);
    const files = this.#files(name);
    await files.writeTrust(book.signed);
    await files.writeChain(chain);
    return identity;
  }

  async #readToken(): Promise<string> {
    const { tokenFile } = this.#parts;
    try {
      return await readFile(tokenFile, "utf8");
    } catch (cause) {
      const text = `Cannot read the join token in "${tokenFile}": ${errorText(cause)}`;
      throw new TrustError("TOKEN_INVALID", text, { cause });
    }
  }

  #files(name: ClusterName): IdentityFiles {
    return new IdentityFiles(this.#directory(name));
  }

  #directory(name: ClusterName): string {
    return join(this.#parts.directory, name);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#enrolling >= MAX_ENROLLING)
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#enrolling++;
    try {
      return await work();
    } finally {
      // The place is handed over, so that no newcomer takes it first.
      const next = this.#queue.shift();
      if (next === undefined) this.#enrolling--;
      else next();
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
