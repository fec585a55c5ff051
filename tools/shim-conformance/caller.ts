import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import { decodeFrame, encodeMessage, encodeTaskBody } from "../../pkg/wire/codec.ts";
import type { Message, Result, Task, TaskBody, Welcome } from "../../pkg/wire/message.ts";
import { clusterName } from "../../pkg/wire/names.ts";
import { CallerStream, type HeadWords } from "./caller-stream.ts";
import { must } from "./must.ts";

/** Where shims take their cluster controller. */
export const SHIM_PATH = "/ote/v1/shim";
const NAME = clusterName("conformance");
const INSTANCE = randomBytes(16).toString("hex");
const HEARTBEAT_MS = 1000;
const CONNECT_LIMIT_MS = 8000;

let sessions = Date.now();
let tasks = 0;

/** How a connection ended. */
export interface CallerEnd {
  readonly code: number;
  readonly text: string;
}

/** A task that the kit sends; what is left out is chosen for it. */
export interface Order extends Partial<Omit<Task, "kind" | "body">> {
  readonly body: TaskBody | Uint8Array;
}

/** A cluster controller as seen by a shim, which can also misbehave. */
export class Caller implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly ended: Promise<CallerEnd>;
  /** What the shim said that is no frame of the protocol. */
  damage: string | undefined;
  readonly #waiters = new Set<() => void>();
  #streams = 0;

  constructor(endpoint: string, options: { readonly autoPong?: boolean } = {}) {
    const settings = { perMessageDeflate: false, handshakeTimeout: CONNECT_LIMIT_MS, ...options };
    this.socket = new WebSocket(`ws://${endpoint}${SHIM_PATH}`, "ote.v1", settings);
    this.socket.on("error", () => {});
    this.socket.on("message", (data: Buffer, isBinary: boolean) => {
      try {
        if (!isBinary) throw new SyntaxError("a text message");
        this.messages.push(...decodeFrame(data));
      } catch (error) {
        this.damage = String(error);
      }
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      this.socket.once("close", (code, reason) => resolve({ code, text: String(reason) }));
    });
    void this.ended.then(() => this.#wake());
  }

  /** Connects and waits for the welcome. */
  static async connect(
    endpoint: string,
    options: { readonly autoPong?: boolean } = {},
  ): Promise<Caller & { readonly welcome: Welcome }> {
    const caller = await Caller.open(endpoint, options);
    caller.send(helloMessage());
    const welcome = await caller.next((message) => message.kind === "welcome", "a welcome", 8000);
    return Object.assign(caller, { welcome: welcome as Welcome });
  }

  /** Opens the websocket and says nothing. */
  static async open(
    endpoint: string,
    options: { readonly autoPong?: boolean } = {},
  ): Promise<Caller> {
    const caller = new Caller(endpoint, options);
    await Promise.race([once(caller.socket, "open"), caller.ended]);
    must(caller.open, "the websocket was not accepted");
    return caller;
  }

  get open(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(message: Message): void {
    this.socket.send(encodeMessage(message));
  }

  /** Opens a stream with a request. */
  stream(words: HeadWords | Uint8Array = {}): CallerStream {
    return new CallerStream(this, ++this.#streams, words);
  }

  /** Sends a task and returns its id. */
  give(order: Order): string {
    const message = taskMessage(order);
    this.send(message);
    return message.id;
  }

  /** The results for a task so far. */
  results(id: string): Result[] {
    return this.messages.filter(
      (message): message is Result => message.kind === "result" && message.id === id,
    );
  }

  /** The first result for a task, once it is there. */
  async result(id: string, limitMs = 15_000): Promise<Result> {
    const isIt = (message: Message): boolean => message.kind === "result" && message.id === id;
    return (await this.next(isIt, "a result", limitMs)) as Result;
  }

  /** The first message that `isWanted`, once it is there. */
  async next(
    isWanted: (message: Message) => boolean,
    what: string,
    limitMs: number,
  ): Promise<Message> {
    let found: Message | undefined;
    const isThere = (): boolean => {
      found ??= this.messages.find(isWanted);
      return found !== undefined;
    };
    await this.until(isThere, what, limitMs);
    return found as unknown as Message;
  }

  /** Resolves when something has come after which it `holds`. */
  async until(holds: () => boolean, what: string, limitMs: number): Promise<void> {
    const late = performance.now() + limitMs;
    while (!holds()) {
      must(this.damage === undefined, `the shim sent what cannot be read: ${this.damage}`);
      must(this.open, `the connection ended before ${what} came`);
      const left = late - performance.now();
      must(left > 0, `${what} did not come within ${limitMs} ms`);
      await this.#change(left);
    }
  }

  /** How the connection ended; broken if it does not. */
  async end(limitMs: number): Promise<CallerEnd> {
    const late = after(limitMs);
    const end = await Promise.race([this.ended, late.passed]);
    late.clear();
    must(end !== undefined, `the connection was still open after ${limitMs} ms`);
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.ended;
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  async #change(limitMs: number): Promise<void> {
    const late = after(limitMs);
    const changed = new Promise<void>((resolve) => this.#waiters.add(resolve));
    await Promise.race([changed, late.passed]);
    late.clear();
  }
}

/** A promise for the time in `ms`, which can be taken back. */
export function after(ms: number): { readonly passed: Promise<undefined>; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return { passed, clear: () => clearTimeout(timer) };
}

/** A hello as a cluster controller says it; each has a newer session. */
export function helloMessage(): Message {
  return {
    ...{ kind: "hello", name: NAME, instance: INSTANCE, session: ++sessions, tags: {} },
    ...{ listen: "", version: "conformance", capabilities: [], heartbeatMs: HEARTBEAT_MS },
    ...{ preferredParent: "", rank: 0, anchored: false },
  };
}

/** A task with an id that was never used before. */
export function taskMessage({ body, ...part }: Order): Task {
  return {
    ...{ kind: "task", id: newId(), origin: NAME, targets: [NAME], ttlMs: 30_000 },
    ...{ hops: 0, startedAt: 0, ...part },
    body: body instanceof Uint8Array ? body : encodeTaskBody(body),
  };
}

/** An id of a task that nobody has used before. */
export function newId(): string {
  return `conformance-${INSTANCE.slice(0, 12)}-${++tasks}`;
}
