import type { ClusterName, Tags } from "./names.ts";

/** First on every link, from the side that dialled: who I am. Nothing else is read before it. */
export interface Hello {
  readonly kind: "hello";
  readonly name: ClusterName;
  /** Random, made once for each data directory: two clusters that use one name can be told apart. */
  readonly instance: string;
  /** Grows with each link this cluster opens, also over restarts; the larger one is the present one. */
  readonly session: number;
  readonly tags: Tags;
  /** host:port at which other clusters may join below me; empty if they may not. */
  readonly listen: string;
  /** Version of the program. */
  readonly version: string;
  /** Optional abilities by name; unknown ones are ignored. */
  readonly capabilities: readonly string[];
  /** Milliseconds between signs of life that this side would like; the larger one of both sides counts. */
  readonly heartbeatMs: number;
  /** The parent I would rather have; empty if this is it or I do not know it. */
  readonly preferredParent: string;
  /** My rank; only who ranks higher can be my parent, which is why there are no loops. */
  readonly rank: number;
  /** I have a way to a root already, and come because I would rather be here. */
  readonly anchored: boolean;
  /** My certificate, DER; absent in a tree without identities. */
  readonly certificate?: Uint8Array | undefined;
  /** My signature over name, instance, session and the parent I say hello to. */
  readonly proof?: Uint8Array | undefined;
  /** Version of the trust document that I have. */
  readonly trustVersion?: number | undefined;
}

/** The answer to a hello that was accepted. */
export interface Welcome {
  readonly kind: "welcome";
  readonly name: ClusterName;
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly heartbeatMs: number;
  /** The names from the top of the tree to the sender, who is the last. */
  readonly path: readonly ClusterName[];
  /** host:port at which other clusters may join below the sender; empty if they may not. */
  readonly listen: string;
  /** The sender's rank, which is higher than the receiver's. */
  readonly rank: number;
  /** The path begins at a root, not at somebody who has lost its parent. */
  readonly anchored: boolean;
}

/** The answer to a hello by a root that does not lead: another one of the same tree does. */
export interface Redirect {
  readonly kind: "redirect";
  /** host:port of the leader; empty if nobody is known to lead at the moment. */
  readonly leader: string;
}

/** Down: the sender's place or rank has changed. */
export interface Path {
  readonly kind: "path";
  readonly path: readonly ClusterName[];
  readonly rank: number;
  readonly anchored: boolean;
}

/** Up: somebody wants to join for whom I rank too low; I need a parent of at least this rank. */
export interface Raise {
  readonly kind: "raise";
  readonly rank: number;
}

/** One cluster as the tiers above it know it. */
export interface Route {
  readonly name: ClusterName;
  readonly parent: ClusterName;
  readonly instance: string;
  readonly session: number;
  readonly tags: Tags;
  readonly listen: string;
  readonly version: string;
  readonly preferredParent: string;
  /** Its certificate, DER, as it said hello; it may have been renewed since, for the same key. */
  readonly certificate?: Uint8Array | undefined;
  /** Its signature over name, instance, session and parent, so that nobody else can announce it. */
  readonly proof?: Uint8Array | undefined;
}

/** Up: what changed in the sender's subtree (the sender itself is known by its hello). */
export interface Routes {
  readonly kind: "routes";
  /** Forget what you knew of my subtree: a snapshot follows, in this message and maybe in more. */
  readonly reset: boolean;
  readonly changed: readonly Route[];
  readonly removed: readonly ClusterName[];
  /** Digest of the whole subtree after this message; empty while more of the snapshot follows. */
  readonly digest: string;
}

/** Down: your digest is not mine, send a snapshot. */
export interface Resync {
  readonly kind: "resync";
}

/** Down, towards the cluster it names: that cluster is not accepted in this tree. */
export interface Conflict {
  readonly kind: "conflict";
  readonly name: ClusterName;
  readonly instance: string;
  readonly code: string;
  readonly text: string;
}

/** A cluster that can be joined. */
export interface Neighbour {
  readonly name: ClusterName;
  readonly listen: string;
}

/** Down: whom you may join should I be lost; each list is in order of preference and short. */
export interface Neighbours {
  readonly kind: "neighbours";
  readonly grandparent: readonly Neighbour[];
  /** Siblings of the sender. */
  readonly aunts: readonly Neighbour[];
  /** Other children of the sender. */
  readonly siblings: readonly Neighbour[];
}

/** Down: a task for some clusters of the receiver's subtree, the receiver itself perhaps among them. */
export interface Task {
  readonly kind: "task";
  readonly id: string;
  /** The cluster at whose API it was created; answers travel to it. */
  readonly origin: ClusterName;
  /** Resolved names, never a pattern. */
  readonly targets: readonly ClusterName[];
  /** Milliseconds it may still wait before it is started; a duration, because clocks differ. */
  readonly ttlMs: number;
  /** The encoded TaskBody, which relays pass on unread. */
  readonly body: Uint8Array;
  /** How many links it has travelled. */
  readonly hops: number;
  /** Milliseconds since 1970, on the origin's clock, after which nobody may start it; signed. */
  readonly notAfter?: number | undefined;
  /** The origin's certificate, DER. */
  readonly certificate?: Uint8Array | undefined;
  /** The origin's signature over id, origin, notAfter, body and all targets. */
  readonly signature?: Uint8Array | undefined;
  /** For each of `targets`, in the same order, the proof that the signature covers it. */
  readonly proofs?: readonly Uint8Array[] | undefined;
  /**
   * To a remote shim only: it was sent before, at this time (milliseconds since 1970), and what became
   * of it is not known; 0 for a task that cannot have been started.
   */
  readonly startedAt: number;
}

/** Up: the verdict of one cluster on one task. */
export interface Result {
  readonly kind: "result";
  readonly id: string;
  readonly origin: ClusterName;
  readonly cluster: ClusterName;
  readonly verdict: "done" | "failed" | "refused" | "expired";
  /** HTTP code; 0 if there is none. */
  readonly code: number;
  readonly reason: string;
  readonly truncated: boolean;
  /** Milliseconds since 1970 on the executing side. */
  readonly timestamp: number;
  /** UTF-8 text, which relays pass on unread. */
  readonly body: Uint8Array;
  /** The cluster's signature over all of it. */
  readonly signature?: Uint8Array | undefined;
}

/** Down: what everybody must know to tell friends from strangers, signed by the tree's authority. */
export interface Trust {
  readonly kind: "trust";
  readonly document: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

/** Up, to the tree's authority: somebody asks for a certificate. */
export interface Enrol {
  readonly kind: "enrol";
  /** Made up by the asker, never used twice. */
  readonly id: string;
  /** Where the answer goes: the cluster that asks, or the one at whose door a stranger stands. */
  readonly door: ClusterName;
  /** In whose name the certificate should be. */
  readonly name: ClusterName;
  /** A certificate request, PKCS #10 in DER. */
  readonly request: Uint8Array;
  /** The join token that it knows; empty if its key is registered. */
  readonly token: string;
  /** HMAC with the token's secret, or signature with the registered key. */
  readonly proof: Uint8Array;
}

/** Down, towards the door: the certificate, or why there is none. */
export interface Enrolled {
  readonly kind: "enrolled";
  readonly id: string;
  readonly door: ClusterName;
  /** PEM: the certificate and those that vouch for its issuer; empty if it was refused. */
  readonly chain: string;
  readonly document: Uint8Array;
  readonly signatures: readonly Uint8Array[];
  /** Milliseconds since 1970 at the authority. */
  readonly time: number;
  /** The authority's signature over id, time and chain. */
  readonly signature: Uint8Array;
  /** Why it was refused; empty if it was not. */
  readonly code: string;
  readonly text: string;
}

/** Down: somebody wants to talk to the Kubernetes API of a cluster; a stream begins. */
export interface Open {
  readonly kind: "open";
  /** Number of the stream on this link, chosen by the side that is above; not used again. */
  readonly stream: number;
  readonly target: ClusterName;
  /** The cluster at whose door the request came in. */
  readonly entry: ClusterName;
  /** Links travelled so far. */
  readonly hops: number;
  /** The request without its body: JSON of a StreamRequest, which relays pass on unread. */
  readonly head: Uint8Array;
  /** The entry's certificate, DER. */
  readonly certificate?: Uint8Array | undefined;
  /** The entry's signature over target, entry and head. */
  readonly signature?: Uint8Array | undefined;
}

/** Up: the answer to a request that came by a stream, without its body: JSON of a StreamAnswer. */
export interface Opened {
  readonly kind: "opened";
  readonly stream: number;
  readonly head: Uint8Array;
}

/** Both ways: bytes of a stream, never more than the other end has granted. */
export interface Data {
  readonly kind: "data";
  readonly stream: number;
  readonly bytes: Uint8Array;
}

/** Both ways: the receiver has room for so many more bytes of a stream. */
export interface Credit {
  readonly kind: "credit";
  readonly stream: number;
  readonly bytes: number;
}

/** Both ways: this side says nothing more on a stream; with a code the stream is over for both. */
export interface Close {
  readonly kind: "close";
  readonly stream: number;
  readonly code: string;
  readonly text: string;
}

/** Everything that is said on a link. */
export type Message =
  | Hello
  | Welcome
  | Redirect
  | Path
  | Raise
  | Routes
  | Resync
  | Conflict
  | Neighbours
  | Task
  | Result
  | Trust
  | Enrol
  | Enrolled
  | Open
  | Opened
  | Data
  | Credit
  | Close;

/** What a task asks of a cluster's shim; the inside of Task.body. */
export interface TaskBody {
  readonly destination: string;
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly contentType: string;
}
