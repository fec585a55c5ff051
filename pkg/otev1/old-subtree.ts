import { type ClusterName, isClusterName } from "../wire/names.ts";
import { ProtocolError } from "../wire/parse-message.ts";
import type { OldMessage } from "./envelope.ts";
import { MAX_OLD_SUBTREE, readRegistration, readSubtree } from "./json-bodies.ts";
import { OLD_COMMANDS } from "./schema.ts";

/**
 * Milliseconds for which what was said of one cluster counts more than a report of all of them: an old
 * peer sends both from different queues, in any order.
 */
const SETTLE_MS = 2000;

interface Entry {
  /** The child of the old peer that leads to it. */
  hop: string;
  /** As it was registered; unknown for one that was only reported. */
  parent: string | undefined;
  saidAt: number;
}

/** What an old child says is below it. Pure. */
export class OldSubtree {
  readonly #child: ClusterName;
  readonly #entries = new Map<string, Entry>();
  readonly #gone = new Map<string, number>();
  #branches: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(child: ClusterName) {
    this.#child = child;
  }

  /** Every cluster that gets what is sent to `name`, `name` among them; also those whose names we could not use. */
  branchOf(name: string): Iterable<string> {
    this.#branches ??= branchesOf(this.#entries);
    return this.#branches.get(this.#entries.get(name)?.hop ?? name) ?? [];
  }

  /** The clusters that can be part of our tree, each with its parent. */
  get parents(): ReadonlyMap<ClusterName, ClusterName> {
    const found = new Map<ClusterName, ClusterName>();
    for (const name of this.#entries.keys())
      if (isClusterName(name)) found.set(name, this.#parentOf(name));
    return found;
  }

  /** Takes a message at time `now`; returns whether it was about the subtree. Throws a ProtocolError. */
  hear({ head, body }: OldMessage, now: number): boolean {
    this.#branches = undefined;
    switch (head.command) {
      case OLD_COMMANDS.subTreeRoute:
        this.#report(readSubtree(body), now);
        return true;
      case OLD_COMMANDS.clusterRegist: {
        const { name, parent } = readRegistration(body);
        if (name !== "" && name !== this.#child) this.#register(name, parent, now);
        return true;
      }
      case OLD_COMMANDS.clusterUnregist: {
        const { name } = readRegistration(body);
        if (this.#entries.delete(name)) this.#gone.set(name, now);
        return true;
      }
      default:
        return false;
    }
  }

  #register(name: string, parent: string, now: number): void {
    this.#gone.delete(name);
    const known = this.#entries.get(name);
    const hop = parent === this.#child ? name : (this.#entries.get(parent)?.hop ?? known?.hop);
    if (known === undefined && this.#entries.size >= MAX_OLD_SUBTREE) {
      const text = `more than ${MAX_OLD_SUBTREE} clusters are registered`;
      throw new ProtocolError(text, "SUBTREE_TOO_LARGE");
    }
    this.#entries.set(name, { hop: hop ?? name, parent, saidAt: now });
  }

  #report(all: ReadonlyMap<string, string>, now: number): void {
    this.#forget(all, now);
    for (const [name, hop] of all) {
      if (name === "" || name === this.#child || this.#gone.has(name)) continue;
      const known = this.#entries.get(name);
      if (known !== undefined) known.hop = hop;
      else this.#entries.set(name, { hop, parent: undefined, saidAt: Number.NEGATIVE_INFINITY });
    }
  }

  #forget(all: ReadonlyMap<string, string>, now: number): void {
    for (const [name, at] of this.#gone) if (now - at > SETTLE_MS) this.#gone.delete(name);
    for (const [name, { saidAt }] of this.#entries)
      if (!all.has(name) && now - saidAt > SETTLE_MS) this.#entries.delete(name);
  }

  /** A report tells only the way; whoever is not registered is shown below the first hop on it. */
  #parentOf(name: string): ClusterName {
    const { parent, hop = "" } = this.#entries.get(name) ?? {};
    for (const candidate of [parent, hop]) {
      const isThere = candidate === this.#child || this.#entries.has(candidate ?? "");
      if (candidate !== undefined && isThere && candidate !== name && isClusterName(candidate))
        return candidate;
    }
    return this.#child;
  }
}

function branchesOf(entries: ReadonlyMap<string, Entry>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, { hop }] of entries) {
    const branch = found.get(hop);
    if (branch === undefined) found.set(hop, [name]);
    else branch.push(name);
  }
  return found;
}
