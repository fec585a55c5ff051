import type { ClientRequest } from "node:http";
import { errorCode } from "../base/errors.ts";

const READING = /^(GET|HEAD)$/;
const HUNG_UP = new Set(["ECONNRESET", "EPIPE"]);

/**
 * Whether a request failed because the server hung up a kept connection just when it was used again, and may be
 * made once more. Only reading may: whether a write has been done cannot be known. The others that are kept may be
 * just as old, so ask again over a new connection.
 */
export function isStaleRead(client: ClientRequest, method: string, error: Error): boolean {
  return client.reusedSocket && HUNG_UP.has(errorCode(error)) && READING.test(method);
}
