import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

/** One event of a watch. */
export interface Seen {
  readonly type: string;
  readonly object: Any;
}

const LIMIT_MS = 15_000;

/** A watch that is open; `take` waits for its next events. */
export class Watching implements AsyncDisposable {
  readonly status: number;
  readonly #lines: AsyncGenerator<Seen>;
  readonly #gone: AbortController;

  private constructor(status: number, body: AsyncIterable<Uint8Array>, gone: AbortController) {
    this.status = status;
    this.#lines = linesOf(body);
    this.#gone = gone;
  }

  /** Opens a watch of `path`, whose query says the rest. */
  static async open(
    { transport }: Space,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Watching> {
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(LIMIT_MS)]);
    const url = `${path}${path.includes("?") ? "&" : "?"}watch=true`;
    const response = await transport.request({ method: "GET", path: url, headers }, signal);
    return new Watching(response.status, response.body, gone);
  }

  /** The next events, or as many as come before the watch ends. */
  async take(count: number): Promise<readonly Seen[]> {
    const seen: Seen[] = [];
    while (seen.length < count) {
      const { done, value } = await this.#lines.next();
      if (done === true) break;
      seen.push(value);
    }
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone.abort();
  }
}

/** Events as "TYPE name", which says enough in most cases. */
export function brief(events: readonly Seen[]): readonly string[] {
  return events.map(
    ({ type, object }) => `${type} ${object.metadata?.name ?? object.reason ?? ""}`,
  );
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Seen> {
  let text = "";
  for await (const piece of body) {
    text += Buffer.from(piece).toString();
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line) as Seen;
  }
}
