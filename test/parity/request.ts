import type { ApiTransport } from "../../pkg/apis/api-transport.ts";

// biome-ignore lint/suspicious/noExplicitAny: behaviours look into answers of any shape
export type Any = any;

/** What a server answered. */
export interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed if it is JSON. */
  readonly body: Any;
}

const LIMIT_MS = 30_000;

/** One request and its whole answer; an object is sent as JSON, a text or bytes as they are. */
export async function request(
  transport: ApiTransport,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await transport.request(
    { method, path, headers, body: sent(body) },
    AbortSignal.timeout(LIMIT_MS),
  );
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body) pieces.push(piece);
  const text = Buffer.concat(pieces).toString();
  // Some releases send the OpenAPI document as plain text.
  const isJson = text.startsWith("{");
  return {
    code: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  };
}

function sent(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) return body;
  return JSON.stringify(body);
}
