import { describe, expect, it } from "vitest";
import { JsonMembers, MAX_ROW_BYTES } from "./json-members.ts";

/** Reads `text` in pieces of `size` bytes. */
function read(text: string, size = text.length) {
  const json = new JsonMembers();
  const bytes = Buffer.from(text);
  const elements: string[] = [];
  for (let at = 0; at < bytes.length; at += size)
    elements.push(...json.feed(bytes.subarray(at, at + size)));
  json.end();
  return { elements: elements.map((one) => JSON.parse(one)), members: [...json.members], json };
}

const TABLE = {
  kind: "Table",
  metadata: { continue: 'a"],}\\' },
  columnDefinitions: [{ name: "Name", rows: [1] }],
  rows: [
    { cells: ["a,]}", 1, null, { deep: [[]] }] },
    { cells: ['\\"', "ü€𝄞", "\u0000"], object: { rows: [1, 2] } },
    [],
    7,
  ],
  last: true,
};

describe("JsonMembers", () => {
  it.each([1, 2, 3, 7, 64, 100_000])("reads a table in pieces of %i bytes", (size) => {
    for (const text of [JSON.stringify(TABLE), JSON.stringify(TABLE, undefined, 2)]) {
      const { elements, members } = read(text, size);
      const { rows, ...rest } = TABLE;
      expect([elements, Object.fromEntries(members)]).toEqual([rows, rest]);
    }
  });

  it("reads an object without a list", () => {
    expect(read('{"a":{"rows":[1]},"b":"rows"}').members).toEqual([
      ["a", { rows: [1] }],
      ["b", "rows"],
    ]);
    expect(read(" {} \n").members).toEqual([]);
    expect(read('{"rows":null,"items":{}}').members).toHaveLength(2);
    expect(read('{"items":[]}').json.list).toBe("items");
  });

  it.each([
    "",
    "[]",
    "1",
    '{"a":1',
    '{"rows":[{}',
    '{"rows":[{}]',
    '{"rows":[{}}',
    '{"rows":[1,]',
    '{"rows":[,1]}',
    '{"a":1]',
    '{"a":1}}',
    '{"a":1}{"a":1}',
    '{"a":1,,}',
    '{"a"}',
    '{"a":"',
    "rubbish",
    `{"a":${"[".repeat(300)}`,
  ])("refuses %j", (text) => {
    expect(() => read(text, 2)).toThrow(expect.objectContaining({ reason: "InvalidAnswer" }));
  });

  it("holds one element at a time, and no more than it may", () => {
    const json = new JsonMembers();
    json.feed(Buffer.from('{"rows":['));
    const row = Buffer.from(`{"cells":["${"x".repeat(100_000)}"]},`);
    for (let i = 0; i < 200; i++) {
      expect(json.feed(row)).toHaveLength(1);
      expect(json.held).toBe(0);
    }
    const endless = Buffer.alloc(100_000, "x");
    json.feed(Buffer.from('{"cells":["'));
    const more = () => {
      for (let i = 0; i <= MAX_ROW_BYTES / endless.length; i++) json.feed(endless);
    };
    expect(more).toThrow(expect.objectContaining({ reason: "TooLarge" }));
  });

  it("does not let members beside the rows grow", () => {
    const json = new JsonMembers();
    json.feed(Buffer.from("{"));
    const more = () => {
      for (let i = 0; i < 100; i++) json.feed(Buffer.from(`"a${i}":"${"x".repeat(100_000)}",`));
    };
    expect(more).toThrow(expect.objectContaining({ reason: "TooLarge" }));
  });
});
