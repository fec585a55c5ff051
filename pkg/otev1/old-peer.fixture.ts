import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import {
  decodeOldMessage,
  decodeOldTask,
  encodeOldMessage,
  encodeOldResponse,
  type OldHead,
  type OldMessage,
} from "./envelope.ts";
import { OLD_COMMANDS } from "./schema.ts";

/** The clusters below an old one: names and what is below each. */
export interface OldTree {
  readonly [name: string]: OldTree;
}

/** A task as an old shim was given it. */
export interface Executed {
  readonly cluster: string;
  readonly id: string;
  readonly method: string;
  readonly uri: string;
  readonly body: string;
}

/** What an old shim answers; undefined for no answer at all. */
export type Shim = (task: Executed) => { status: number; body: string } | undefined;

/** How an old peer behaves. */
export interface OldPeerOptions {
  readonly below?: OldTree;
  readonly shim?: Shim;
  /** Milliseconds between subtree reports. */
  readonly reportMs?: number;
  readonly listen?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** A cluster controller of 2020 with all that is below it, by the rules of its protocol, its faults included. */
export class OldPeer implements AsyncDisposable {
  readonly name: string;
  readonly socket: WebSocket;
  /** What its shim and those below it were given, in order. */
  readonly executed: Executed[] = [];
  /** Everything that it was told, in order. */
  readonly heard: OldMessage[] = [];
  below: OldTree;
  readonly #shim: Shim;
  readonly #listen: string;
  readonly #timer: NodeJS.Timeout;
  readonly #closed: Promise<string>;

  private constructor(name: string, socket: WebSocket, options: OldPeerOptions) {
    this.name = name;
    this.socket = socket;
    this.below = options.below ?? {};
    this.#shim = options.shim ?? (({ cluster }) => ({ status: 200, body: cluster }));
    this.#listen = options.listen ?? ":8287";
    socket.on("error", () => {});
    socket.on("message", (data) => this.#hear(decodeOldMessage(data as Buffer)));
    this.#timer = setInterval(() => this.report(), options.reportMs ?? 100);
    this.#closed = new Promise((resolve) => {
      socket.once("close", (code, reason) => {
        clearInterval(this.#timer);
        resolve(`${code} ${reason}`);
      });
    });
  }

  /** Dials like a child; rejects with the status and text of a refusal. */
  static async dial(port: number, name: string, options: OldPeerOptions = {}): Promise<OldPeer> {
    const listen = options.listen ?? ":8287";
    const headers = { "listen-addr": listen, name, ...options.headers };
    const socket = new WebSocket(`ws://127.0.0.1:${port}/access/${name}`, { headers });
    const refused = new Promise<never>((_, reject) => {
      socket.once("error", reject);
      socket.once("unexpected-response", (_request, response) => {
        void words(response).then((body) =>
          reject(new Error(`${response.statusCode} ${body.trim()}`)),
        );
      });
    });
    refused.catch(() => {});
    const peer = new OldPeer(name, socket, options);
    await Promise.race([once(socket, "open"), refused]);
    peer.report();
    peer.#register(peer.below, name);
    return peer;
  }

  /** The sub-objects of the last NeighborRoute. */
  get neighbours(): Readonly<Record<string, Readonly<Record<string, string>> | null>> | undefined {
    const { neighborRoute } = OLD_COMMANDS;
    const last = this.heard.findLast(({ head }) => head.command === neighborRoute);
    return last && JSON.parse(text(last.body));
  }

  /** Says what is below it, as it does each second. */
  report(): void {
    const hops = Object.entries(this.below).flatMap(([hop, below]) =>
      [hop, ...namesOf(below)].map((name) => [name, hop]),
    );
    this.say(
      { command: OLD_COMMANDS.subTreeRoute, cluster: this.name },
      json(Object.fromEntries(hops)),
    );
  }

  /** One of those below it has come or gone. */
  tell(command: "clusterRegist" | "clusterUnregist", name: string, parent: string): void {
    const registry = { Name: name, UserDefineName: name, Listen: this.#listen, ParentName: parent };
    const body = json({ ...registry, Time: Math.floor(Date.now() / 1000) });
    this.say({ command: OLD_COMMANDS[command], parent }, body);
  }

  say(head: Partial<OldHead>, body: Uint8Array): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(encodeOldMessage(head, body));
  }

  /** Its process is killed: no goodbye. */
  kill(): void {
    this.socket.terminate();
  }

  /** Resolves with code and reason when its connection has ended. */
  closed(): Promise<string> {
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.closed();
  }

  #register(below: OldTree, parent: string): void {
    for (const [name, further] of Object.entries(below)) {
      this.tell("clusterRegist", name, parent);
      this.#register(further, name);
    }
  }

  #hear(message: OldMessage): void {
    this.heard.push(message);
    if (message.head.command === OLD_COMMANDS.controlReq)
      this.#deliver(this.name, this.below, message, message.head.selector);
  }

  /** Passes a task on to the branches that have a match, under bare names, then asks its own shim if it matches itself. */
  #deliver(cluster: string, below: OldTree, message: OldMessage, selector: string): void {
    for (const [hop, further] of Object.entries(below)) {
      const hits = [hop, ...namesOf(further)].filter((name) => isSelected(selector, name));
      if (hits.length > 0) this.#deliver(hop, further, message, hits.join(","));
    }
    if (isSelected(selector, cluster)) this.#execute(cluster, message, selector);
  }

  #execute(cluster: string, { head, body }: OldMessage, selector: string): void {
    const { method, uri, body: sent } = decodeOldTask(body);
    const task = { cluster, id: head.id, method, uri, body: text(sent) };
    this.executed.push(task);
    const answer = this.#shim(task);
    if (answer === undefined) return;
    const response = encodeOldResponse({
      timestamp: Math.floor(Date.now() / 1000),
      status: answer.status,
      body: new TextEncoder().encode(answer.body),
    });
    this.say({ ...head, command: OLD_COMMANDS.controlResp, selector, cluster }, response);
  }
}

/** Comma means or; each item is an unanchored pattern; an empty one matches everything. */
function isSelected(selector: string, name: string): boolean {
  return selector.split(",").some((item) => new RegExp(item.trim()).test(name));
}

function namesOf(tree: OldTree): string[] {
  return Object.entries(tree).flatMap(([name, below]) => [name, ...namesOf(below)]);
}

async function words(response: IncomingMessage): Promise<string> {
  let all = "";
  for await (const chunk of response) all += String(chunk);
  return all;
}
