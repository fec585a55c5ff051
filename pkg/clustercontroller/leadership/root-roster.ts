import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import { ADDRESS_ANNOTATION, LEASE, type Lease } from "../../apis/lease.ts";
import type { ObjectMeta } from "../../apis/object.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { isStatus } from "../../apis/status.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { dialable } from "./dialable.ts";

/** What the Leases of a roster have, so that they can be listed. */
const LABEL = "ote.baidu.com/roster";
const ROSTER = "roots";
/** Milliseconds between two signs of life of a root, and between two looks at those of others. */
const ROUND_MS = 5000;
/** Milliseconds after its last sign of life at which a root is not recommended any more. */
const FORGET_MS = 20_000;
/** Most other roots that children are told of. */
const MAX_OTHERS = 8;

/** What a roster works with. */
export interface RootRosterParts {
  readonly client: Pick<ResourceClient, "get" | "create" | "update" | "list">;
  readonly log: Logger;
  /** Where this root is reached: host:port. */
  readonly address: () => string;
}

/** The last sign of life of a root, and when it was seen. */
interface Sign {
  readonly version: string;
  readonly at: number;
}

/** Which roots there are on one API, whoever leads: a Lease for each address, renewed while it is in use. */
export class RootRoster {
  readonly #parts: RootRosterParts;

  constructor(parts: RootRosterParts) {
    this.#parts = parts;
  }

  /** Tells others that this root is there, until `signal` aborts. */
  announce(signal: AbortSignal): Promise<void> {
    return this.#rounds(signal, () => this.#renew(signal));
  }

  /** Tells `onOthers` the addresses of the other roots when they are others than before, until `signal` aborts. */
  follow(onOthers: (addresses: readonly string[]) => void, signal: AbortSignal): Promise<void> {
    const seen = new Map<string, Sign>();
    let told = "";
    return this.#rounds(signal, async () => {
      const now = performance.now();
      for (const { metadata } of await this.#list(signal)) note(seen, metadata, now);
      for (const [address, { at }] of seen) if (now >= at + FORGET_MS) seen.delete(address);
      const own = ["", this.#parts.address()];
      const others = [...seen.keys()].filter((address) => !own.includes(address)).sort();
      const first = others.slice(0, MAX_OTHERS);
      if (first.join() !== told) onOthers(first);
      told = first.join();
    });
  }

  /** What does not work in one round may work in the next one: nobody depends on it meanwhile. */
  async #rounds(signal: AbortSignal, round: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await round().catch((error: unknown) => {
        if (signal.aborted) return;
        const [code, text] = [errorCode(error), errorText(error)];
        this.#parts.log.info({ code, text }, "cannot use the roster of roots, will retry");
      });
      await sleep(ROUND_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, address } = this.#parts;
    const at = address();
    if (at === "") return;
    const key = { namespace: SYSTEM_NAMESPACE, name: nameOf(at) };
    const present = await client.get<Lease>(LEASE, key, signal).catch((error: unknown) => {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    });
    const lease: Lease = {
      apiVersion: "coordination.k8s.io/v1",
      kind: LEASE.kind,
      metadata: {
        ...(present?.metadata ?? key),
        labels: { ...present?.metadata.labels, [LABEL]: ROSTER },
        annotations: { ...present?.metadata.annotations, [ADDRESS_ANNOTATION]: at },
      },
      spec: {
        holderIdentity: at,
        leaseDurationSeconds: FORGET_MS / 1000,
        renewTime: new Date().toISOString().replace("Z", "000Z"),
      },
    };
    if (present === undefined) await client.create<Lease>(LEASE, lease, signal);
    else await client.update<Lease>(LEASE, lease, undefined, signal);
  }

  async #list(signal: AbortSignal): Promise<readonly Lease[]> {
    const which = { namespace: SYSTEM_NAMESPACE, labelSelector: `${LABEL}=${ROSTER}` };
    return (await this.#parts.client.list<Lease>(LEASE, which, signal)).items;
  }
}

function note(
  seen: Map<string, Sign>,
  { resourceVersion = "", annotations }: ObjectMeta,
  at: number,
): void {
  const address = dialable(annotations?.[ADDRESS_ANNOTATION] ?? "");
  if (seen.get(address)?.version !== resourceVersion)
    seen.set(address, { version: resourceVersion, at });
}

/** One name for each address, so that restarts leave nothing behind. */
function nameOf(address: string): string {
  return `ote-root-${createHash("sha256").update(address).digest("hex").slice(0, 16)}`;
}
