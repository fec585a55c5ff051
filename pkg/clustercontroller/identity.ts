import { randomBytes } from "node:crypto";
import type { RecordStore } from "../base/record-store.ts";

const TABLE = "identity";

/**
 * Who this data directory is among all clusters that might use one name, which of its links is the
 * newest, and whom it may join when its configured parents are all away.
 */
export class Identity {
  /** 32 hexadecimal digits, made once. */
  readonly instance: string;
  readonly #store: RecordStore;
  #session: number;
  #firstSession: number | undefined;

  private constructor(store: RecordStore, instance: string, session: number) {
    this.#store = store;
    this.instance = instance;
    this.#session = session;
  }

  /** Reads the identity, or makes it. */
  static async open(store: RecordStore): Promise<Identity> {
    const known = store.get(TABLE, "instance");
    const instance = known ?? randomBytes(16).toString("hex");
    if (known === undefined)
      await store.write([{ table: TABLE, key: "instance", value: instance }]);
    return new Identity(store, instance, Number(store.get(TABLE, "session") ?? 0));
  }

  /** A session number larger than any before, also after a restart and when the clock was set back. */
  nextSession(): number {
    this.#session = Math.max(this.#session + 1, Date.now());
    this.#firstSession ??= this.#session;
    void this.#remember("session", String(this.#session));
    return this.#session;
  }

  /** The first session number of this process; undefined before there is one. */
  get firstSession(): number | undefined {
    return this.#firstSession;
  }

  /** Latest time that this cluster has seen on its clock, in milliseconds since 1970; it never falls. */
  get latestTime(): number {
    return Number(this.#store.get(TABLE, "time") ?? 0);
  }

  rememberTime(now: number): void {
    if (now > this.latestTime) void this.#remember("time", String(Math.floor(now)));
  }

  /** Addresses learnt from former parents. */
  get parents(): readonly string[] {
    return JSON.parse(this.#store.get(TABLE, "parents") ?? "[]") as string[];
  }

  rememberParents(addresses: readonly string[]): void {
    const value = JSON.stringify(addresses);
    if (value !== this.#store.get(TABLE, "parents")) void this.#remember("parents", value);
  }

  /** What is lost with a full disk is only comfort: a session can also be told from the clock. */
  #remember(key: string, value: string): Promise<void> {
    return this.#store.write([{ table: TABLE, key, value }]).catch(() => {});
  }
}
