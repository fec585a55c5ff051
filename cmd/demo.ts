import { once } from "node:events";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { errorText } from "../pkg/base/errors.ts";
import { createLogger } from "../pkg/base/log.ts";
import { Scope } from "../pkg/base/scope.ts";
import { type DemoOptions, drawTree, everythingOnline, startDemo } from "../pkg/demo/demo.ts";
import { DEFAULT_TOPOLOGY, readTopology } from "../pkg/demo/topology.ts";
import { DEMO_ROWS } from "./demo-options.ts";
import { NothingToDo, parseOptions, UsageError } from "./option-table.ts";
import { VERSION } from "./version.ts";

interface Options {
  readonly home: string;
  readonly portBase: number;
  readonly clusters?: string;
  readonly restartAfter: number;
  readonly logLevel: string;
}

/** How long until all clusters must be online before help is offered. */
const PATIENCE_MS = 30_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const program = (name: string): string =>
  fileURLToPath(
    new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
  );

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = Promise.race([
    once(process, "SIGINT"),
    once(process, "SIGTERM"),
    once(process, "SIGHUP"),
  ]);
  const stop = new AbortController();
  void asked.then(() => stop.abort(new Error("stopped")));
  let scope: Scope | undefined;
  try {
    const { options, logLevel } = await settings();
    scope = new Scope(createLogger("demo", logLevel));
    say(`starting ${options.clusters.length} clusters, logs in ${options.home}/logs`);
    for (const line of drawTree(options.clusters)) say(line);
    await startDemo(options, scope, stop.signal);
    const late = setTimeout(
      () => say(`still waiting for clusters; look into ${options.home}/logs`),
      PATIENCE_MS,
    );
    await everythingOnline(options, stop.signal).finally(() => clearTimeout(late));
    process.stdout.write(`ready home=${options.home} kubeconfig=${options.home}/root.kubeconfig\n`);
    say(`try: kubectl --kubeconfig ${options.home}/root.kubeconfig get clusters`);
    await asked;
    return 0;
  } catch (error) {
    if (stop.signal.aborted || error instanceof NothingToDo) return 0;
    say(`demo: ${errorText(error)}`);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    if (scope !== undefined) say("stopping");
    await scope?.[Symbol.asyncDispose]();
  }
}

async function settings(): Promise<{ readonly options: DemoOptions; readonly logLevel: string }> {
  const raw = parseOptions<Options>("demo", DEMO_ROWS, process.argv.slice(2), VERSION);
  const options = {
    home: resolve(raw.home),
    portBase: raw.portBase,
    clusters: raw.clusters === undefined ? DEFAULT_TOPOLOGY : await readTopology(raw.clusters),
    restartAfterMs: raw.restartAfter,
    programs: {
      clusterController: program("cluster-controller"),
      embeddedApiserver: program("embedded-apiserver"),
    },
    say,
  };
  return { options, logLevel: raw.logLevel };
}
