import type { ApiTransport } from "../pkg/apis/api-transport.ts";
import type { EntryAddress } from "../pkg/apis/entry.ts";
import { isStatus } from "../pkg/apis/status.ts";
import type { ActAs } from "../pkg/kube/kubeconfig-transport.ts";
import { findEntry } from "../pkg/otectl/entry.ts";
import { askTree } from "../pkg/otectl/get/ask-tree.ts";
import { type GetAnswer, printAnswers } from "../pkg/otectl/get/get.ts";
import { type GetOptions, type GetPlan, planOf } from "../pkg/otectl/get/get-options.ts";
import { readOutput } from "../pkg/otectl/get/output-form.ts";
import { printerFor } from "../pkg/otectl/get/printer-for.ts";
import { GetUsageError } from "../pkg/otectl/get/targets.ts";
import type { OtectlCommand, OtectlIo } from "./otectl-command.ts";
import { ENTRY_OPTIONS, entryOf } from "./otectl-entry.ts";

/** Longer than any deadline: then nobody answers any more. */
const LIMIT_MS = 330_000;

/** One question to many clusters; docs/queries.md has a row for each option, and a test compares both. */
export const GET_COMMAND: OtectlCommand = {
  name: "get",
  meaning: "show objects of many clusters at once",
  arguments: [
    ["[resource...]", "what kubectl get takes: pods, pods web db, pods,svc, pod/web svc/web, all"],
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
    {
      flags: "-o, --output <form>",
      meaning:
        "wide, json, yaml, name, jsonpath=..., jsonpath-as-json=..., jsonpath-file=..., custom-columns=... or custom-columns-file=...",
    },
    { flags: "--no-headers", meaning: "no line with the names of the columns" },
    {
      flags: "-L, --label-columns <labels>",
      meaning: "a column for each of these labels; with commas between, or given several times",
      parse: (text, before) => [...listed(before), ...text.split(",").filter(Boolean)],
    },
    { flags: "--show-labels", meaning: "a last column with all labels" },
    { flags: "--show-kind", meaning: "names with their kinds, like pod/web" },
    { flags: "--ignore-not-found", meaning: "clusters that do not have it are not named" },
    {
      flags: "--sort-by <column>",
      meaning: "wait for all rows and sort them by this column, or by a path like .metadata.name",
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
    { flags: "--as <user>", meaning: "ask as this user, whom you must be allowed to impersonate" },
    {
      flags: "--as-group <group>",
      meaning: "ask as a member of this group; may be given several times, with --as only",
      parse: (text, before) => [...listed(before), text],
    },
    { flags: "--as-uid <uid>", meaning: "ask as the user with this UID; with --as only" },
    ...ENTRY_OPTIONS,
  ],
  run: async (io, args, given) => {
    const { output, ...others } = given as Given;
    const options: GetOptions = { ...others, ...(await readOutput(output)) };
    const plan = planOf(args.filter(Boolean), options);
    const printer = printerFor(options, plan);
    const ask = asker(io, await entryOf(given), actAsOf(given));
    const progress = options.quiet === true ? undefined : io.progress;
    const code = await printAnswers(answers(plan, ask), printer, options, { ...io, progress });
    if (code !== 0) io.incomplete();
  },
};

type Given = Omit<GetOptions, "output" | "template"> & { readonly output?: string | undefined };

interface AsOptions {
  readonly as?: string | undefined;
  readonly asGroup?: readonly string[] | undefined;
  readonly asUid?: string | undefined;
}

type Ask = (path: string) => ReturnType<typeof askTree>;

async function* answers({ questions }: GetPlan, ask: Ask): AsyncGenerator<GetAnswer> {
  for (const { path, ...question } of questions) yield { ...question, events: await ask(path) };
}

/** Asks where the caller says; else the API itself, and where that takes no such question, at the entry that it names. */
function asker(
  { transport, client, signal, tell }: OtectlIo,
  said: EntryAddress | undefined,
  actAs: ActAs | undefined,
): Ask {
  let found: Promise<ApiTransport> | undefined;
  const at = async (entry: EntryAddress | undefined, path: string) => {
    const way = transport(entry, actAs);
    const answer = await askTree(await way, path, AbortSignal.timeout(LIMIT_MS));
    found = way;
    return answer;
  };
  return async (path) => {
    if (found !== undefined) return askTree(await found, path, AbortSignal.timeout(LIMIT_MS));
    try {
      return await at(said, path);
    } catch (error) {
      // An API without a tree knows no such path, and perhaps does not even say so.
      const isElsewhere = isStatus(error, "NotFound") || isStatus(error, "Forbidden");
      if (!isElsewhere || said !== undefined) throw error;
      const entry = await findEntry(client, tell, signal);
      if (entry === undefined) throw error;
      return at(entry, path);
    }
  };
}

function actAsOf({ as: name, asGroup: groups = [], asUid: uid }: AsOptions): ActAs | undefined {
  if (name !== undefined && name !== "") return { name, uid, groups };
  if (groups.length > 0 || uid !== undefined)
    throw new GetUsageError("--as-group and --as-uid are for --as: say as which user");
  return undefined;
}

function listed(before: unknown): readonly string[] {
  return Array.isArray(before) ? before : [];
}
