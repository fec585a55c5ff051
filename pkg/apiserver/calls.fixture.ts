import type { ApiResponse, ApiTransport } from "../apis/api-transport.ts";

interface Answer {
  readonly status: number;
  readonly headers: ApiResponse["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly body: any;
}

/** One request of a test and its whole answer; an object is sent as JSON, a text as it is. */
export async function call(
  transport: ApiTransport,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const signal = new AbortController().signal;
  const response = await transport.request({ method, path, headers, body: sent }, signal);
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body) pieces.push(piece);
  const text = Buffer.concat(pieces).toString();
  const isJson = response.headers["content-type"] === "application/json";
  return { ...response, body: isJson ? JSON.parse(text) : text };
}
