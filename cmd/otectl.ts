#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { EntryAddress } from "../pkg/apis/entry.ts";
import type { ResourceClient } from "../pkg/apis/resource-client.ts";
import { errorText } from "../pkg/base/errors.ts";
import { silentLog } from "../pkg/base/log.ts";
import { Scope } from "../pkg/base/scope.ts";
import { type ActAs, KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../pkg/kube/transport-resource-client.ts";
import { GetUsageError } from "../pkg/otectl/get/targets.ts";
import type { OtectlCommand, OtectlIo, OtectlOption } from "./otectl-command.ts";
import { OTECTL_COMMANDS } from "./otectl-commands.ts";
import { terminal } from "./otectl-terminal.ts";
import { VERSION } from "./version.ts";

/** How long a command may wait for the root. */
const LIMIT_MS = 60_000;

let isIncomplete = false;
process.exitCode = await main();

async function main(): Promise<number> {
  const program = new Command("otectl")
    .exitOverride()
    .version(VERSION)
    .description("Commands a tree of clusters through the Kubernetes API of its root")
    .showSuggestionAfterError()
    .enablePositionalOptions();
  const kubeconfig = new Option("-k, --kubeconfig <file>", "kubeconfig of the root's API")
    .env("OTE_KUBE_CONFIG")
    .default(process.env.KUBECONFIG);
  program.addOption(kubeconfig);
  for (const row of OTECTL_COMMANDS) add(program, row);
  try {
    await program.parseAsync();
    return isIncomplete ? 1 : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`otectl: ${errorText(error)}\n`);
    return error instanceof GetUsageError ? 2 : 1;
  }
}

/** "token create" becomes the command `create` of the group `token`. */
function add(program: Command, row: OtectlCommand): void {
  const words = row.name.split(" ");
  const name = words.pop() ?? "";
  let group = program;
  for (const word of words) {
    const present = group.commands.find((command) => command.name() === word);
    group = present ?? group.command(word).description(`commands about ${word}s`);
  }
  const command = group.command(name).description(row.meaning);
  for (const [argument, meaning] of row.arguments ?? []) command.argument(argument, meaning);
  for (const option of row.options ?? []) command.addOption(optionOf(option));
  command.action(async (...given: unknown[]) => {
    const texts = given.slice(0, row.arguments?.length ?? 0).flatMap(textsOf);
    await run(row, texts, command.opts(), program.opts<{ kubeconfig?: string }>().kubeconfig);
  });
}

function optionOf({ flags, meaning, default: value, parse }: OtectlOption): Option {
  const option = new Option(flags, meaning);
  if (option.required) option.argParser(reported(parse ?? String));
  if (value !== undefined) option.default(parse?.(value, undefined) ?? value, value);
  return option;
}

/** What was given for an argument; one that takes many comes as a list. */
function textsOf(given: unknown): string[] {
  return Array.isArray(given) ? given.map(String) : [String(given ?? "")];
}

async function run(
  row: OtectlCommand,
  texts: readonly string[],
  options: object,
  kubeconfig: string | undefined,
): Promise<void> {
  if (kubeconfig === undefined)
    throw new TypeError(
      "Cannot find the root: give --kubeconfig, or set OTE_KUBE_CONFIG or KUBECONFIG",
    );
  await using scope = new Scope(silentLog);
  const transport = async (entry?: EntryAddress, actAs?: ActAs) =>
    scope.use(await KubeconfigTransport.open(kubeconfig, { entry, actAs }));
  const client: ResourceClient = new TransportResourceClient(await transport());
  const io: OtectlIo = {
    client,
    transport,
    kubeconfig,
    signal: AbortSignal.timeout(LIMIT_MS),
    ...terminal(),
    incomplete: () => {
      isIncomplete = true;
    },
  };
  await row.run(io, texts, options);
}

function reported(
  parse: NonNullable<OtectlOption["parse"]>,
): (text: string, before: unknown) => unknown {
  return (text, before) => {
    try {
      // Of "-o=json" commander takes "=json" for the value; none of ours begins like that.
      return parse(text.replace(/^=/, ""), before);
    } catch (error) {
      throw new InvalidArgumentError(errorText(error));
    }
  };
}
