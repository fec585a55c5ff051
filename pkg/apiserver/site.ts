import type { ApiResponse } from "../apis/api-transport.ts";
import { jsonAnswer, once } from "./answers.ts";
import type { ServerRequest } from "./server-request.ts";
import type { TypeRegistry } from "./type-registry.ts";
import { VERSION_INFO } from "./version-info.ts";

const HEALTH = ["livez", "readyz", "healthz"];

/** The answer at a path that is for everybody; undefined if it is not. */
export function openPage([root = "", ...rest]: readonly string[]): ApiResponse | undefined {
  if (HEALTH.includes(root)) return textAnswer("ok");
  if (root === "version" && rest.length === 0) return jsonAnswer(200, JSON.stringify(VERSION_INFO));
  return undefined;
}

/** The pages that say what is served. */
export class Site {
  readonly #types: TypeRegistry;

  constructor(types: TypeRegistry) {
    this.#types = types;
  }

  /** The answer at a path that is not about objects; undefined if it is. */
  page(_request: ServerRequest, _path: readonly string[]): ApiResponse | undefined {
    void this.#types;
    return undefined;
  }
}

function textAnswer(text: string): ApiResponse {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return { status: 200, headers, body: once(Buffer.from(text)) };
}
