import { describe, expect, it } from "vitest";
import {
  decodeOldMessage,
  decodeOldResponse,
  decodeOldTask,
  encodeOldMessage,
  encodeOldMultiTask,
  encodeOldResponse,
  encodeOldTask,
} from "./envelope.ts";
import { readRegistration, readSubtree, writeNeighbours } from "./json-bodies.ts";
import { OLD_COMMANDS } from "./schema.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const unhex = (text: string): Uint8Array => Buffer.from(text, "hex");

const task = { destination: "api", method: "GET", uri: "/version", body: bytes("{}") };
const ok = { timestamp: 1_700_000_000, status: 200, body: bytes("ok") };
const request = { id: "job-7", command: 7, selector: "bj-1,bj-2", cluster: "", parent: "root" };
const answer = { ...request, command: 8, cluster: "bj-1" };

/** As the original program writes them. */
const VECTORS: readonly [what: string, written: Uint8Array, vector: string][] = [
  ["a task", encodeOldTask(task), "0a0361706912034745541a082f76657273696f6e22027b7d"],
  [
    "a request",
    encodeOldMessage(request, encodeOldTask(task)),
    "0a1a0a056a6f622d3710071a09626a2d312c626a2d322a04726f6f7412180a0361706912034745541a082f76657273696f6e22027b7d",
  ],
  ["an answer's inside", encodeOldResponse(ok), "0880e2cfaa0610c8011a026f6b"],
  [
    "an answer",
    encodeOldMessage(answer, encodeOldResponse(ok)),
    "0a200a056a6f622d3710081a09626a2d312c626a2d322204626a2d312a04726f6f74120d0880e2cfaa0610c8011a026f6b",
  ],
  [
    "an answer without code and body",
    encodeOldResponse({ ...ok, status: 0, body: bytes("") }),
    "0880e2cfaa06",
  ],
  [
    "a task of many bodies",
    encodeOldMultiTask({
      destination: "api",
      method: "POST",
      uri: "/api/v1/namespaces",
      bodies: [bytes("a"), bytes("b")],
    }),
    "0a036170691204504f53541a122f6170692f76312f6e616d65737061636573220161220162",
  ],
  [
    "a registration without body",
    encodeOldMessage({ command: OLD_COMMANDS.clusterRegist }),
    "0a021001",
  ],
];

describe("the protocol of 2020", () => {
  it.each(VECTORS)("writes %s byte for byte", (_, written, vector) => {
    expect(hex(written)).toBe(vector);
  });

  it("reads what it writes", () => {
    const { head, body } = decodeOldMessage(unhex(VECTORS[1]?.[2] ?? ""));
    expect(head).toEqual(request);
    const { body: inside, ...rest } = decodeOldTask(body);
    expect({ ...rest, body: Buffer.from(inside).toString() }).toEqual({ ...task, body: "{}" });
    const said = decodeOldMessage(unhex(VECTORS[3]?.[2] ?? ""));
    expect(said.head).toEqual(answer);
    const { body: text, ...codes } = decodeOldResponse(said.body);
    expect([codes, String(Buffer.from(text))]).toEqual([
      { timestamp: 1_700_000_000, status: 200 },
      "ok",
    ]);
    const silent = decodeOldResponse(unhex("0880e2cfaa06"));
    expect([silent.status, silent.body.length]).toEqual([0, 0]);
  });

  it("takes a missing head, unknown commands and unknown fields for what they are", () => {
    const nothing = { id: "", command: 0, selector: "", cluster: "", parent: "" };
    expect(decodeOldMessage(unhex("")).head).toEqual(nothing);
    expect(decodeOldMessage(unhex("120161")).head).toEqual(nothing);
    expect(decodeOldMessage(unhex("0a021063")).head.command).toBe(99);
    expect(decodeOldMessage(unhex("0a0410017801f80101")).head.command).toBe(1);
    // The old side crashes on a message without a head.
    expect(hex(encodeOldMessage({}))).toBe("0a00");
  });

  it.each(["ff", "0a", "0a05100113", "00", "0d01"])("refuses %s", (rubbish) => {
    expect(() => decodeOldMessage(unhex(rubbish))).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR" }),
    );
  });
});

describe("JSON bodies", () => {
  it("are written and read as the original does", () => {
    expect(Buffer.from(writeNeighbours({ c10: "127.0.0.1:8310" }, {})).toString()).toBe(
      '{"Childs":{"c10":"127.0.0.1:8310"},"Neighbor":{},"ParentNeighbor":null}',
    );
    const registry =
      '{"Name":"c1","UserDefineName":"c1","Listen":":8287","Time":1700000000,"ParentName":"mid"}';
    expect(readRegistration(bytes(registry))).toEqual({
      name: "c1",
      listen: ":8287",
      parent: "mid",
    });
    expect([...readSubtree(bytes('{"c1":"c1","c2":"c1","__proto__":"c1"}'))]).toEqual([
      ["c1", "c1"],
      ["c2", "c1"],
      ["__proto__", "c1"],
    ]);
    expect([...readSubtree(bytes("{}")), ...readSubtree(bytes("null"))]).toEqual([]);
  });

  it("that say something else are refused, or empty", () => {
    for (const body of ["", "[]", "7", "{", '"x"'])
      expect(() => readSubtree(bytes(body))).toThrow(
        expect.objectContaining({ code: "PROTOCOL_ERROR" }),
      );
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => [`c${at}`, "c"]));
    expect(() => readSubtree(bytes(JSON.stringify(many)))).toThrow(
      expect.objectContaining({ code: "SUBTREE_TOO_LARGE" }),
    );
    expect(readRegistration(bytes('{"Name":7,"Listen":null}'))).toEqual({
      name: "",
      listen: "",
      parent: "",
    });
  });
});

/** A damaged copy: some bytes changed, cut off or repeated, by the numbers that `next` gives. */
function damaged(data: Uint8Array, next: (below: number) => number): Uint8Array {
  const copy = Buffer.concat([data, data.subarray(0, next(data.length))]);
  for (let count = 1 + next(4); count > 0; count--) copy[next(copy.length)] = next(256);
  return copy.subarray(0, next(copy.length + 1));
}

/** The same numbers at each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("damaged messages", () => {
  it("are read or refused, and nothing else happens", () => {
    const next = numbers(2020);
    let refused = 0;
    for (let round = 0; round < 4000; round++) {
      const [, , vector = ""] = VECTORS[round % VECTORS.length] ?? [];
      const data = damaged(unhex(vector), next);
      for (const read of [decodeOldMessage, decodeOldTask, decodeOldResponse, readSubtree]) {
        try {
          read(data);
        } catch (error) {
          expect(error).toMatchObject({ code: "PROTOCOL_ERROR" });
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});
