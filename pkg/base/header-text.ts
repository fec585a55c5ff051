const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * A text as the value of an HTTP header in Node, which takes one character for each byte. What travels is UTF-8, as
 * Go writes and reads it: a name must not become another one on its way.
 */
export function toHeader(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** The text of a header's value as Node gives it: bytes that are no UTF-8 stay one character each. */
export function fromHeader(value: string): string {
  try {
    return UTF8.decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}
