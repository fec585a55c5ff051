import { describe, expect, it } from "vitest";
import { jsonLines } from "./json-lines.ts";

async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(text: string, size: number, limit = 1000): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonLines(chunksOf(text, size), limit)) values.push(value);
  return values;
}

describe("jsonLines", () => {
  const text = `${[{ a: "ä€😀" }, 1, "x"].map((value) => JSON.stringify(value)).join("\n")}\n`;

  it.each([1, 2, 3, 7, 1000])("reads the same from chunks of %i bytes", async (size) => {
    expect(await all(text, size)).toEqual([{ a: "ä€😀" }, 1, "x"]);
  });

  it("skips empty lines, and a last line that was cut off", async () => {
    expect(await all('1\n\r\n\n2\n{"a":', 3)).toEqual([1, 2]);
  });

  it("refuses a line that is longer than the limit before it has all of it", async () => {
    await expect(all(`"${"x".repeat(5000)}`, 100)).rejects.toMatchObject({
      code: "BAD_LINE",
      message: "Cannot read a stream of lines: a line is longer than 1000 bytes",
    });
  });

  it("refuses a line that is not JSON and shows its beginning", async () => {
    await expect(all("<html>\n", 100)).rejects.toThrow('a line is not JSON: "<html>"');
  });
});
