import { once } from "node:events";
import { Duplex, type Transform } from "node:stream";
import { constants, createDeflate, createInflate } from "node:zlib";

/** What both ends of SPDY/3 know before the first header is compressed (draft 3, 2.6.10.1): names with their lengths, then texts. */
const NAMES = [
  ..."options head post put delete trace accept accept-charset accept-encoding accept-language".split(
    " ",
  ),
  ..."accept-ranges age allow authorization cache-control connection content-base".split(" "),
  ..."content-encoding content-language content-length content-location content-md5".split(" "),
  ..."content-range content-type date etag expect expires from host if-match if-modified-since".split(
    " ",
  ),
  ..."if-none-match if-range if-unmodified-since last-modified location max-forwards pragma".split(
    " ",
  ),
  ..."proxy-authenticate proxy-authorization range referer retry-after server te trailer".split(
    " ",
  ),
  ..."transfer-encoding upgrade user-agent vary via warning www-authenticate method get".split(" "),
  ...["status", "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive"],
  "origin",
];
const TEXTS =
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505" +
  "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request" +
  "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented" +
  "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, " +
  "Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml," +
  "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate," +
  "sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
const DICTIONARY = Buffer.concat([...NAMES.flatMap(withLength), Buffer.from(TEXTS)]);

const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const FIN = 1;
const CANCEL = 5;
/** Bytes in one data frame. */
const CHUNK = 32 * 1024;

/** One stream of a connection: `headers` say what it is for. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly #send: (frame: Buffer) => Promise<void>;

  constructor(
    id: number,
    headers: Readonly<Record<string, string>>,
    send: (frame: Buffer) => Promise<void>,
  ) {
    super({ allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#send = send;
    this.on("error", () => {});
  }

  /** Resolves when it takes more. */
  async hear(bytes: Buffer): Promise<void> {
    if (this.destroyed || bytes.length === 0) return;
    if (!this.push(bytes)) await once(this, "room").catch(() => {});
  }

  override _read(): void {
    this.emit("room");
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    this.#sendAll(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#send(dataFrame(this.id, FIN, Buffer.alloc(0))).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error !== null) {
      this.#send(controlFrame(RST_STREAM, 0, words(this.id, CANCEL))).catch(() => {});
    }
    this.emit("room");
    done(error);
  }

  async #sendAll(chunk: Buffer): Promise<void> {
    for (let from = 0; from < chunk.length; from += CHUNK) {
      await this.#send(dataFrame(this.id, 0, chunk.subarray(from, from + CHUNK)));
    }
  }
}

/**
 * The side of SPDY/3.1 that is asked, as far as kubectl and kube-apiserver use it for pods: streams that
 * the other side begins, pings, resets and an end. Windows are not kept, as they do not keep them.
 */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #inflate = createInflate({
    dictionary: DICTIONARY,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  readonly #deflate = createDeflate({ dictionary: DICTIONARY });
  /** Resolves when the other side has gone. */
  readonly ended: Promise<void>;

  constructor(socket: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#socket = socket.setMaxListeners(0);
    this.#onStream = onStream;
    socket.on("error", () => {});
    this.ended = this.#run();
  }

  /** Says goodbye and waits for the other side to go, for a while. */
  async close(): Promise<void> {
    await this.#send(controlFrame(GOAWAY, 0, words(0, 0))).catch(() => {});
    this.#socket.end();
    const late = setTimeout(() => this.#socket.destroy(), 5000);
    await this.ended;
    clearTimeout(late);
    this.#socket.destroy();
  }

  async #run(): Promise<void> {
    try {
      await this.#hear();
    } catch {
      this.#socket.destroy();
    }
    for (const stream of this.#streams.values()) stream.destroy();
    this.#inflate.close();
    this.#deflate.close();
  }

  async #hear(): Promise<void> {
    let waiting = Buffer.alloc(0);
    for await (const chunk of this.#socket) {
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      let size = frameSize(waiting);
      while (waiting.length >= size) {
        await this.#frame(waiting.subarray(0, size));
        waiting = waiting.subarray(size);
        size = frameSize(waiting);
      }
    }
  }

  async #frame(frame: Buffer): Promise<void> {
    const flags = frame.readUInt8(4);
    const body = frame.subarray(8);
    if (frame.readUInt8(0) < 0x80) {
      const stream = this.#streams.get(frame.readUInt32BE(0));
      await stream?.hear(body);
      if ((flags & FIN) !== 0) stream?.push(null);
      return;
    }
    const kind = frame.readUInt16BE(2);
    if (kind === SYN_STREAM) await this.#begin(body, flags);
    else if (kind === RST_STREAM) this.#streams.get(body.readUInt32BE(0))?.destroy();
    else if (kind === PING) await this.#send(frame);
  }

  async #begin(body: Buffer, flags: number): Promise<void> {
    const id = body.readUInt32BE(0);
    const headers = readHeaders(await through(this.#inflate, body.subarray(10)));
    const block = await through(this.#deflate, words(0));
    await this.#send(controlFrame(SYN_REPLY, 0, Buffer.concat([words(id), block])));
    const stream = new SpdyStream(id, headers, (frame) => this.#send(frame));
    this.#streams.set(id, stream);
    stream.once("close", () => this.#streams.delete(id));
    if ((flags & FIN) !== 0) stream.push(null);
    this.#onStream(stream);
  }

  async #send(frame: Buffer): Promise<void> {
    if (this.#socket.destroyed) throw new Error("The connection has gone");
    if (this.#socket.write(frame)) return;
    const gone = new AbortController();
    this.#socket.once("close", () => gone.abort());
    await once(this.#socket, "drain", { signal: gone.signal });
  }
}

function frameSize(bytes: Buffer): number {
  return bytes.length < 8 ? 8 : 8 + bytes.readUIntBE(5, 3);
}

function controlFrame(kind: number, flags: number, body: Buffer): Buffer {
  return Buffer.concat([words(0x80030000 + kind, flags * 0x1000000 + body.length), body]);
}

function dataFrame(id: number, flags: number, body: Buffer): Buffer {
  return Buffer.concat([words(id, flags * 0x1000000 + body.length), body]);
}

function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [at, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * at);
  return bytes;
}

function withLength(text: string): Buffer[] {
  return [words(Buffer.byteLength(text)), Buffer.from(text)];
}

function readHeaders(block: Buffer): Record<string, string> {
  let at = 0;
  const take = (length: number): Buffer => {
    at += length;
    return block.subarray(at - length, at);
  };
  const number = (): number => take(4).readUInt32BE();
  const text = (): string => take(number()).toString();
  const found: Record<string, string> = {};
  for (let left = number(); left > 0; left--) {
    const name = text().toLowerCase();
    found[name] = text();
  }
  return found;
}

/** What goes in comes out at once: the state of the compression lasts as long as the connection. */
async function through(codec: Transform & { flush: unknown }, bytes: Buffer): Promise<Buffer> {
  await new Promise<void>((resolve, reject) =>
    codec.write(bytes, (error) => (error ? reject(error) : resolve())),
  );
  const { flush } = codec as unknown as { flush: (kind: number, done: () => void) => void };
  await new Promise<void>((resolve) => flush.call(codec, constants.Z_SYNC_FLUSH, resolve));
  return (codec.read() as Buffer | null) ?? Buffer.alloc(0);
}
