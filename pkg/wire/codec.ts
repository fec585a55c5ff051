import protobuf from "protobufjs";
import type { Message, TaskBody } from "./message.ts";
import type { Tags } from "./names.ts";
import { PARSERS, ProtocolError, type Raw } from "./parse-message.ts";
import { protobufType } from "./protobuf.ts";
import { KINDS } from "./schema.ts";

/** Version of the envelope. A frame of another version ends the connection with `PROTOCOL_VERSION`. */
export const WIRE_VERSION = 1;
/** Largest frame in bytes that is read; larger ones end the connection before they are buffered. */
export const MAX_FRAME = 4 * 1024 * 1024;
/** Most messages in one frame. */
const MAX_MESSAGES = 4096;

const ENVELOPE = protobufType("Envelope");
const FRAME = protobufType("Frame");
/** How a `data` begins in an envelope. */
const DATA_TAG = (KINDS.data[0] << 3) | 2;
const TASK_BODY = protobufType("TaskBody");

/**
 * One message as a whole frame. Frames that are put one behind the other are again a frame, with all
 * their messages (that is how protobuf reads repeated fields), so what waits is encoded only once.
 */
export function encodeMessage(message: Message): Uint8Array {
  const writer = protobuf.Writer.create().uint32(8).uint32(WIRE_VERSION).uint32(18).fork();
  ENVELOPE.encode({ [message.kind]: withTagLists(message) }, writer);
  return writer.ldelim().finish();
}

/** Bytes of a stream up to which they are rather copied than kept with the frame in which they came. */
const COPIED = 4096;

/** The same as several pieces to be put one behind the other: many bytes of a stream are not copied for it. */
export function encodePieces(message: Message): readonly Uint8Array[] {
  if (message.kind !== "data" || message.bytes.length <= COPIED) return [encodeMessage(message)];
  const { stream, bytes } = message;
  const inner = protobuf.Writer.create().uint32(8).uint32(stream).uint32(18).uint32(bytes.length);
  const head = inner.finish();
  const size = head.length + bytes.length;
  const tag = protobuf.Writer.create().uint32(DATA_TAG).uint32(size).finish();
  const frame = protobuf.Writer.create().uint32(8).uint32(WIRE_VERSION).uint32(18);
  return [Buffer.concat([frame.uint32(tag.length + size).finish(), tag, head]), bytes];
}

/** Messages that travel together, in order. */
export function encodeFrame(messages: readonly Uint8Array[]): Uint8Array {
  const [only] = messages;
  return messages.length === 1 && only !== undefined ? only : Buffer.concat(messages);
}

/**
 * The messages of a frame, each complete and checked. A kind this version does not know is left out,
 * so that newer peers can say more. Throws a ProtocolError for anything else.
 */
export function decodeFrame(frame: Uint8Array): Message[] {
  try {
    const { version, messages } = FRAME.decode(frame) as unknown as {
      version: number;
      messages: Raw[];
    };
    if (version !== WIRE_VERSION) {
      throw new ProtocolError(
        `frame version ${version} is not ${WIRE_VERSION}`,
        "PROTOCOL_VERSION",
      );
    }
    if (messages.length > MAX_MESSAGES)
      throw new ProtocolError(`a frame has ${messages.length} messages`);
    return messages.flatMap(parse);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new ProtocolError(text, "PROTOCOL_ERROR", { cause: error });
  }
}

/** The inside of Task.body. */
export function encodeTaskBody(body: TaskBody): Uint8Array {
  return TASK_BODY.encode(body).finish();
}

/** Throws a ProtocolError if `bytes` are no TaskBody. */
export function decodeTaskBody(bytes: Uint8Array): TaskBody {
  try {
    const { destination, method, url, body, contentType } = TASK_BODY.decode(
      bytes,
    ) as unknown as TaskBody;
    return { destination, method, url, body, contentType };
  } catch (cause) {
    throw new ProtocolError("the body of a task is damaged", "PROTOCOL_ERROR", { cause });
  }
}

function parse(envelope: Raw): Message[] {
  const kind = envelope.kind as Message["kind"] | undefined;
  if (kind === undefined) return [];
  return [PARSERS[kind](envelope[kind] as Raw)];
}

/** Tags travel as a list of pairs, because map keys such as "__proto__" are no safe property names. */
function withTagLists(message: Message): object {
  if (message.kind === "hello") return { ...message, tags: tagList(message.tags) };
  if (message.kind === "routes") {
    return {
      ...message,
      changed: message.changed.map((route) => ({ ...route, tags: tagList(route.tags) })),
    };
  }
  return message;
}

function tagList(tags: Tags): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
