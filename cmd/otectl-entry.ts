import { readFile } from "node:fs/promises";
import { type EntryAddress, isEntryUrl } from "../pkg/apis/entry.ts";
import type { OtectlOption } from "./otectl-command.ts";

/** What ENTRY_OPTIONS come to. */
export interface EntryOptions {
  readonly entry?: string | undefined;
  readonly entryCa?: string | undefined;
}

/** Options of commands that go through the tree. */
export const ENTRY_OPTIONS: readonly OtectlOption[] = [
  {
    flags: "--entry <url>",
    meaning: "where the tree is entered; if absent, as the API says, or the API itself",
    parse: entryUrl,
  },
  {
    flags: "--entry-ca <file>",
    meaning: "PEM authority of the certificate there; with --entry only",
  },
];

/** Where the tree is entered, if it was said. */
export async function entryOf({
  entry: url,
  entryCa,
}: EntryOptions): Promise<EntryAddress | undefined> {
  if (url === undefined && entryCa !== undefined)
    throw new TypeError("--entry-ca is for --entry: give both");
  if (url === undefined) return undefined;
  return { url, ca: entryCa === undefined ? undefined : await readFile(entryCa, "utf8") };
}

function entryUrl(text: string): string {
  if (isEntryUrl(text)) return text;
  throw new SyntaxError("it must be a URL like https://root.example.com:8443");
}
