import type { StreamMessage, StreamWords } from "../../tunnel/streams/stream-words.ts";
import type { Open } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import { MAX_DEPTH } from "../../wire/parse-message.ts";
import { LinkQueue } from "./link-queue.ts";
import { TreeStream } from "./tree-stream.ts";

/** A link: the name of a child, or "" for the parent. */
export type LinkName = ClusterName | "";

/** What a switch needs of the links around it. */
export interface StreamSwitchParts {
  readonly self: ClusterName;
  /** The child through which a cluster is reached. */
  readonly nextHop: (target: ClusterName) => ClusterName | undefined;
  readonly send: (to: LinkName, message: Open | StreamMessage) => void;
  /** False while much waits to be sent on a link; `drained` is called when that has changed. */
  readonly writable: (to: LinkName) => boolean;
  /** Somebody wants to talk to this cluster's API: `open` was called here, or the parent says so. */
  readonly accept: (request: Opening, stream: TreeStream, from: "here" | "parent") => void;
}

/** How a stream begins. */
export type Opening = Omit<Open, "kind" | "stream" | "hops">;

/** Most streams on one link: some for each cluster behind it, and those of people. */
export const MAX_STREAMS = 16_384;

type Leg =
  | { readonly kind: "local"; readonly stream: TreeStream }
  | { readonly kind: "relay"; readonly to: LinkName; readonly id: number; readonly half: Half };

/** What both legs of a relayed stream know: how many sides have said everything. */
interface Half {
  closed: number;
}

/**
 * Where streams between an entry above and the APIs of clusters below pass one cluster: from link to link,
 * or between a link and this process. It keeps nothing of what is said but what a congested link cannot
 * take now, which is bounded by what the ends have granted each other.
 */
export class StreamSwitch {
  readonly #parts: StreamSwitchParts;
  readonly #legs = new Map<LinkName, Map<number, Leg>>();
  readonly #lastId = new Map<LinkName, number>();
  readonly #queues = new Map<LinkName, LinkQueue>();

  constructor(parts: StreamSwitchParts) {
    this.#parts = parts;
  }

  /** How many streams pass here. */
  get size(): number {
    let count = 0;
    for (const legs of this.#legs.values()) count += legs.size;
    return count;
  }

  /** Begins a stream to a cluster of the subtree, or to this one. */
  open(opening: Opening): TreeStream {
    const { target } = opening;
    if (target === this.#parts.self) return this.#within(opening);
    const to = this.#parts.nextHop(target);
    if (to === undefined) return failed("CLUSTER_UNREACHABLE", `Cluster "${target}" is offline`);
    const id = this.#newId(to);
    if (id === undefined) return failed("TOO_MANY_STREAMS", `Too many streams to "${to}"`);
    const stream = this.#local(to, id);
    this.#parts.send(to, { kind: "open", stream: id, hops: 1, ...opening });
    return stream;
  }

  /** Something about streams came on a link. */
  hear(from: LinkName, message: Open | StreamMessage): void {
    if (message.kind === "open") {
      if (from === "") this.#opened(message);
      return;
    }
    const leg = this.#legs.get(from)?.get(message.stream);
    if (leg === undefined) return;
    if (leg.kind === "local") {
      leg.stream.hear(message);
      return;
    }
    this.#pass({ ...message, stream: leg.id }, leg.to);
    if (message.kind !== "close") return;
    leg.half.closed += message.code === "" ? 1 : 2;
    if (leg.half.closed < 2) return;
    this.#forget(from, message.stream);
    this.#forget(leg.to, leg.id);
  }

  /** A link has ended, and with it every stream over it. */
  lost(link: LinkName): void {
    const legs = this.#legs.get(link);
    this.#legs.delete(link);
    this.#queues.delete(link);
    const text = "A link on the way was lost";
    for (const leg of legs?.values() ?? []) {
      if (leg.kind === "local") leg.stream.lost("LINK_LOST", text);
      else {
        this.#pass({ kind: "close", stream: leg.id, code: "LINK_LOST", text }, leg.to);
        this.#forget(leg.to, leg.id);
      }
    }
  }

  /** A link can take more. */
  drained(link: LinkName): void {
    this.#queues.get(link)?.flush();
  }

  #opened(message: Open): void {
    const { stream: id, target, hops, kind: _, ...rest } = message;
    if (target === this.#parts.self) {
      this.#parts.accept({ target, ...rest }, this.#local("", id), "parent");
      return;
    }
    const to = hops < MAX_DEPTH ? this.#parts.nextHop(target) : undefined;
    const next = to === undefined ? undefined : this.#newId(to);
    if (to === undefined || next === undefined) {
      const code = to === undefined ? "CLUSTER_UNREACHABLE" : "TOO_MANY_STREAMS";
      const text = `There is no way to cluster "${target}" now`;
      this.#parts.send("", { kind: "close", stream: id, code, text });
      return;
    }
    const half = { closed: 0 };
    this.#keep("", id, { kind: "relay", to, id: next, half });
    this.#keep(to, next, { kind: "relay", to: "", id, half });
    this.#parts.send(to, { ...message, stream: next, hops: hops + 1 });
  }

  /** Both ends are here. */
  #within(opening: Opening): TreeStream {
    const near: TreeStream = new TreeStream((words) => deliver(() => far, words));
    const far: TreeStream = new TreeStream((words) => deliver(() => near, words));
    setImmediate(() => this.#parts.accept(opening, far, "here"));
    return near;
  }

  #local(link: LinkName, id: number): TreeStream {
    const stream = new TreeStream((words) =>
      this.#pass({ ...words, stream: id } as StreamMessage, link),
    );
    stream.once("close", () => this.#forget(link, id));
    this.#keep(link, id, { kind: "local", stream });
    return stream;
  }

  #pass(message: StreamMessage, to: LinkName): void {
    // Room that is granted helps the other side to empty its queues: it never waits.
    if (message.kind === "credit") this.#parts.send(to, message);
    else this.#queue(to).add(message);
  }

  #queue(to: LinkName): LinkQueue {
    const present = this.#queues.get(to);
    if (present !== undefined) return present;
    const { send, writable } = this.#parts;
    const made = new LinkQueue(
      (message) => send(to, message),
      () => writable(to),
    );
    this.#queues.set(to, made);
    return made;
  }

  #newId(link: LinkName): number | undefined {
    if ((this.#legs.get(link)?.size ?? 0) >= MAX_STREAMS) return undefined;
    const id = (this.#lastId.get(link) ?? 0) + 1;
    this.#lastId.set(link, id);
    return id;
  }

  #keep(link: LinkName, id: number, leg: Leg): void {
    const legs = this.#legs.get(link) ?? new Map<number, Leg>();
    this.#legs.set(link, legs.set(id, leg));
  }

  #forget(link: LinkName, id: number): void {
    const legs = this.#legs.get(link);
    legs?.delete(id);
    if (legs?.size === 0) this.#legs.delete(link);
  }
}

function deliver(to: () => TreeStream, words: StreamWords): void {
  setImmediate(() => to().hear({ ...words, stream: 0 } as StreamMessage));
}

/** A stream that ends before it began. */
export function failed(code: string, text: string): TreeStream {
  const stream = new TreeStream(() => {});
  setImmediate(() => stream.lost(code, text));
  return stream;
}
