import { readFile } from "node:fs/promises";
import { treeKubeconfig } from "../pkg/kube/tree-kubeconfig.ts";
import { describeAuthority, retireAuthorities, rotateAuthority } from "../pkg/otectl/authority.ts";
import { drawClusters, removeCluster } from "../pkg/otectl/clusters.ts";
import { findEntry } from "../pkg/otectl/entry.ts";
import { deleteToken, tokenTable } from "../pkg/otectl/tokens.ts";
import { createToken } from "../pkg/trust/create-token.ts";
import type { OtectlCommand } from "./otectl-command.ts";
import { ENTRY_OPTIONS, entryOf } from "./otectl-entry.ts";
import { GET_COMMAND } from "./otectl-get.ts";

interface TokenOptions {
  readonly name: string;
  readonly tags: readonly string[];
  readonly uses: number;
  readonly expires: number;
  readonly parent: boolean;
  readonly origin?: boolean;
  readonly replace?: boolean;
}

const MINUTE_MS = 60_000;
const UNITS: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1440 };

/** Every command of otectl. */
export const OTECTL_COMMANDS: readonly OtectlCommand[] = [
  {
    name: "token create",
    meaning: "make a join token and print it; whoever has it can join the tree",
    options: [
      { flags: "--name <glob>", meaning: "the names in which it may be used", default: "*" },
      {
        flags: "--tags <globs>",
        meaning: 'the tags that clusters may have, as globs over "key=value", with commas between',
        default: "*",
        parse: (text) => text.split(",").filter(Boolean),
      },
      {
        flags: "--uses <number>",
        meaning: "how many clusters may join with it",
        default: "1",
        parse: wholeNumber,
      },
      {
        flags: "--expires <time>",
        meaning: "for how long it can be used: 30m, 24h, 7d",
        default: "24h",
        parse: duration,
      },
      { flags: "--no-parent", meaning: "no others may join below clusters that join with it" },
      {
        flags: "--origin",
        meaning: "tasks of their own APIs are obeyed by the clusters below them",
      },
      { flags: "--replace", meaning: "it may give a name to another key than before" },
    ],
    run: async ({ client, signal, print }, _, given) => {
      const { name, tags, uses, expires, parent, origin, replace } = given as TokenOptions;
      const terms = {
        names: name,
        tags,
        uses,
        expires: Date.now() + expires,
        parent,
        origin: origin === true,
        replace: replace === true,
      };
      print(await createToken(client, terms, signal));
    },
  },
  {
    name: "token list",
    meaning: "show the join tokens, without their secrets",
    run: async ({ client, print }) => {
      for (const line of columns(await tokenTable(client, Date.now()))) print(line);
    },
  },
  {
    name: "token delete",
    meaning: "make a join token useless",
    arguments: [["<id>", "as `token list` shows it"]],
    run: async ({ client, tell }, [id = ""]) => {
      await deleteToken(client, id);
      tell(`token ${id} deleted`);
    },
  },
  {
    name: "cluster remove",
    meaning: "take a cluster out of the tree: nobody trusts its key any more",
    arguments: [["<name>", "the cluster"]],
    run: async ({ client, signal, tell }, [name = ""]) => {
      await removeCluster(client, name, signal);
      tell(`cluster ${name} removed`);
    },
  },
  {
    name: "tree",
    meaning: "draw the tree as the root sees it",
    run: async ({ client, print }) => {
      for (const line of await drawClusters(client)) print(line);
    },
  },
  GET_COMMAND,
  {
    name: "kubeconfig",
    meaning: "print a kubeconfig with which kubectl reaches a cluster through the tree",
    arguments: [["<name>", "the cluster"]],
    options: ENTRY_OPTIONS,
    run: async ({ client, kubeconfig, signal, print, tell }, [name = ""], given) => {
      const entry = (await entryOf(given)) ?? (await findEntry(client, tell, signal));
      const text = await readFile(kubeconfig, "utf8");
      print(treeKubeconfig(text, name, kubeconfig, entry).trimEnd());
    },
  },
  {
    name: "authority show",
    meaning: "show who issues certificates, and how many are out",
    run: async ({ client, print }) => {
      for (const line of await describeAuthority(client)) print(line);
    },
  },
  {
    name: "authority rotate",
    meaning: "make a new authority; the present one stays trusted until it is retired",
    run: async ({ client, tell }) => {
      await rotateAuthority(client);
      tell("a new authority issues certificates from now on; clusters get theirs when they renew");
    },
  },
  {
    name: "authority retire",
    meaning:
      "trust only the newest authority; do so when every cluster has renewed its certificate",
    run: async ({ client, tell }) => {
      await retireAuthorities(client);
      tell("only the newest authority is trusted from now on");
    },
  },
];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000)
    throw new SyntaxError("it must be a whole number from 1 to 1000000");
  return value;
}

function duration(text: string): number {
  const [, count, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const minutes = Number(count) * (UNITS[unit] ?? 0);
  if (!(minutes > 0)) throw new SyntaxError("it must be a time like 30m, 24h or 7d");
  return minutes * MINUTE_MS;
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("   ")
      .trimEnd(),
  );
}
