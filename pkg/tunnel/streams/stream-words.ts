import type { Close, Credit, Data, Message, Open, Opened } from "../../wire/message.ts";
import { MAX_STREAM_DATA } from "../../wire/parse-message.ts";

/** What is said on a stream once it has begun. */
export type StreamMessage = Opened | Data | Credit | Close;
/** The same before it is known which number the stream has on a link. */
export type StreamWords =
  | Omit<Opened, "stream">
  | Omit<Data, "stream">
  | Omit<Credit, "stream">
  | Omit<Close, "stream">;

/** Bytes that each side may have on their way before the other has taken them. */
export const STREAM_WINDOW = 256 * 1024;
/** Bytes in one message: small, so that many streams share a link fairly. */
export const STREAM_CHUNK = Math.min(32 * 1024, MAX_STREAM_DATA);

const KINDS = new Set<Message["kind"]>(["open", "opened", "data", "credit", "close"]);

/** Whether a message belongs to streams. */
export function isOfStreams(message: Message): message is Open | StreamMessage {
  return KINDS.has(message.kind);
}
