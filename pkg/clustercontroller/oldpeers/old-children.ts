import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import { OldLink } from "../../otev1/old-link.ts";
import {
  type OldHello,
  type OldRefusal,
  type OldSocket,
  OldTunnel,
} from "../../otev1/old-tunnel.ts";
import type { Peer } from "../../tunnel/peer.ts";
import { type Address, formatAddress } from "../../wire/address.ts";
import type { Hello } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import type { Children } from "../children.ts";
import type { OldClaims } from "./old-claims.ts";
import { OldPlaces } from "./old-places.ts";
import type { OldTasks } from "./old-tasks.ts";
import { SubtreeAnnouncer } from "./subtree-announcer.ts";

/** What the side towards old children needs of the program around it. */
export interface OldChildrenParts {
  readonly self: ClusterName;
  readonly heartbeatMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Where all children are, whatever they speak. */
  readonly children: Pick<Children, "accept" | "refusal">;
  readonly claims: OldClaims;
  readonly tasks: OldTasks;
}

/** Milliseconds for which changes of the children are collected before all of them are told. */
const TELL_MS = 100;
/** Milliseconds for which nobody is admitted under a name that is used elsewhere. */
const TAKEN_MS = 30_000;
/** Most siblings that an old child is told. */
const MAX_OLD_SIBLINGS = 500;

interface OldChild {
  readonly link: OldLink;
  readonly listen: string;
}

interface Admitted {
  readonly hello: Hello;
  readonly peer: Peer | undefined;
}

/** The children that run OTE-Stack 2020: admits them over plain TCP and makes them children like all others. */
export class OldChildren implements AsyncDisposable {
  readonly #parts: OldChildrenParts;
  readonly #children = new Map<ClusterName, OldChild>();
  readonly #admitted = new Map<ClusterName, Admitted | undefined>();
  readonly #places = new OldPlaces();
  /** Names that turned out to be used elsewhere in the tree, and until when nobody is admitted under them. */
  readonly #taken = new Map<ClusterName, number>();
  #tunnel: OldTunnel | undefined;
  #listen: Address;
  #tell: NodeJS.Timeout | undefined;

  private constructor(listen: Address, parts: OldChildrenParts) {
    this.#listen = listen;
    this.#parts = parts;
  }

  /** Resolves once old children can join; rejects with `LISTEN_FAILED`. */
  static async listen(listen: Address, parts: OldChildrenParts): Promise<OldChildren> {
    const children = new OldChildren(listen, parts);
    const { log, metrics } = parts;
    const tunnel = await OldTunnel.listen(listen, {
      log,
      metrics,
      admit: (hello) => children.#admit(hello),
      onSocket: (hello, socket) => children.#opened(hello, socket),
    });
    children.#tunnel = tunnel;
    children.#listen = { ...listen, port: tunnel.port };
    log.warn(
      { port: tunnel.port, host: listen.host },
      "clusters of OTE-Stack 2020 can join, without encryption and without proof of who they are",
    );
    return children;
  }

  /** The port that is listened on. */
  get port(): number {
    return this.#tunnel?.port ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#tell);
    await this.#tunnel?.[Symbol.asyncDispose]();
  }

  async #admit({ name }: OldHello): Promise<OldRefusal | undefined> {
    const present = this.#children.get(name)?.link;
    if (present?.open || this.#admitted.has(name))
      return {
        ...refused("NAME_TAKEN", "it has joined already"),
        text: "already build connection",
      };
    this.#admitted.set(name, undefined);
    const refusal = await this.#judge(name, present);
    if (refusal !== undefined) this.#admitted.delete(name);
    return refusal;
  }

  async #judge(name: ClusterName, former: OldLink | undefined): Promise<OldRefusal | undefined> {
    try {
      // What its former connection still has to say comes first.
      await former?.ended;
      if ((this.#taken.get(name) ?? 0) > performance.now())
        return refused("NAME_TAKEN", `"${name}" is used elsewhere in the tree`);
      this.#taken.delete(name);
      if (!this.#places.isFree(name))
        return refused("NAME_TAKEN", `"${name}" is below another old cluster already`);
      const admitted = await this.#parts.claims.hello(name);
      this.#admitted.set(name, admitted);
      const end = this.#parts.children.refusal(admitted.hello, admitted.peer);
      return end && refused(end.code, end.text);
    } catch (error) {
      return refused(errorCode(error), errorText(error));
    }
  }

  #opened({ name, listen }: OldHello, socket: OldSocket | undefined): void {
    const admitted = this.#admitted.get(name);
    this.#admitted.delete(name);
    if (socket === undefined || admitted === undefined) return;
    const { heartbeatMs, log, metrics, children, claims, tasks } = this.#parts;
    const link = new OldLink(socket, {
      peer: name,
      heartbeatMs,
      metrics,
      onTask: (of, task) => tasks.take(of, task),
      onSubtree: () => announcer.look(),
      onRepeat: () => announcer.repeat(),
      onConflict: (_, cluster, text) => announcer.conflict(cluster, text),
      onIgnored: (of, code) => {
        metrics.count("ote_messages_ignored_total", { code });
        log[code === "INTERNAL_ERROR" ? "error" : "debug"](
          { peer: of.peer, code },
          "message of an old child ignored",
        );
      },
    });
    const announcer = new SubtreeAnnouncer(link, claims, this.#places, log);
    if (!this.#places.take(name, link)) {
      link.end({ code: "NAME_TAKEN", text: "Another old cluster has just announced the name" });
      return;
    }
    this.#children.set(name, { link, listen });
    children.accept(link, admitted.hello);
    this.#changed();
    void link.ended.then(({ code }) => {
      if (code === "NAME_TAKEN") this.#taken.set(name, performance.now() + TAKEN_MS);
      this.#places.keep(link, () => false);
      if (this.#children.get(name)?.link === link) this.#children.delete(name);
      this.#changed();
    });
  }

  /** Old children want to know each other, and where to come back to. */
  #changed(): void {
    this.#tell ??= setTimeout(() => {
      this.#tell = undefined;
      const all = [...this.#children].slice(0, MAX_OLD_SIBLINGS);
      const siblings = Object.fromEntries(all.map(([name, { listen }]) => [name, listen]));
      const aunts = { [this.#parts.self]: formatAddress(this.#listen) };
      for (const { link } of this.#children.values()) link.sayNeighbours(siblings, aunts);
    }, TELL_MS);
  }
}

/** In the words of OTE-Stack 2020 where it has some. */
function refused(code: string, detail: string): OldRefusal {
  const status = code === "AUTHORITY_UNREACHABLE" ? "503 Service Unavailable" : "403 Forbidden";
  const isTaken = code === "NAME_TAKEN" || code === "LOOP";
  const text = isTaken ? "cluster name has been registered" : `${code}: ${detail}`;
  return { status, code, text, detail };
}
