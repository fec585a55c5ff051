import { OteError } from "./errors.ts";

/** A stream of JSON lines holds something that is not one, or a line beyond all measure. */
export class BadLineError extends OteError {
  readonly code = "BAD_LINE";
  constructor(why: string, cause?: unknown) {
    super(`Cannot read a stream of lines: ${why}`, { cause });
  }
}

const NEWLINE = 0x0a;

/** The values of a stream with one JSON text in each line, however the stream is cut into chunks. */
export async function* jsonLines(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<unknown, void, void> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(parts).toString("utf8");
      parts = [];
      size = 0;
      if (line.trim() !== "") yield parsed(line);
    }
    size += chunk.length - start;
    if (size > maxLineBytes) throw new BadLineError(`a line is longer than ${maxLineBytes} bytes`);
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  // A last line without its end was cut off with the connection: it will come again.
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new BadLineError(`a line is not JSON: ${JSON.stringify(line.slice(0, 40))}`, error);
  }
}
