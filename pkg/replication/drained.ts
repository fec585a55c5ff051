import type { Duplex } from "node:stream";

/** Resolves when a stream can take more, or takes nothing any more. */
export function drained(stream: Duplex): Promise<void> {
  return new Promise<void>((resolve) => {
    if (stream.destroyed) resolve();
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
}
