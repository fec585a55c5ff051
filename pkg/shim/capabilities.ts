import type { Welcome } from "../wire/message.ts";

/** A shim with this word takes requests of users to the API of its cluster, as streams. */
export const PROXY = "proxy";
/** A shim with this word takes requests of the controller itself, too, and makes them as who it is. */
export const REPORTS = "reports";

/** The word for a destination that a shim serves. */
export function destinationWord(destination: string): string {
  return `destination:${destination}`;
}

/** The destinations that a shim has told. */
export function destinationsOf({ capabilities }: Welcome): string[] {
  return capabilities.flatMap((capability) => {
    const [kind, name] = capability.split(":");
    return kind === "destination" && name !== undefined ? [name] : [];
  });
}
