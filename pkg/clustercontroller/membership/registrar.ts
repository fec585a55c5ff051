import { createHash, createPublicKey } from "node:crypto";
import {
  CLUSTER,
  type Cluster,
  type ClusterIdentity,
  IDENTITY_FINALIZER,
  SYSTEM_NAMESPACE,
} from "../../apis/cluster.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { isStatus } from "../../apis/status.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { LogLimit } from "../../base/log-limit.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { AuthorityKeeper } from "../../trust/authority-secret.ts";
import { type Grant, hashOfKey } from "../../trust/cluster-certificate.ts";
import {
  checkStatement,
  issueStatement,
  joinStatement,
  renewStatement,
} from "../../trust/statements.ts";
import { TokenSecrets } from "../../trust/token-secrets.ts";
import { readRequest } from "../../trust/tree-authority.ts";
import { TrustError } from "../../trust/trust-error.ts";
import type { Enrol, Enrolled } from "../../wire/message.ts";
import { type ClusterName, ROOT_NAME } from "../../wire/names.ts";

/** What a registrar works with. */
export interface RegistrarParts {
  readonly client: ResourceClient;
  readonly keeper: AuthorityKeeper;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** How long the certificates that are issued are valid, in days; fractions are allowed. */
  readonly days: number;
  /** The authority has changed: everybody must learn what it says now. */
  readonly onChange: () => void;
}

const DAY_MS = 86_400_000;
/** Most documents that a root can have missed; a cluster that claims more is not believed. */
const MAX_LEAP = 100_000;
const NOTHING = new Uint8Array();

/** At the root: decides who gets a certificate, and keeps in the Cluster objects who has which key. */
export class Registrar {
  readonly #parts: RegistrarParts;
  readonly #tokens: TokenSecrets;
  /** For refusals, which anybody can provoke. */
  readonly #refusals: LogLimit;
  #isCatchingUp = false;

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
    this.#refusals = new LogLimit(parts.log, parts.metrics);
    this.#tokens = new TokenSecrets(parts.client);
  }

  /** Answers a request, with a refusal if it cannot be granted. Never rejects. */
  async decide(request: Enrol): Promise<Enrolled> {
    const { log } = this.#parts;
    const { id, door, name, token } = request;
    try {
      const grant = await this.#grant(request);
      const answer = await this.#issue(request, grant);
      log.info({ peer: name, door, token: token || undefined }, "certificate issued");
      return answer;
    } catch (error) {
      const [code, text] = [errorCode(error), errorText(error)];
      const isOurs = error instanceof TrustError;
      const refused = this.#refusals.of(door);
      refused[isOurs ? "warn" : "error"]({ peer: name, door, code, text }, "certificate refused");
      const refusal = isOurs
        ? { code, text: text.slice(0, 250) }
        : {
            code: "AUTHORITY_UNREACHABLE",
            text: "Cannot issue a certificate now: see the root's log",
          };
      const nothing = { chain: "", document: NOTHING, signatures: [], signature: NOTHING };
      return { kind: "enrolled", id, door, ...nothing, time: Date.now(), ...refusal };
    }
  }

  /**
   * A cluster has seen a later trust document than there is: this API was put back to an older state. The
   * next document counts on from there, or nobody would take it.
   */
  async catchUp(version: number): Promise<void> {
    const { keeper, log, onChange } = this.#parts;
    const { state } = keeper.authority;
    if (this.#isCatchingUp || version <= state.version || version - state.version > MAX_LEAP)
      return;
    this.#isCatchingUp = true;
    try {
      await keeper.change(({ state }) => ({
        ...state,
        version: Math.max(state.version, version) + 1,
      }));
      onChange();
      log.warn(
        { version },
        "the authority was put back to an older state; check who was removed since",
      );
    } catch (error) {
      log.error({ code: errorCode(error), text: errorText(error) }, "cannot change the authority");
    } finally {
      this.#isCatchingUp = false;
    }
  }

  /** A certificate for the root itself, which needs nobody's word. */
  async renewOwn(request: Enrol): Promise<Enrolled> {
    return this.#issue(request, rootGrant(request.name));
  }

  /** A Cluster object is marked for deletion: nobody may trust its key, then the object may go. */
  async remove(cluster: Cluster, signal: AbortSignal): Promise<void> {
    const { client, log } = this.#parts;
    const { name, finalizers = [] } = cluster.metadata;
    const { identity } = cluster.spec;
    if (identity !== undefined) await this.#revoke(name, keyIdOf(identity));
    if (!finalizers.includes(IDENTITY_FINALIZER)) return;
    const left = finalizers.filter((finalizer) => finalizer !== IDENTITY_FINALIZER);
    const patch = { metadata: { finalizers: left } };
    const key = { namespace: SYSTEM_NAMESPACE, name };
    await client.patch(CLUSTER, key, "merge", patch, {}, signal).catch((error: unknown) => {
      if (!isStatus(error, "NotFound")) throw error;
    });
    log.info({ peer: name }, "cluster removed from the tree");
  }

  /** What who asks may have; registers its key. Rejects with a TrustError. */
  async #grant(request: Enrol): Promise<Grant> {
    const { commonName, publicKey } = await readRequest(request.request);
    if (commonName !== request.name)
      throw new TrustError(
        "FORGED",
        "Cannot certify: the request is in the name of another cluster",
      );
    return request.token === ""
      ? this.#registered(request, publicKey)
      : this.#invited(request, publicKey);
  }

  async #registered(request: Enrol, publicKey: Uint8Array): Promise<Grant> {
    const { id, name, proof } = request;
    const identity = (await this.#cluster(name))?.spec.identity;
    if (identity === undefined || keyIdOf(identity) !== hashOfKey(publicKey)) {
      const text = `Cannot renew the certificate of "${name}": its key is not registered; it must join with a token`;
      throw new TrustError("FORGED", text);
    }
    const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
    const statement = renewStatement(id, name, request.request);
    checkStatement(statement, proof, key, `that "${name}" asks for a certificate`);
    return grantOf(name, identity);
  }

  async #invited(request: Enrol, publicKey: Uint8Array): Promise<Grant> {
    const { id, name, token, proof } = request;
    const statement = joinStatement(id, name, request.request);
    const terms = await this.#tokens.check(token, name, statement, proof, Date.now());
    if (name === ROOT_NAME) {
      const text = `Cannot join as "${name}": that is the top of the tree, whatever the token says`;
      throw new TrustError("TOKEN_INVALID", text);
    }
    const { parent, origin, tags, replace } = terms;
    const key = Buffer.from(publicKey).toString("base64");
    const identity = { key, parent, origin, tags: [...tags] };
    const present = await this.#cluster(name);
    const former = present?.spec.identity;
    // The answer to an earlier attempt was lost: this one costs no further use.
    if (former?.key === key) return grantOf(name, former);
    this.#checkFree(name, identity, present, replace);
    // Counted first: of many who come at once with one token no more get in than it allows.
    await this.#tokens.use(token);
    await this.#register(name, identity, present);
    if (former !== undefined) await this.#revoke(name, keyIdOf(former));
    return grantOf(name, identity);
  }

  #checkFree(
    name: ClusterName,
    identity: ClusterIdentity,
    present: Cluster | undefined,
    replace: boolean,
  ): void {
    const { state } = this.#parts.keeper.authority;
    if (state.revoked.some(({ key }) => key === keyIdOf(identity))) {
      const text = `Cannot let "${name}" join: this key was removed from the tree, it needs a new one`;
      throw new TrustError("REVOKED", text);
    }
    const isTaken = present?.spec.identity !== undefined && !replace;
    if (present?.metadata.deletionTimestamp !== undefined || isTaken) {
      const text = `Cannot give the name "${name}" to another key: remove the cluster first, or use a token made with --replace`;
      throw new TrustError("NAME_TAKEN", text);
    }
  }

  /** Notes the key of a cluster in its object, unless that has changed since it was looked at. */
  async #register(
    name: ClusterName,
    identity: ClusterIdentity,
    present: Cluster | undefined,
  ): Promise<void> {
    const { client } = this.#parts;
    const key = { namespace: SYSTEM_NAMESPACE, name };
    const finalizers = [...new Set([...(present?.metadata.finalizers ?? []), IDENTITY_FINALIZER])];
    if (present === undefined) {
      const object: Cluster = {
        apiVersion: "ote.baidu.com/v1",
        kind: "Cluster",
        metadata: { ...key, finalizers },
        spec: { name, identity },
      };
      await client.create(CLUSTER, object);
    } else {
      const { resourceVersion } = present.metadata;
      const patch = { metadata: { finalizers, resourceVersion }, spec: { identity } };
      await client.patch(CLUSTER, key, "merge", patch);
    }
  }

  async #issue(request: Enrol, grant: Grant): Promise<Enrolled> {
    const { id, door } = request;
    const { authority } = this.#parts.keeper;
    const chain = await authority.issue(request.request, grant, this.#parts.days);
    const time = Date.now();
    const signature = authority.sign(issueStatement(id, time, chain));
    return {
      kind: "enrolled",
      id,
      door,
      chain,
      ...authority.trust,
      time,
      signature,
      code: "",
      text: "",
    };
  }

  async #revoke(name: string, key: string): Promise<void> {
    const { keeper, days, onChange } = this.#parts;
    const { state } = keeper.authority;
    if (state.revoked.some((revocation) => revocation.key === key)) return;
    const now = Date.now();
    const until = Math.ceil(now + days * DAY_MS + state.graceSeconds * 1000);
    await keeper.change((authority) => authority.revoking([{ key, name, until }], now));
    onChange();
  }

  async #cluster(name: string): Promise<Cluster | undefined> {
    try {
      return await this.#parts.client.get<Cluster>(CLUSTER, { namespace: SYSTEM_NAMESPACE, name });
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  }
}

/** The answer to a request that came to the top of a tree without an authority. */
export function outOfReach({ id, door }: Enrol): Enrolled {
  const text = "The root cannot be reached, or its tree has no identities";
  const nothing = { chain: "", document: NOTHING, signatures: [], signature: NOTHING };
  const code = "AUTHORITY_UNREACHABLE";
  return { kind: "enrolled", id, door, ...nothing, time: Date.now(), code, text };
}

/** The top of the tree may have children, send tasks and have any tag. */
export function rootGrant(name: ClusterName): Grant {
  return { name, parent: true, origin: true, tags: ["*"] };
}

function keyIdOf({ key }: ClusterIdentity): string {
  return createHash("sha256").update(Buffer.from(key, "base64")).digest("base64url");
}

function grantOf(name: ClusterName, { parent, origin, tags }: ClusterIdentity): Grant {
  return { name, parent: parent === true, origin: origin === true, tags: tags ?? [] };
}
