import protobuf from "protobufjs";
import { ProtocolError } from "../wire/parse-message.ts";
import { OLD_SCHEMA } from "./schema.ts";

/** The head of an old message; what is absent on the wire is empty here. */
export interface OldHead {
  readonly id: string;
  /** One of OLD_COMMANDS, or a number that nobody knows. */
  readonly command: number;
  readonly selector: string;
  readonly cluster: string;
  readonly parent: string;
}

/** One message as an old peer sends it. */
export interface OldMessage {
  readonly head: OldHead;
  readonly body: Uint8Array;
}

/** What an old cluster is asked to do. */
export interface OldTask {
  readonly destination: string;
  readonly method: string;
  readonly uri: string;
  readonly body: Uint8Array;
}

/** The same for several bodies, one after the other; nobody answers it. */
export interface OldMultiTask extends Omit<OldTask, "body"> {
  readonly bodies: readonly Uint8Array[];
}

/** What came of an OldTask. */
export interface OldResponse {
  /** Seconds since 1970 on the executing side. */
  readonly timestamp: number;
  /** HTTP code; 0 if the cluster's API gave no answer. */
  readonly status: number;
  readonly body: Uint8Array;
}

const root = protobuf.Root.fromJSON({
  nested: {
    clustermessage: { nested: Object.fromEntries(Object.entries(OLD_SCHEMA).map(typeOf)) },
  },
});

const MESSAGE = root.lookupType("clustermessage.ClusterMessage");
const TASK = root.lookupType("clustermessage.ControllerTask");
const MULTI_TASK = root.lookupType("clustermessage.ControlMultiTask");
const RESPONSE = root.lookupType("clustermessage.ControllerTaskResponse");

type Raw = Readonly<Record<string, unknown>>;

/** A message with a head, which old peers cannot do without. */
export function encodeOldMessage(
  head: Partial<OldHead>,
  body: Uint8Array = new Uint8Array(),
): Uint8Array {
  const { id, command, selector, cluster, parent } = head;
  const fields = {
    MessageID: id,
    Command: command,
    ClusterSelector: selector,
    ClusterName: cluster,
    ParentClusterName: parent,
  };
  return MESSAGE.encode({ Head: present(fields), ...present({ Body: body }) }).finish();
}

/** Throws a ProtocolError for what is no message; a missing head is an empty one. */
export function decodeOldMessage(frame: Uint8Array): OldMessage {
  const { Head, Body } = decode(MESSAGE, frame, "the frame");
  const head = (Head ?? {}) as Raw;
  return {
    head: {
      id: String(head.MessageID ?? ""),
      command: Number(head.Command ?? 0),
      selector: String(head.ClusterSelector ?? ""),
      cluster: String(head.ClusterName ?? ""),
      parent: String(head.ParentClusterName ?? ""),
    },
    body: Body as Uint8Array,
  };
}

export function encodeOldTask({ destination, method, uri, body }: OldTask): Uint8Array {
  const fields = { Destination: destination, Method: method, URI: uri, Body: body };
  return TASK.encode(present(fields)).finish();
}

/** Throws a ProtocolError. */
export function decodeOldTask(bytes: Uint8Array): OldTask {
  const { Destination, Method, URI, Body } = decode(TASK, bytes, "a task");
  return {
    destination: String(Destination),
    method: String(Method),
    uri: String(URI),
    body: Body as Uint8Array,
  };
}

export function encodeOldMultiTask(task: OldMultiTask): Uint8Array {
  const { destination, method, uri, bodies } = task;
  const fields = present({ Destination: destination, Method: method, URI: uri });
  return MULTI_TASK.encode({ ...fields, Body: bodies }).finish();
}

export function encodeOldResponse({ timestamp, status, body }: OldResponse): Uint8Array {
  return RESPONSE.encode(
    present({ Timestamp: timestamp, StatusCode: status, Body: body }),
  ).finish();
}

/** Throws a ProtocolError. */
export function decodeOldResponse(bytes: Uint8Array): OldResponse {
  const { Timestamp, StatusCode, Body } = decode(RESPONSE, bytes, "an answer");
  // 64 bits are an object where a library for them is installed.
  return {
    timestamp: Number(String(Timestamp)),
    status: Number(StatusCode),
    body: Body as Uint8Array,
  };
}

function decode(type: protobuf.Type, bytes: Uint8Array, what: string): Raw {
  try {
    return type.decode(bytes) as unknown as Raw;
  } catch (cause) {
    throw new ProtocolError(`${what} is no message of OTE-Stack 2020`, "PROTOCOL_ERROR", { cause });
  }
}

/** Values other than zero: the only ones that are on the wire. */
function present(fields: Raw): Record<string, unknown> {
  const isPresent = (value: unknown): boolean =>
    value instanceof Uint8Array ? value.length > 0 : Boolean(value);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isPresent(value)));
}

function typeOf([name, fields]: [string, (typeof OLD_SCHEMA)[string]]): [string, protobuf.IType] {
  const all = Object.entries(fields).map(([field, [id, type]]) => [field, fieldOf(id, type)]);
  return [name, { fields: Object.fromEntries(all) }];
}

function fieldOf(id: number, type: string): protobuf.IField {
  return type.endsWith("[]") ? { id, type: type.slice(0, -2), rule: "repeated" } : { id, type };
}
