import type { HeaderList, ProxyAnswer, ProxyRequest } from "../../apis/cluster-proxy.ts";
import { StreamEndedError } from "../../tunnel/streams/stream-ended-error.ts";
import { MAX_STREAM_HEAD } from "../../wire/parse-message.ts";

/** A request to the API behind a shim; without a user it is the controller's own, made as the shim itself. */
export type ShimRequest = Omit<ProxyRequest, "user"> & Partial<Pick<ProxyRequest, "user">>;

/** A request as a stream begins with it. Throws `HEAD_TOO_LARGE`. */
export function encodeRequest({ method, path, headers, user }: ShimRequest): Uint8Array {
  const head = encode({ method, path, headers, ...(user === undefined ? {} : { user }) });
  if (head.length <= MAX_STREAM_HEAD) return head;
  throw new StreamEndedError("HEAD_TOO_LARGE", "The headers are too long");
}

/** Throws a StreamEndedError unless `head` is a request whose words can go into HTTP. */
export function decodeRequest(head: Uint8Array): ShimRequest {
  const { method, path, headers, user } = decode<Partial<ShimRequest>>(head);
  const isRequest =
    isWord(method) && /^[A-Z]{3,10}$/.test(method) && isWord(path) && path.startsWith("/");
  if (!isRequest || !isHeaders(headers) || (user !== undefined && !isUser(user))) {
    throw new StreamEndedError("PROTOCOL_ERROR", "The head of a stream is no request");
  }
  const asked = { method, path, headers };
  return user === undefined ? asked : { ...asked, user: { name: user.name, groups: user.groups } };
}

/** An answer as the other end is told of it. Throws `HEAD_TOO_LARGE`. */
export function encodeAnswer({ status, headers }: ProxyAnswer): Uint8Array {
  const head = encode({ status, headers });
  if (head.length <= MAX_STREAM_HEAD) return head;
  throw new StreamEndedError("HEAD_TOO_LARGE", "The headers of the answer are too long");
}

/** Throws a StreamEndedError unless `head` is an answer whose words can go into HTTP. */
export function decodeAnswer(head: Uint8Array): ProxyAnswer {
  const { status, headers } = decode<Partial<ProxyAnswer>>(head);
  const isStatus = Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599;
  if (isStatus && isHeaders(headers)) return { status: Number(status), headers };
  throw new StreamEndedError("PROTOCOL_ERROR", "The head of an answer is none");
}

/** Whether somebody is named: nobody may act as a user without a name. */
export function isUser(user: unknown): user is ProxyRequest["user"] {
  const { name, groups } = (user ?? {}) as Partial<ProxyRequest["user"]>;
  return isWord(name) && name !== "" && Array.isArray(groups) && groups.every(isWord);
}

function isHeaders(headers: unknown): headers is HeaderList {
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every(isWord);
  return Array.isArray(headers) && headers.every(isPair);
}

function isWord(word: unknown): word is string {
  return typeof word === "string" && !/[\r\n\0]/.test(word);
}

function encode(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decode<T extends object>(bytes: Uint8Array): T {
  try {
    return Object(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    throw new StreamEndedError("PROTOCOL_ERROR", "The head of a stream is no JSON");
  }
}
