import { readFileSync } from "node:fs";

/** The version of this package, from the package.json above the sources or above dist. */
export const VERSION: string = readVersion(["../package.json", "../../package.json"]);

function readVersion(places: readonly string[]): string {
  for (const place of places) {
    try {
      const { name, version } = JSON.parse(
        readFileSync(new URL(place, import.meta.url), "utf8"),
      ) as {
        name: string;
        version: string;
      };
      if (name === "ote-stack") return version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return "0.0.0";
}
