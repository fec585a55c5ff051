import { join } from "node:path";
import type { HelmChart } from "./helm-chart.ts";
import type { HelmSwitch, HelmTask } from "./helm-task.ts";

/** What helm finds in its private directory. */
export interface HelmFiles {
  readonly directory: string;
  readonly kubeconfig: string;
}

/** Names of files in the private directory. */
export const CHART_FILE = "chart.tgz";
/** See CHART_FILE. */
export const VALUES_FILE = "values.json";

const SWITCHES: Readonly<Record<HelmSwitch, string>> = {
  createNamespace: "--create-namespace",
  install: "--install",
  resetValues: "--reset-values",
  reuseValues: "--reuse-values",
  atomic: "--atomic",
  wait: "--wait",
  waitForJobs: "--wait-for-jobs",
  keepHistory: "--keep-history",
};

/** All states of a release but superseded ones; naming them means the same to Helm 3 and 4. */
const LISTED = ["--deployed", "--failed", "--pending", "--uninstalled", "--uninstalling"];

/** What a release's history says of the task that made it. */
export function descriptionOf({ id }: Pick<HelmTask, "id">): string {
  return `ote task ${id}`;
}

/**
 * The arguments with which helm does a task within `timeoutSeconds`. What somebody gave stands behind
 * `--flag=` or behind `--`, so that it is never read as a flag.
 */
export function helmArguments(task: HelmTask, files: HelmFiles, timeoutSeconds: number): string[] {
  const head = [task.action, `--kubeconfig=${files.kubeconfig}`];
  const switches = [...task.switches].map((name) => SWITCHES[name]);
  const timeout = `--timeout=${timeoutSeconds}s`;
  const where = task.namespace === undefined ? "--all-namespaces" : `--namespace=${task.namespace}`;
  switch (task.action) {
    case "install":
    case "upgrade": {
      const { flags, reference } = chartArguments(task.chart, files);
      const values = task.values && `--values=${join(files.directory, VALUES_FILE)}`;
      const told = `--description=${descriptionOf(task)}`;
      const all = [where, ...switches, timeout, told, ...flags, ...(values ? [values] : [])];
      return [...head, ...all, "--output=json", "--", task.release, reference];
    }
    case "rollback": {
      const revision = task.revision === 0 ? [] : [String(task.revision)];
      return [...head, where, ...switches, timeout, "--", task.release, ...revision];
    }
    case "uninstall":
      return [...head, where, ...switches, timeout, "--", task.release];
    case "status":
      return [...head, where, "--output=json", "--", task.release];
    case "list": {
      const page = [`--max=${task.max}`, `--offset=${task.offset}`];
      return [...head, where, ...LISTED, ...page, "--output=json"];
    }
  }
}

/** The arguments that show the newest revisions of a task's release. */
export function historyArguments(task: HelmTask, { kubeconfig }: HelmFiles): string[] {
  const where = `--namespace=${task.namespace}`;
  const head = ["history", `--kubeconfig=${kubeconfig}`, where];
  return [...head, "--max=10", "--output=json", "--", task.release];
}

function chartArguments(
  chart: HelmChart | undefined,
  { directory }: HelmFiles,
): { readonly flags: readonly string[]; readonly reference: string } {
  if (chart === undefined || chart.from === "archive")
    return { flags: [], reference: join(directory, CHART_FILE) };
  const version = chart.version === undefined ? [] : [`--version=${chart.version}`];
  if (chart.from === "url") return { flags: version, reference: chart.url };
  const { repository, name } = chart;
  if (repository.startsWith("oci:"))
    return { flags: version, reference: `${repository.replace(/\/+$/, "")}/${name}` };
  return { flags: [`--repo=${repository}`, ...version], reference: name };
}
