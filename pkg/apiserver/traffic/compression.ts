import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { ApiResponse } from "../../apis/api-transport.ts";

/** Answers that are shorter are sent as they are. */
const WORTH_BYTES = 128 << 10;
/** Most of the gain for a small part of the time. */
const LEVEL = 1;

/** `response` as gzip, if the caller takes that and it is long. Not for a watch, which must not wait for more. */
export async function compressed(
  response: ApiResponse,
  acceptEncoding: string | undefined,
): Promise<ApiResponse> {
  if (response.status !== 200 || !takesGzip(acceptEncoding)) return response;
  const body = response.body[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < WORTH_BYTES) {
    const { done, value } = await body.next();
    if (done === true) return { ...response, body: Readable.from(first) };
    first.push(value);
    bytes += value.length;
  }
  const gzip = createGzip({ level: LEVEL });
  // Whoever reads learns of an error by the stream itself.
  pipeline(Readable.from(all(first, body)), gzip, () => undefined);
  const headers = { ...response.headers, "content-encoding": "gzip", vary: varyOf(response) };
  return { ...response, headers, body: gzip };
}

function varyOf({ headers }: ApiResponse): string {
  return headers.vary === undefined ? "Accept-Encoding" : `${headers.vary}, Accept-Encoding`;
}

async function* all(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next())
      yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Whether a caller takes gzip: it names it, and not with a weight of 0. */
function takesGzip(acceptEncoding = ""): boolean {
  return acceptEncoding.split(",").some((part) => {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    return name === "gzip" && !parameters.some((text) => /^q=0(\.0*)?$/.test(text));
  });
}
