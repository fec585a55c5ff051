import type { WebSocket } from "ws";
import { errorCode, errorText } from "../base/errors.ts";
import type { Metrics } from "../base/metrics.ts";
import { codeOfSocketError, labelOf, socketEnd } from "../tunnel/close-code.ts";
import { closeWith } from "../tunnel/hello.ts";
import { Inbox, type MessageHandler } from "../tunnel/inbox.ts";
import { type Link, LinkClosedError, type LinkEnd, POLITE_END } from "../tunnel/link.ts";
import { watchLiveness } from "../tunnel/liveness.ts";
import type { Close, Message, Result, Routes, Task } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import {
  decodeOldMessage,
  decodeOldResponse,
  encodeOldMessage,
  encodeOldTask,
  type OldMessage,
  type OldResponse,
  type OldTask,
} from "./envelope.ts";
import { type OldAddresses, writeNeighbours } from "./json-bodies.ts";
import { OldSubtree } from "./old-subtree.ts";
import { exactSelector } from "./old-task.ts";
import { OLD_COMMANDS } from "./schema.ts";

/** Bytes waiting above which a link is not `writable`. */
const HIGH_MARK = 2 * 1024 * 1024;
/** Bytes waiting at which a peer that does not read loses its link. */
const OUTBOX_LIMIT = 32 * 1024 * 1024;
/** Tasks that wait for an answer above which a link is not `writable`; an old cluster executes one at a time. */
const MAX_ASKED = 1000;
/** What is said to who wants to talk to the Kubernetes API of an old cluster. */
const NO_API = {
  code: "NO_API",
  text: "The cluster runs OTE-Stack 2020, which lets nobody through to its API",
} as const;
/** Milliseconds between looks at whether a slow peer has read. */
const LOOK_MS = 50;

/** What an old link asks of the program that it serves. */
export interface OldLinkParts {
  readonly peer: ClusterName;
  /** Milliseconds between signs of life. */
  readonly heartbeatMs: number;
  readonly metrics: Metrics;
  /** Takes a task for the peer or its subtree; the link does not end before the promise is settled. */
  readonly onTask: (link: OldLink, task: Task) => Promise<void>;
  /** What is below the peer, or what the tree thinks of it, may be different now. */
  readonly onSubtree: (link: OldLink) => void;
  /** What is below the peer has to be told again. */
  readonly onRepeat: (link: OldLink) => void;
  /** A cluster below the peer is not accepted in this tree. */
  readonly onConflict: (link: OldLink, name: ClusterName, text: string) => void;
  /** The peer said what nobody waits for. */
  readonly onIgnored: (link: OldLink, code: string) => void;
}

/** To whom a task goes. */
export interface OldQuestion {
  /** Never used before. */
  readonly id: string;
  /** The peer, or a cluster below it. */
  readonly cluster: ClusterName;
  /** As `selectorFor` gave it. */
  readonly selector: string;
  /** The cluster from whose API it came, which old peers call its parent. */
  readonly parent: ClusterName;
}

/** How the question to an old cluster ended: an answer, or undefined if the link ended before it. */
export type OldAnswer = OldResponse | undefined;

/**
 * A child that speaks the protocol of OTE-Stack 2020, as a link of ours: what the tree says to it is
 * translated or, if the child could not understand it, left out.
 */
export class OldLink implements Link {
  readonly peer: ClusterName;
  readonly ended: Promise<LinkEnd>;
  readonly subtree: OldSubtree;
  readonly #socket: WebSocket;
  readonly #parts: OldLinkParts;
  readonly #inbox = new Inbox((paused) => this.#rest(paused));
  readonly #asked = new Map<string, { cluster: ClusterName; answer: (of: OldAnswer) => void }>();
  readonly #work = new Set<Promise<void>>();
  #reading = true;
  #reason: LinkEnd | undefined;

  constructor(socket: WebSocket, parts: OldLinkParts) {
    this.peer = parts.peer;
    this.subtree = new OldSubtree(parts.peer);
    this.#socket = socket;
    this.#parts = parts;
    socket.on("message", (data) => this.#hear(data as Buffer));
    socket.on("error", (error) =>
      this.#note({ code: codeOfSocketError(error), text: error.message }),
    );
    this.ended = new Promise((resolve) => {
      socket.once("close", (code, reason) => {
        void this.#close(socketEnd(code, reason)).then(resolve);
      });
    });
    watchLiveness(socket, {
      intervalMs: parts.heartbeatMs,
      dialer: true,
      listening: () => this.#reading,
      onSilent: () => this.#cut({ code: "PEER_SILENT", text: "The peer gave no sign of life" }),
    });
  }

  get writable(): boolean {
    return this.#socket.bufferedAmount < HIGH_MARK && this.#asked.size < MAX_ASKED;
  }

  receive(handler: MessageHandler): Promise<void> {
    return this.#inbox.receive(handler);
  }

  send(message: Message): void {
    if (this.#socket.readyState !== this.#socket.OPEN) throw new LinkClosedError(this.peer);
    switch (message.kind) {
      case "task":
        this.#track(this.#parts.onTask(this, message));
        break;
      // Somebody below may have been removed from the tree.
      case "trust":
        this.#parts.onSubtree(this);
        break;
      case "resync":
        this.#parts.onRepeat(this);
        break;
      case "conflict":
        this.#parts.onConflict(this, message.name, message.text);
        break;
      case "open":
        this.tell({ kind: "close", stream: message.stream, ...NO_API });
        break;
      default:
        // Ranks, paths and whom to join by TLS mean nothing to an old peer.
        break;
    }
  }

  async drained(): Promise<void> {
    while (!this.writable && this.#reason === undefined)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  end(reason: LinkEnd): void {
    this.#note(reason);
    closeWith(this.#socket, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState !== this.#socket.CLOSED) this.end(POLITE_END);
    await this.ended;
  }

  /** Says something in the peer's name to the tree. */
  tell(message: Routes | Result | Close): void {
    this.#inbox.add(message);
  }

  /** Tells the peer who else is here, and whom it may dial should we be lost. */
  sayNeighbours(siblings: OldAddresses, aunts: OldAddresses): void {
    const body = writeNeighbours(siblings, aunts);
    this.#write(encodeOldMessage({ command: OLD_COMMANDS.neighborRoute }, body));
  }

  /** A selector that means `cluster` and nobody else; undefined if there is none on this link. */
  selectorFor(cluster: ClusterName): string | undefined {
    // The peer itself sees the selector as we wrote it.
    return exactSelector(cluster, cluster === this.peer ? [] : this.subtree.branchOf(cluster));
  }

  /** Resolves to the answer, or to undefined when the link or `signal` ends before one came. */
  ask(
    { id, cluster, ...head }: OldQuestion,
    task: OldTask,
    signal: AbortSignal,
  ): Promise<OldAnswer> {
    return new Promise((resolve) => {
      const answer = (of: OldAnswer): void => {
        this.#asked.delete(id);
        signal.removeEventListener("abort", giveUp);
        resolve(of);
      };
      const giveUp = (): void => answer(undefined);
      this.#asked.set(id, { cluster, answer });
      signal.addEventListener("abort", giveUp, { once: true });
      const command = OLD_COMMANDS.controlReq;
      this.#write(encodeOldMessage({ id, command, ...head }, encodeOldTask(task)));
      if (signal.aborted || this.#reason !== undefined) giveUp();
    });
  }

  /** Whether something can still be sent. */
  get open(): boolean {
    return this.#reason === undefined && this.#socket.readyState === this.#socket.OPEN;
  }

  #write(frame: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#parts.metrics.count("ote_link_messages_sent_total", LABELS);
    this.#socket.send(frame);
    if (this.#socket.bufferedAmount > OUTBOX_LIMIT)
      this.#cut({ code: "SLOW_READER", text: "The peer does not read what it is sent" });
  }

  #hear(data: Buffer): void {
    if (this.#reason !== undefined) return;
    this.#parts.metrics.count("ote_link_messages_received_total", LABELS);
    try {
      const message = decodeOldMessage(data);
      if (message.head.command === OLD_COMMANDS.controlResp) this.#answered(message);
      else if (this.subtree.hear(message, performance.now())) this.#parts.onSubtree(this);
      else if (message.head.command !== OLD_COMMANDS.edgeReport)
        this.#parts.onIgnored(this, "UNEXPECTED_MESSAGE");
    } catch (error) {
      this.end({ code: errorCode(error), text: errorText(error) });
    }
  }

  #answered({ head, body }: OldMessage): void {
    const asked = this.#asked.get(head.id);
    // An answer by somebody else under our number means that the old side executed it where it should not.
    if (asked === undefined || (head.cluster !== "" && head.cluster !== asked.cluster)) {
      this.#parts.onIgnored(this, "FOREIGN_ANSWER");
      return;
    }
    asked.answer(decodeOldResponse(body));
  }

  #track(work: Promise<void>): void {
    const done = work.catch(() => this.#parts.onIgnored(this, "INTERNAL_ERROR"));
    this.#work.add(done);
    void done.finally(() => this.#work.delete(done));
  }

  /** Who does not read makes TCP make the peer wait. */
  #rest(paused: boolean): void {
    this.#reading = !paused;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  /** The first reason is the true one; what follows are its consequences. */
  #note(reason: LinkEnd): void {
    this.#reason ??= reason;
  }

  /** Ends at once: who does not read would not read a goodbye either. */
  #cut(reason: LinkEnd): void {
    this.#note(reason);
    this.#socket.terminate();
  }

  /** What is not answered now never will be; that is told before the link is gone. */
  async #close(end: LinkEnd): Promise<LinkEnd> {
    this.#note(end);
    for (const { answer } of [...this.#asked.values()]) answer(undefined);
    await Promise.allSettled(this.#work);
    this.#inbox.close();
    const reason = this.#reason ?? end;
    if (reason.code !== POLITE_END.code) {
      const { metrics } = this.#parts;
      metrics.count("ote_link_errors_total", { ...LABELS, code: labelOf(reason.code) });
    }
    return reason;
  }
}

const LABELS = { side: "down" };
