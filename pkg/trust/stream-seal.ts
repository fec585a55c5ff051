import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { type AgreementKey, agreed, newAgreementKey, shownAgreementKey } from "./agreement-keys.ts";
import { TrustError } from "./trust-error.ts";

/** The first byte of what is sealed this way. */
const FORM = 1;
const KEY = 32;
const TAG = 16;
const LENGTH = 4;
/** What a frame holds. */
const DATA = 0;
const END = 1;
/** From the next frame on another key counts. */
const NEXT_KEY = 2;
/** Bytes of plain text in one frame, so that it fits into one message with all that is around it. */
const MAX_PLAIN = 32 * 1024 - LENGTH - TAG - 1;
const MAX_FRAME = 32 * 1024;

/** So many bytes longer is a head that is sealed. */
export const SEAL_OVERHEAD = 1 + KEY + TAG;

/** A part of what the other end has said. */
export interface OpenedPiece {
  readonly bytes: Uint8Array;
  /** How many sealed bytes it came in. */
  readonly cost: number;
  readonly isEnd: boolean;
}

/** The two ends of a stream, as both must name them. */
export interface SealedEnds {
  readonly entry: string;
  readonly target: string;
}

/**
 * Encryption of one stream from end to end, so that the tiers between can neither read nor change it. The entry knows the
 * cluster's key from its certificate, and signs the opening; who holds that key can read it, and nobody else can answer. Once
 * the answer is there both directions use keys that nobody can find later, not with the keys of the ends either. Each end has one;
 * it knows no streams. Every method throws a TrustError `FORGED` for what the other end has not said.
 */
export class StreamSeal {
  readonly #own: AgreementKey;
  readonly #salt: Uint8Array;
  readonly #first: Uint8Array;
  #send: Direction | undefined;
  #receive: Direction | undefined;
  #next: Direction | undefined;
  #later: { readonly answer: Direction; readonly up: Direction } | undefined;
  /** What has come of a frame that is not whole, and how many bytes are needed to go on. */
  #parts: Uint8Array[] = [];
  #had = 0;
  #needed = LENGTH;
  #isOver = false;

  private constructor(own: AgreementKey, first: Uint8Array, salt: Uint8Array) {
    this.#own = own;
    this.#first = first;
    this.#salt = salt;
  }

  /** Begins at the entry: the head, sealed for the cluster whose Ed25519 key is `target`. */
  static begin(
    target: KeyObject,
    ends: SealedEnds,
    head: Uint8Array,
  ): { readonly seal: StreamSeal; readonly head: Uint8Array } {
    const own = newAgreementKey();
    const theirs = shownAgreementKey(target);
    const first = agreed(own, theirs);
    const seal = new StreamSeal(own, first, saltOf(ends, own.shown, theirs));
    const sealed = seal.#direction("head", first).seal(head);
    seal.#send = seal.#direction("down 0", first);
    return { seal, head: joined(own.shown, ...sealed) };
  }

  /** Begins at the cluster whose own key is `key`: the head as the entry has said it. */
  static accept(
    key: AgreementKey,
    ends: SealedEnds,
    sealed: Uint8Array,
  ): { readonly seal: StreamSeal; readonly head: Uint8Array } {
    const [shown, rest] = parted(sealed);
    const first = checked(() => agreed(key, shown));
    const own = newAgreementKey();
    const seal = new StreamSeal(own, first, saltOf(ends, shown, key.shown));
    const head = seal.#direction("head", first).open(rest);
    seal.#receive = seal.#direction("down 0", first);
    seal.#prepare(shown, own.shown);
    return { seal, head };
  }

  /** At the cluster: the head of the answer, sealed. What is sent can be sealed from then on. */
  answer(head: Uint8Array): Uint8Array {
    const { answer, up } = this.#later ?? {};
    if (answer === undefined) throw new TypeError("Cannot answer at the entry");
    this.#send = up;
    return joined(this.#own.shown, ...answer.seal(head));
  }

  /** At the entry: the head of the answer as the cluster has said it. */
  answered(sealed: Uint8Array): Uint8Array {
    const [shown, rest] = parted(sealed);
    if (this.#receive !== undefined) throw forged("a stream is answered twice");
    this.#prepare(shown, shown);
    const { answer, up } = this.#later ?? {};
    const head = answer?.open(rest) ?? new Uint8Array();
    this.#receive = up;
    return head;
  }

  /** `bytes` as they go over the stream. */
  seal(bytes: Uint8Array): Uint8Array {
    const frames = this.#changeKey();
    for (let at = 0; at < bytes.length; at += MAX_PLAIN)
      frames.push(...this.#frame(DATA, bytes.subarray(at, at + MAX_PLAIN)));
    return Buffer.concat(frames);
  }

  /** What says that nothing follows: an end without it was cut. */
  end(): Uint8Array {
    return Buffer.concat([...this.#changeKey(), ...this.#frame(END, new Uint8Array())]);
  }

  /** What has arrived, in pieces; what is not whole yet waits for the rest. */
  open(bytes: Uint8Array): readonly OpenedPiece[] {
    this.#parts.push(bytes);
    this.#had += bytes.length;
    // However small the parts are in which a frame comes, it is put together once.
    if (this.#had < this.#needed) return [];
    let rest = this.#parts.length === 1 ? bytes : Buffer.concat(this.#parts);
    const pieces: OpenedPiece[] = [];
    this.#needed = LENGTH;
    while (rest.length >= LENGTH) {
      this.#needed = LENGTH + new DataView(rest.buffer, rest.byteOffset).getUint32(0);
      if (this.#needed > MAX_FRAME) throw forged("a frame of a stream is too long");
      if (rest.length < this.#needed) break;
      pieces.push(this.#piece(rest.subarray(LENGTH, this.#needed), this.#needed));
      rest = rest.subarray(this.#needed);
      this.#needed = LENGTH;
    }
    this.#parts = rest.length === 0 ? [] : [Uint8Array.from(rest)];
    this.#had = rest.length;
    return pieces;
  }

  #piece(sealed: Uint8Array, cost: number): OpenedPiece {
    if (this.#receive === undefined || this.#isOver) throw forged("a stream goes on after its end");
    const plain = this.#receive.open(sealed);
    const [kind] = plain;
    if (kind === NEXT_KEY) {
      if (this.#next === undefined) throw forged("a stream changes its key twice");
      this.#receive = this.#next;
      this.#next = undefined;
    }
    this.#isOver = kind === END;
    return { bytes: plain.subarray(1), cost, isEnd: this.#isOver };
  }

  /** A frame, in parts. */
  #frame(kind: number, bytes: Uint8Array): Uint8Array[] {
    if (this.#send === undefined) throw new TypeError("Cannot send before there is an answer");
    const sealed = this.#send.seal(Uint8Array.of(kind), bytes);
    const length = new Uint8Array(LENGTH);
    new DataView(length.buffer).setUint32(0, 1 + bytes.length + TAG);
    return [length, ...sealed];
  }

  /** At the entry, once there is an answer: the key that nobody can find later. */
  #changeKey(): Uint8Array[] {
    const isEntry = this.#receive !== undefined && this.#receive === this.#later?.up;
    if (!isEntry || this.#next === undefined) return [];
    const frame = this.#frame(NEXT_KEY, new Uint8Array());
    this.#send = this.#next;
    this.#next = undefined;
    return frame;
  }

  /** Keys from all there is: `theirs` is what the other end has shown, `answering` the cluster's for this stream. */
  #prepare(theirs: Uint8Array, answering: Uint8Array): void {
    const second = checked(() => agreed(this.#own, theirs));
    const both = Buffer.concat([this.#first, second, answering]);
    this.#later = { answer: this.#direction("answer", both), up: this.#direction("up", both) };
    this.#next = this.#direction("down 1", both);
  }

  #direction(purpose: string, secret: Uint8Array): Direction {
    return new Direction(new Uint8Array(hkdfSync("sha256", secret, this.#salt, purpose, KEY)));
  }
}

/** One key, with which each frame is sealed once (AES-256-GCM; the nonce counts). */
class Direction {
  readonly #key: KeyObject;
  #count = 0;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  /** The sealed text of all of `plain` together, in parts: nothing is copied more often than it must be. */
  seal(...plain: readonly Uint8Array[]): Uint8Array[] {
    const cipher = createCipheriv("aes-256-gcm", this.#key, this.#nonce());
    const sealed: Uint8Array[] = plain.map((bytes) => cipher.update(bytes));
    // In this mode there is nothing left for the end.
    cipher.final();
    return [...sealed, cipher.getAuthTag()];
  }

  open(sealed: Uint8Array): Uint8Array {
    if (sealed.length < TAG) throw forged("a stream holds what is not sealed");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, this.#nonce());
    decipher.setAuthTag(sealed.subarray(-TAG));
    const plain = decipher.update(sealed.subarray(0, -TAG));
    try {
      decipher.final();
    } catch {
      throw forged("a stream was changed on its way");
    }
    return plain;
  }

  #nonce(): Uint8Array {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setBigUint64(4, BigInt(this.#count++));
    return nonce;
  }
}

function saltOf({ entry, target }: SealedEnds, shown: Uint8Array, key: Uint8Array): Uint8Array {
  const names = JSON.stringify(["ote-seal/1", entry, target]);
  return createHash("sha256").update(names).update(shown).update(key).digest();
}

function joined(shown: Uint8Array, ...sealed: Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(FORM), shown, ...sealed]);
}

function parted(bytes: Uint8Array): readonly [shown: Uint8Array, sealed: Uint8Array] {
  if (bytes[0] !== FORM || bytes.length < 1 + KEY + TAG) throw forged("a stream is not sealed");
  return [bytes.subarray(1, 1 + KEY), bytes.subarray(1 + KEY)];
}

function checked<T>(compute: () => T): T {
  try {
    return compute();
  } catch {
    throw forged("a stream begins with a key that is none");
  }
}

function forged(what: string): TrustError {
  return new TrustError("FORGED", `Cannot believe a stream: ${what}`);
}
