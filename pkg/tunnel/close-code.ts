import { errorCode } from "../base/errors.ts";
import type { LinkEnd } from "./link.ts";

/** How a websocket ended, in our words. */
export type SocketEnd = LinkEnd;

/** Close code of our own goodbyes; their text starts with one of our error codes. */
export const REFUSAL_CODE = 4000;

/** The errors of `ws` that a hostile or broken peer can cause, by their code. */
const SOCKET_ERRORS: Readonly<Record<string, string>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: "FRAME_TOO_LARGE",
  WS_ERR_TOO_MANY_BUFFERED_PARTS: "FRAME_TOO_LARGE",
};

/** Our code for an error event of a websocket. */
export function codeOfSocketError(error: Error): string {
  const code = errorCode(error);
  return SOCKET_ERRORS[code] ?? (code.startsWith("WS_ERR") ? "PROTOCOL_ERROR" : "LINK_LOST");
}

/** Our reason for the close code and text of a websocket. */
export function socketEnd(code: number, reason: Buffer): SocketEnd {
  if (code === 1000 || code === 1001) return { code: "LINK_CLOSED", text: "The peer left" };
  const match = code === REFUSAL_CODE ? /^([A-Z_]{3,40}): (.*)$/s.exec(String(reason)) : null;
  if (match !== null) return { code: match[1] ?? "", text: match[2] ?? "" };
  if (code === 1006) return { code: "LINK_LOST", text: "The connection broke" };
  return { code: "LINK_LOST", text: `The peer closed the websocket with code ${code}` };
}

/** Codes with which our own programs end links: the only ones that may become a metric's label. */
const OWN_CODES = new Set([
  "CERTIFICATE_EXPIRED",
  "CERTIFICATE_INVALID",
  "CERTIFICATE_NOT_YET_VALID",
  "DIAL_FAILED",
  "FOREIGN_AUTHORITY",
  "FOREIGN_ROUTE",
  "FORGED",
  "FRAME_TOO_LARGE",
  "HELLO_EXPECTED",
  "HELLO_TIMEOUT",
  "HOME_UNSETTLED",
  "INTERNAL_ERROR",
  "LINK_CLOSED",
  "LINK_LOST",
  "LOOP",
  "NAME_TAKEN",
  "NOT_GRANTED",
  "NOT_LEADER",
  "NO_ROOT",
  "PEER_SILENT",
  "PROTOCOL_ERROR",
  "PROTOCOL_VERSION",
  "RANK_TOO_LOW",
  "REPLACED",
  "REVOKED",
  "SLOW_READER",
  "STALE_SESSION",
  "SUBTREE_TOO_LARGE",
  "TEXT_FRAME",
  "TOKEN_INVALID",
  "TOO_MANY_CHILDREN",
  "TREE_TOO_DEEP",
]);

/** The code as a label: what a peer may have made up counts as "OTHER", so that labels stay few. */
export function labelOf(code: string): string {
  return OWN_CODES.has(code) ? code : "OTHER";
}
