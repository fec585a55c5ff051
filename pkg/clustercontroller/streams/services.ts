import type { Enforcer } from "../../propagation/enforcer.ts";
import type { Reporter } from "../../reporting/reporter.ts";
import type { StreamService } from "./streams.ts";

/** What a cluster's controller offers to the entries above it, by name. */
export function servicesOf(
  reporter: Reporter | undefined,
  enforcer: Enforcer | undefined,
): Readonly<Record<string, StreamService>> {
  return {
    ...(reporter && {
      reports: (stream) => void reporter.serve(stream, "all"),
      status: (stream) => void reporter.serve(stream, "status"),
    }),
    ...(enforcer && { desired: (stream, entry) => void enforcer.follow(stream, entry) }),
  };
}
