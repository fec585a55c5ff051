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
    '{"rows":[1,]}',
    '{"rows":[,1]}',
    '{"rows":[1]"a":1}',
    '{"rows":[1] 1}',
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

/** The same numbers from the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const LEAVES = [1, -2.5e3, "x", 'a"\\]},', null, true, "é𝄞", ""];
const KEYS = ["kind", "rows", "items", "b c", 'q"'];
const SIGNS = ['"', "{", "}", "[", "]", ",", ":", "\\", "1", " "];

function value(next: (below: number) => number, depth: number): unknown {
  if (depth === 0) return LEAVES[next(LEAVES.length)];
  const parts = Array.from({ length: next(3) }, () => value(next, depth - 1));
  if (next(3) === 0) return parts;
  return Object.fromEntries(parts.map((part) => [KEYS[next(KEYS.length)], part]));
}

/** A JSON object, of which one sign may be lost, changed or added. */
function document(next: (below: number) => number): string {
  const members = Array.from({ length: next(5) }, () => [KEYS[next(3)], value(next, next(4))]);
  const text = JSON.stringify(Object.fromEntries(members), undefined, next(2));
  const at = next(text.length);
  const sign = SIGNS[next(SIGNS.length)];
  const changed = [
    text,
    text.slice(0, at) + text.slice(at + 1),
    text.slice(0, at) + sign + text.slice(at + 1),
    text.slice(0, at) + sign + text.slice(at),
  ][next(4)] as string;
  // What is no Unicode any more becomes so.
  return Buffer.from(changed).toString();
}

function objectIn(text: string): unknown {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && !Array.isArray(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

it("takes what JSON.parse takes, and nothing else", () => {
  const taken = { good: 0, bad: 0 };
  for (let seed = 0; seed < 5000; seed++) {
    const next = numbers(seed);
    const text = document(next);
    const expected = objectIn(text);
    if (expected === undefined) {
      taken.bad++;
      expect(() => read(text, 1 + next(9)), text).toThrow();
      continue;
    }
    taken.good++;
    const { elements, members, json } = read(text, 1 + next(9));
    const found = json.list === undefined ? {} : { [json.list]: elements };
    expect({ ...Object.fromEntries(members), ...found }, text).toEqual(expected);
  }
  expect(Math.min(taken.good, taken.bad)).toBeGreaterThan(1000);
});
