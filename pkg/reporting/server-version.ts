import type { ApiTransport } from "../apis/api-transport.ts";
import { OteError } from "../base/errors.ts";

/** Most bytes of an answer that are read. */
const MAX_ANSWER = 64 * 1024;

/** The API answers, but not as an API does. */
export class NoVersionError extends OteError {
  readonly code = "NO_VERSION";
  constructor(why: string) {
    super(`Cannot read the version of the Kubernetes API: ${why}`);
  }
}

/** The version of an API as it says it itself, such as "v1.33.1". Throws a NoVersionError, or as the transport does. */
export async function serverVersion(transport: ApiTransport, signal: AbortSignal): Promise<string> {
  const { status, body } = await transport.request({ method: "GET", path: "/version" }, signal);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_ANSWER) throw new NoVersionError(`it is longer than ${MAX_ANSWER} bytes`);
    pieces.push(piece);
  }
  if (status !== 200) throw new NoVersionError(`it answers ${status}`);
  try {
    const { gitVersion } = JSON.parse(Buffer.concat(pieces).toString()) as { gitVersion?: unknown };
    if (typeof gitVersion === "string") return gitVersion;
  } catch {
    // Said below.
  }
  throw new NoVersionError("it is none");
}
