import { REPORTED_TYPES } from "./reported-types.ts";

/** How much of a kind goes up: trimmed objects and their numbers, the numbers alone, or nothing. */
export const REPORT_MODES = ["objects", "summary", "none"] as const;
export type ReportMode = (typeof REPORT_MODES)[number];

/** What is reported unless somebody says otherwise. */
export const DEFAULT_REPORT =
  "nodes,pods:summary,deployments:summary,daemonsets:summary,statefulsets:summary";

/**
 * Modes by kind from text such as "nodes,deployments:summary,pods:none"; a kind alone means its objects,
 * "none" alone that nothing is reported. Throws a SyntaxError.
 */
export function parseReport(text: string): ReadonlyMap<string, ReportMode> {
  const modes = new Map<string, ReportMode>();
  for (const term of text.split(",").map((part) => part.trim())) {
    if (term === "" || term === "none") continue;
    const [kind = "", mode = "objects", ...more] = term.split(":");
    if (!Object.hasOwn(REPORTED_TYPES, kind) || more.length > 0) {
      const known = Object.keys(REPORTED_TYPES).join(", ");
      throw new SyntaxError(`Cannot report "${term}": kinds are ${known}`);
    }
    if (!isMode(mode))
      throw new SyntaxError(
        `Cannot report "${term}": after ":" comes one of ${REPORT_MODES.join(", ")}`,
      );
    if (mode !== "none") modes.set(kind, mode);
  }
  return modes;
}

function isMode(text: string): text is ReportMode {
  return (REPORT_MODES as readonly string[]).includes(text);
}
