import protobuf from "protobufjs/minimal.js";
import { expect, it } from "vitest";
import { apiVersionOf } from "../../apis/object.ts";
import { BUILTIN_TYPES } from "../types/builtin-types.ts";
import { decodeProtobuf } from "./protobuf-body.ts";

type Write = (writer: protobuf.Writer) => protobuf.Writer;

const LEASE = ["coordination.k8s.io/v1", "Lease"] as const;
const MAP = ["v1", "ConfigMap"] as const;
const MAGIC = Buffer.from("k8s\0");

it("reads texts, numbers and times, and passes over what it does not know", () => {
  const spec = message((writer) =>
    text(writer, 1, "")
      .uint32(tag(2, 0))
      .int32(-1)
      .uint32(tag(4, 2))
      .bytes(message((time) => time.uint32(tag(1, 0)).int64(1).uint32(tag(2, 0)).int32(2_000)))
      .uint32(tag(3, 2))
      .bytes(new Uint8Array())
      .uint32(tag(77, 2))
      .string("from the future")
      .uint32(tag(78, 1))
      .double(1)
      .uint32(tag(79, 5))
      .fixed32(1)
      .uint32(tag(80, 3))
      .uint32(tag(1, 0))
      .int32(1)
      .uint32(tag(80, 4)),
  );
  expect(read(LEASE, (writer) => part(writer, 2, spec))).toEqual({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    spec: {
      holderIdentity: "",
      leaseDurationSeconds: -1,
      acquireTime: null,
      renewTime: "1970-01-01T00:00:01.000002Z",
    },
  });
});

it("reads numbers of a list that stand in one field, or in a field each", () => {
  const groups = message((writer) => writer.int64(0).int64(7));
  const context = message((writer) => part(writer, 4, groups).uint32(tag(4, 0)).int64(8));
  const spec = message((writer) => part(writer, 14, context));
  expect(read(["v1", "Pod"], (writer) => part(writer, 2, spec))).toMatchObject({
    spec: { securityContext: { supplementalGroups: [0, 7, 8] } },
  });
});

it("reads an envelope, or JSON, inside of an object", () => {
  const inner = Buffer.concat([MAGIC, envelope(MAP, (writer) => entry(writer, "a", "b"))]);
  const revision = ["apps/v1", "ControllerRevision"] as const;
  const data = (raw: Uint8Array) =>
    read(revision, (writer) =>
      writer.uint32(tag(2, 2)).bytes(message((json) => part(json, 1, raw))),
    );
  expect(data(inner)).toMatchObject({ data: { kind: "ConfigMap", data: { a: "b" } } });
  expect(data(Buffer.from('{"x":[1]}'))).toMatchObject({ data: { x: [1] } });
  expect(() => data(Buffer.from("{"))).toThrow("not valid protobuf");
});

it("knows a message of every builtin kind, and of what is sent to their subresources", () => {
  const kinds = BUILTIN_TYPES.map((type): [string, string] => [apiVersionOf(type), type.kind]);
  const others: [string, string][] = [
    ["v1", "Binding"],
    ["policy/v1", "Eviction"],
    ["policy/v1beta1", "Eviction"],
    ["autoscaling/v1", "Scale"],
    ["authentication.k8s.io/v1", "TokenRequest"],
  ];
  for (const [apiVersion, kind] of [...kinds, ...others])
    expect(read([apiVersion, kind], (writer) => writer)).toEqual({ apiVersion, kind });
});

it("takes the options of a deletion from every group", () => {
  for (const apiVersion of ["v1", "apps/v1", "example.com/v1"])
    expect(read([apiVersion, "DeleteOptions"], (writer) => text(writer, 4, "Orphan"))).toEqual({
      apiVersion,
      kind: "DeleteOptions",
      propagationPolicy: "Orphan",
    });
});

/** A schema in which "not" stands in "not", so often. */
function deep(levels: number): Uint8Array {
  let schema: Uint8Array = new Uint8Array();
  for (let level = 0; level < levels; level++) {
    const inner = schema;
    schema = message((writer) => part(writer, 28, inner));
  }
  return [1, 4, 7].reduce((bytes, field) => message((w) => part(w, field, bytes)), schema);
}
const CRD = ["apiextensions.k8s.io/v1", "CustomResourceDefinition"] as const;
const raw = (bytes: Uint8Array) => () => decodeProtobuf(Buffer.concat([MAGIC, bytes]));

it.each<[string, () => unknown, string]>([
  ["a message that ends early", raw(Buffer.of(0x0a, 0x50, 0x00)), "not valid protobuf"],
  ["a field without end", raw(Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f)), "not valid protobuf"],
  ["a number as text", () => read(LEASE, (w) => w.uint32(tag(2, 0)).int32(1)), "wire type 0"],
  ["a text as number", () => read(MAP, (w) => text(w, 4, "x")), "wire type 2"],
  ["field 0", () => read(MAP, (w) => w.uint32(tag(0, 0)).int32(1)), "not valid protobuf"],
  ["a prototype", () => read(MAP, (w) => entry(w, "__proto__", "x")), "__proto__"],
  [
    "a year that nobody has",
    () =>
      read(LEASE, (w) =>
        part(
          w,
          2,
          message((spec) =>
            part(
              spec,
              4,
              message((time) => time.uint32(8).int64(1e15)),
            ),
          ),
        ),
      ),
    "out of range",
  ],
  ["what is nested too deep", () => read(CRD, (w) => part(w, 2, deep(2_000))), "nested deeper"],
])("refuses %s as a bad request", (_what, act, words) => {
  expect(act).toThrow(expect.objectContaining({ reason: "BadRequest" }));
  expect(act).toThrow(words);
});

it("refuses kinds without a message, in builtin groups and others", () => {
  for (const [apiVersion, kind] of [
    ["example.com/v1", "Widget"],
    ["apps.example.com/v1", "Deployment"],
    ["apps/v9", "Deployment"],
    ["constructor", "toString"],
    ["v1", "constructor"],
  ] as const)
    expect(() => read([apiVersion, kind], (writer) => writer)).toThrow(
      expect.objectContaining({ reason: "UnsupportedMediaType" }),
    );
});

function read(kind: readonly [string, string], write: Write): unknown {
  return decodeProtobuf(Buffer.concat([MAGIC, envelope(kind, write)]));
}

function envelope([apiVersion, kind]: readonly [string, string], write: Write): Uint8Array {
  const typeMeta = message((writer) => text(text(writer, 1, apiVersion), 2, kind));
  return message((writer) => part(part(writer, 1, typeMeta), 2, message(write)));
}

function message(write: Write): Uint8Array {
  return write(new protobuf.Writer()).finish();
}

function part(writer: protobuf.Writer, field: number, bytes: Uint8Array): protobuf.Writer {
  return writer.uint32(tag(field, 2)).bytes(bytes);
}

function text(writer: protobuf.Writer, field: number, value: string): protobuf.Writer {
  return writer.uint32(tag(field, 2)).string(value);
}

/** One entry of a ConfigMap's data. */
function entry(writer: protobuf.Writer, key: string, value: string): protobuf.Writer {
  const pair = message((inner) => text(text(inner, 1, key), 2, value));
  return part(writer, 2, pair);
}

function tag(field: number, wire: number): number {
  return (field << 3) | wire;
}
