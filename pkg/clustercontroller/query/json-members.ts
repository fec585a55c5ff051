import { ClusterFailedError } from "./failure.ts";

/** Bytes of one row, and of everything beside the rows together. */
export const MAX_ROW_BYTES = 4 * 1024 * 1024;
/** How deep an answer may be nested. */
const MAX_NESTING = 200;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const LIST_MEMBER = /^\s*"(rows|items)"\s*:\s*$/;

/**
 * Reads a JSON object while it comes: the elements of its member `rows` or `items` one by one, as text, and
 * all other members when they are complete. It holds no more than one element at a time.
 */
export class JsonMembers {
  /** The members that are complete, but for the list. */
  readonly members = new Map<string, unknown>();
  /** The member whose elements are told; undefined until it has begun. */
  list: "rows" | "items" | undefined;
  #depth = 0;
  #isInList = false;
  /** The member whose elements were told has nothing more. */
  #isAfterList = false;
  /** In the list: an element must follow. */
  #isAfterComma = false;
  #isInString = false;
  #isEscaped = false;
  #isOver = false;
  /** What is complete of the present element or member. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #memberBytes = 0;

  /** Bytes that are held of what is not complete. */
  get held(): number {
    return this.#partBytes;
  }

  /** The elements that are complete with these bytes. Throws a ClusterFailedError. */
  feed(chunk: Uint8Array): string[] {
    const found: string[] = [];
    let start = this.#depth === 0 ? -1 : 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#isInString) this.#passString(byte);
      else if (this.#takes(byte, chunk, start, at, found)) start = this.#depth === 0 ? -1 : at + 1;
    }
    if (start >= 0) this.#hold(chunk.subarray(start));
    return found;
  }

  /** The answer has ended. Throws a ClusterFailedError if it is not complete. */
  end(): void {
    if (!this.#isOver) throw invalid("it ends in the middle");
  }

  /** Looks at one byte outside of texts; true if something begins behind it. */
  #takes(byte: number, chunk: Uint8Array, start: number, at: number, found: string[]): boolean {
    if (byte === QUOTE) this.#isInString = true;
    if (this.#depth === 0) return this.#begins(byte);
    if (byte === OPEN_BRACE || byte === OPEN_LIST)
      return this.#opens(byte, chunk.subarray(start, at));
    if (byte !== CLOSE_BRACE && byte !== CLOSE_LIST && byte !== COMMA) return false;
    if (!this.#ends(byte)) return false;
    this.#hold(chunk.subarray(start, at));
    if (this.#isInList) this.#completeElement(byte, found);
    else this.#completeMember(byte);
    return true;
  }

  #passString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInString = false;
  }

  /** True if the object begins here. */
  #begins(byte: number): boolean {
    if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return false;
    if (this.#isOver) throw invalid("something follows its end");
    if (byte !== OPEN_BRACE) throw invalid("it is no JSON object");
    this.#depth = 1;
    return true;
  }

  /** True if the list begins here. */
  #opens(byte: number, text: Uint8Array): boolean {
    this.#depth++;
    if (this.#depth > MAX_NESTING) throw invalid("it is nested too deep");
    if (byte !== OPEN_LIST || this.#depth !== 2 || this.list !== undefined) return false;
    if (text.length + this.#partBytes > 64) return false;
    const [, name] = LIST_MEMBER.exec(this.#text(text)) ?? [];
    if (name === undefined) return false;
    this.list = name as "rows" | "items";
    this.#isInList = true;
    this.#drop();
    return true;
  }

  /** True if an element or a member ends here. */
  #ends(byte: number): boolean {
    const level = this.#isInList ? 2 : 1;
    if (this.#depth === level) return true;
    if (byte !== COMMA) this.#depth--;
    return false;
  }

  #completeElement(byte: number, found: string[]): void {
    const text = this.#text();
    this.#drop();
    if (byte === CLOSE_BRACE) throw invalid("a list is not closed");
    if (text.trim() !== "") found.push(text);
    else if (byte === COMMA || this.#isAfterComma) throw invalid("an element is empty");
    this.#isAfterComma = byte === COMMA;
    if (byte === COMMA) return;
    this.#depth = 1;
    this.#isInList = false;
    this.#isAfterList = true;
  }

  #completeMember(byte: number): void {
    const text = this.#text();
    this.#memberBytes += this.#partBytes;
    if (this.#memberBytes > MAX_ROW_BYTES) throw tooLarge();
    this.#drop();
    if (text.trim() !== "") this.#keep(text);
    else if (!this.#isAfterList && (byte === COMMA || this.members.size > 0))
      throw invalid("a member is empty");
    this.#isAfterList = false;
    if (byte === CLOSE_LIST) throw invalid("an object is not closed");
    if (byte === COMMA) return;
    this.#depth = 0;
    this.#isOver = true;
  }

  #keep(text: string): void {
    if (this.#isAfterList) throw invalid("something follows its list");
    const member = parsed(`{${text}}`) as object;
    for (const [name, value] of Object.entries(member)) this.members.set(name, value);
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#partBytes += bytes.length;
    if (this.#partBytes > MAX_ROW_BYTES) throw tooLarge();
  }

  #text(rest?: Uint8Array): string {
    return Buffer.concat(rest === undefined ? this.#parts : [...this.#parts, rest]).toString();
  }

  #drop(): void {
    this.#parts = [];
    this.#partBytes = 0;
  }
}

/** The value of a JSON text. Throws a ClusterFailedError. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`it is no JSON: ${JSON.stringify(text.slice(0, 60))}`);
  }
}

/** An answer that is not what was asked for. */
export function invalid(what: string): ClusterFailedError {
  return new ClusterFailedError("InvalidAnswer", `Cannot read the answer: ${what}`);
}

function tooLarge(): ClusterFailedError {
  const text = `an object in the answer is larger than ${MAX_ROW_BYTES} bytes`;
  return new ClusterFailedError("TooLarge", text);
}
