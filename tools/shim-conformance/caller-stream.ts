import type { ProxyAnswer } from "../../pkg/apis/cluster-proxy.ts";
import type { Close, Message } from "../../pkg/wire/message.ts";
import { clusterName } from "../../pkg/wire/names.ts";
import { must } from "./must.ts";

/** Bytes that each side may send before it was granted more. */
export const WINDOW = 256 * 1024;
/** Most bytes in one message. */
export const MAX_DATA = 64 * 1024;
const NAME = clusterName("conformance");

/** A request as the head of a stream says it. */
export interface HeadWords {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly user?: { readonly name: string; readonly groups: readonly string[] } | undefined;
}

/** The connection under a stream. */
export interface StreamCaller {
  readonly messages: readonly Message[];
  send(message: Message): void;
  until(holds: () => boolean, what: string, limitMs: number): Promise<void>;
}

/** One stream as the controller has it, which can also misbehave. */
export class CallerStream {
  readonly id: number;
  readonly #caller: StreamCaller;
  #sent = 0;
  #taken = 0;

  /** Opens a stream with these words; those that are left out are a GET of /kit by alice. */
  constructor(caller: StreamCaller, id: number, words: HeadWords | Uint8Array) {
    this.#caller = caller;
    this.id = id;
    const user = { name: "alice", groups: ["dev"] };
    const whole = { method: "GET", path: "/kit", headers: [], user, ...words };
    const head =
      words instanceof Uint8Array ? words : new TextEncoder().encode(JSON.stringify(whole));
    caller.send({ kind: "open", stream: id, target: NAME, entry: NAME, hops: 1, head });
  }

  /** Sends bytes without looking whether there is room. */
  data(bytes: Uint8Array): void {
    this.#sent += bytes.length;
    this.#caller.send({ kind: "data", stream: this.id, bytes });
  }

  /** Sends bytes as they are granted. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const most = Math.min(MAX_DATA, bytes.length - at);
      const isRoom = (): boolean => this.#room >= most;
      if (!isRoom()) await this.#caller.until(isRoom, "room for more", 10_000);
      this.data(bytes.subarray(at, at + most));
      at += most;
    }
  }

  /** Says that nothing more comes, or ends the stream with a code. */
  close(code = "", text = ""): void {
    this.#caller.send({ kind: "close", stream: this.id, code, text });
  }

  grant(bytes: number): void {
    this.#caller.send({ kind: "credit", stream: this.id, bytes });
  }

  /** Bytes that have come. */
  get received(): Uint8Array {
    return Buffer.concat(this.#said.flatMap((one) => (one.kind === "data" ? [one.bytes] : [])));
  }

  get closed(): Close | undefined {
    return this.#said.find((one): one is Close => one.kind === "close");
  }

  /** The head of the answer, once it is there. */
  async answer(limitMs = 10_000): Promise<ProxyAnswer> {
    const isHead = (): boolean => this.#said.some(({ kind }) => kind === "opened");
    const isOver = (): boolean => isHead() || this.closed !== undefined;
    await this.#caller.until(isOver, "the head of an answer", limitMs);
    const head = this.#said.find((one) => one.kind === "opened");
    const { code = "", text = "" } = this.closed ?? {};
    must(head?.kind === "opened", `the stream was closed with ${code} "${text}"`);
    const read = JSON.parse(new TextDecoder().decode(head.head)) as ProxyAnswer;
    must(Number.isInteger(read.status) && Array.isArray(read.headers), "the head is no answer");
    return read;
  }

  /** The close that ends it, once it is there; what comes before is taken as it comes. */
  async end(limitMs = 15_000): Promise<Close> {
    const isEnd = (): boolean => {
      const size = this.received.length;
      if (size - this.#taken >= WINDOW / 4) {
        this.grant(size - this.#taken);
        this.#taken = size;
      }
      return this.closed !== undefined;
    };
    await this.#caller.until(isEnd, "a close", limitMs);
    return this.closed as Close;
  }

  /** The whole answer as text; broken if the stream does not end well. */
  async text(): Promise<string> {
    const { code, text } = await this.end();
    must(code === "", `the stream was closed with ${code} "${text}"`);
    return new TextDecoder().decode(this.received);
  }

  get #room(): number {
    const granted = this.#said.reduce(
      (sum, one) => sum + (one.kind === "credit" ? one.bytes : 0),
      0,
    );
    return WINDOW + granted - this.#sent;
  }

  get #said(): (Message & { readonly stream: number })[] {
    return this.#caller.messages.filter(
      (one): one is Message & { readonly stream: number } =>
        "stream" in one && one.stream === this.id,
    );
  }
}
