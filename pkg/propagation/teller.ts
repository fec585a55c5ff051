import type { Notice } from "../replication/message.ts";
import type { SinkStream } from "../replication/sink-stream.ts";

/** What has become of an object. */
export type Outcome = Pick<Notice, "state" | "text" | "version">;

/** Tells one entry point what has become of its objects. What it cannot take yet waits by name, the latest only. */
export class Teller {
  readonly #sink: Pick<SinkStream, "notify" | "drained">;
  readonly #untold = new Map<string, Notice>();
  #isBusy = false;

  constructor(sink: Pick<SinkStream, "notify" | "drained">) {
    this.#sink = sink;
  }

  /** Something has become of an object. */
  tell(collection: string, key: string, outcome: Outcome): void {
    this.#untold.set(`${collection}\n${key}`, { kind: "notice", collection, key, ...outcome });
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (const [name, notice] of this.#untold) {
      this.#untold.delete(name);
      if (!this.#sink.notify(notice)) await this.#sink.drained();
    }
    this.#isBusy = false;
  }
}
