import { setTimeout as sleep } from "node:timers/promises";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { isStatus } from "../apis/status.ts";
import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Omission } from "./mirror-room.ts";

/** The condition of a Cluster: whether everything that it reports is in this API. */
export const REPORTS_COMPLETE = "ReportsComplete";
/** Whose fields they are, for server-side apply; what the cluster says itself is another's. */
const FIELD_MANAGER = "ote-mirror";
/** Objects that are known by name to be left out; of more of them there is no number. */
const MAX_NAMED = 10_000;
/** The condition is written so often at most, in milliseconds. */
const CALM_MS = 10_000;
const LONGEST_TEXT = 500;

type Condition = NonNullable<NonNullable<Cluster["status"]>["conditions"]>[number];

/** Knows what of a cluster's reports is left out, and says so at its Cluster object. */
export class Completeness {
  readonly #client: ResourceClient;
  readonly #cluster: string;
  readonly #log: Logger;
  readonly #omitted = new Map<string, Omission>();
  /** Whether more is left out than is known by name. */
  #isMore = false;
  #isStale = false;
  #wake: () => void = () => {};

  constructor(client: ResourceClient, cluster: string, log: Logger) {
    this.#client = client;
    this.#cluster = cluster;
    this.#log = log;
  }

  /** An object is not as it should be in the mirror. */
  omit(what: string, omission: Omission): void {
    const isNamed = this.#omitted.has(what) || this.#omitted.size < MAX_NAMED;
    if (isNamed) this.#omitted.set(what, omission);
    else this.#isMore = true;
    this.check();
  }

  /** An object is as it should be. */
  settle(what: string): void {
    if (this.#omitted.delete(what)) this.check();
  }

  /** The condition may be another one now. */
  check(): void {
    this.#isStale = true;
    this.#wake();
  }

  /** Keeps the condition true until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      if (!this.#isStale)
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      if (signal.aborted) return;
      this.#isStale = false;
      await this.#write(signal).catch((error: unknown) => {
        // Who has no object has nobody who would read it.
        if (signal.aborted || isStatus(error, "NotFound")) return;
        this.#isStale = true;
        this.#log.warn({ text: errorText(error) }, "cannot say what is left out, will retry");
      });
      await sleep(CALM_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #write(signal: AbortSignal): Promise<void> {
    const key = { namespace: SYSTEM_NAMESPACE, name: this.#cluster };
    const { status } = await this.#client.get<Cluster>(CLUSTER, key, signal);
    const present = status?.conditions?.find(({ type }) => type === REPORTS_COMPLETE);
    const wanted = this.#condition();
    // Where nothing was ever left out there is nothing to say.
    if (present === undefined && wanted.status === "True") return;
    const isSame = present?.status === wanted.status;
    if (isSame && present.reason === wanted.reason && present.message === wanted.message) return;
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const lastTransitionTime = (isSame ? present.lastTransitionTime : undefined) ?? now;
    const body = {
      apiVersion: "ote.baidu.com/v1",
      kind: CLUSTER.kind,
      metadata: key,
      status: { conditions: [{ ...wanted, lastTransitionTime }] },
    };
    const options = { fieldManager: FIELD_MANAGER, force: true, subresource: "status" };
    await this.#client.patch(CLUSTER, key, "apply", body, options, signal);
  }

  #condition(): Condition {
    const [first] = this.#omitted;
    if (first === undefined) {
      const message = "Everything that the cluster reports is here";
      return { type: REPORTS_COMPLETE, status: "True", reason: "Complete", message };
    }
    const [what, { reason, text }] = first;
    const count = this.#isMore ? `more than ${MAX_NAMED}` : String(this.#omitted.size);
    const message = `Left out of what it reports: ${count}, for example ${what}: ${text}`;
    return {
      type: REPORTS_COMPLETE,
      status: "False",
      reason,
      message: message.slice(0, LONGEST_TEXT),
    };
  }
}
