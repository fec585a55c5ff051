import { readFile } from "node:fs/promises";
import { type EntryAddress, isEntryUrl } from "../pkg/apis/entry.ts";
import { isStatus } from "../pkg/apis/status.ts";
import { findEntry } from "../pkg/otectl/entry.ts";
import { askTree } from "../pkg/otectl/get/ask-tree.ts";
import { printAnswer } from "../pkg/otectl/get/get.ts";
import { type GetOptions, OUTPUTS, queryPath } from "../pkg/otectl/get/get-options.ts";
import type { OtectlCommand, OtectlIo } from "./otectl-command.ts";

/** Longer than any deadline: then nobody answers any more. */
const LIMIT_MS = 330_000;

/** One question to many clusters; docs/queries.md has a row for each option, and a test compares both. */
export const GET_COMMAND: OtectlCommand = {
  name: "get",
  meaning: "show objects of many clusters at once",
  arguments: [
    ["[resource]", "what kubectl get takes: pods, po, pod/web, deployments.apps"],
    ["[name]", "one object"],
  ],
  options: [
    {
      flags: "--clusters <selector>",
      meaning: 'the clusters that are asked: names, globs, tags; "*" means all',
    },
    {
      flags: "--cluster-selector <text>",
      meaning: "a label selector over the clusters' tags; with --clusters both must hold",
    },
    {
      flags: "-n, --namespace <name>",
      meaning: "the namespace in each cluster",
      default: "default",
    },
    { flags: "-A, --all-namespaces", meaning: "all namespaces" },
    { flags: "-l, --selector <text>", meaning: "a label selector over objects" },
    { flags: "--field-selector <text>", meaning: "a field selector over objects" },
    { flags: "-o, --output <form>", meaning: "wide, json, yaml or name", parse: output },
    { flags: "--no-headers", meaning: "no line with the names of the columns" },
    {
      flags: "--sort-by <column>",
      meaning: "wait for all rows and sort them by this column, or by a field like .metadata.name",
    },
    {
      flags: "--deadline <time>",
      meaning: "how long clusters may take: 500ms, 10s, 2m",
      default: "10s",
    },
    {
      flags: "--limit <rows>",
      meaning: "at most so many rows, in the order of the clusters' names",
    },
    { flags: "--continue <token>", meaning: "go on where --limit has ended before" },
    { flags: "--raw <path>", meaning: "instead of a resource: any path of the API, like /version" },
    { flags: "--quiet", meaning: "no progress on the terminal" },
    {
      flags: "--entry <url>",
      meaning: "where the tree is entered; the API itself, or as it says, if absent",
      parse: entryUrl,
    },
    {
      flags: "--entry-ca <file>",
      meaning: "PEM authority of the certificate there; with --entry only",
    },
  ],
  run: async (io, [resource = "", name = ""], given) => {
    const options = given as GetOptions & EntryOptions;
    const path = queryPath(resource, name, options);
    const events = await ask(io, path, options);
    const progress = options.quiet === true ? undefined : io.progress;
    const code = await printAnswer(events, options, { ...io, progress });
    if (code !== 0) io.incomplete();
  },
};

interface EntryOptions {
  readonly entry?: string | undefined;
  readonly entryCa?: string | undefined;
}

/** Asks where the caller says; else the API itself, and where that takes no such question, at the entry that it names. */
async function ask(
  { transport, client, signal, tell }: OtectlIo,
  path: string,
  { entry: url, entryCa }: EntryOptions,
): ReturnType<typeof askTree> {
  const at = async (entry?: EntryAddress) =>
    askTree(await transport(entry), path, AbortSignal.timeout(LIMIT_MS));
  if (url === undefined && entryCa !== undefined)
    throw new TypeError("--entry-ca is for --entry: give both");
  if (url !== undefined)
    return at({ url, ca: entryCa === undefined ? undefined : await readFile(entryCa, "utf8") });
  try {
    return await at();
  } catch (error) {
    // An API without a tree knows no such path, and perhaps does not even say so.
    if (!isStatus(error, "NotFound") && !isStatus(error, "Forbidden")) throw error;
    const entry = await findEntry(client, tell, signal);
    if (entry === undefined) throw error;
    return at(entry);
  }
}

function output(text: string): string {
  if ((OUTPUTS as readonly string[]).includes(text)) return text;
  throw new SyntaxError(`it must be one of ${OUTPUTS.join(", ")}`);
}

function entryUrl(text: string): string {
  if (isEntryUrl(text)) return text;
  throw new SyntaxError("it must be a URL like https://root.example.com:8443");
}
