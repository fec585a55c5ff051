import type { Reporter } from "../../reporting/reporter.ts";
import type { StreamService } from "../streams/streams.ts";

/** What a cluster that reports offers to the entries above it. */
export function reportServices(
  reporter: Reporter | undefined,
): Readonly<Record<string, StreamService>> {
  if (reporter === undefined) return {};
  return {
    reports: (stream) => void reporter.serve(stream, "all"),
    status: (stream) => void reporter.serve(stream, "status"),
  };
}
