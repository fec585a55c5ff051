import type { ShimTask } from "../../pkg/shim/shim.ts";
import { badBody, parseBody } from "../yaml-body.ts";
import { type HelmChart, readChart } from "./helm-chart.ts";
import {
  type Fields,
  fieldsOf,
  flagField,
  isMapping,
  numberField,
  textField,
} from "./helm-fields.ts";
import { isOldHelmTask, readOldHelmTask } from "./old-helm-task.ts";

/** What a body says that it is. */
export const HELM_API_VERSION = "helm.ote.baidu.com/v1";
/** See HELM_API_VERSION. */
export const HELM_KIND = "HelmTask";

/** What can be done with a release. */
export type HelmActionName = "install" | "upgrade" | "rollback" | "uninstall" | "status" | "list";

/** A task for destination "helm", checked: nothing in it can become a flag of helm. */
export interface HelmTask {
  /** The id of the task, by which a release shows who made it. */
  readonly id: string;
  readonly action: HelmActionName;
  /** Empty for a list. */
  readonly release: string;
  /** Undefined for a list over all namespaces. */
  readonly namespace: string | undefined;
  readonly chart: HelmChart | undefined;
  readonly values: Fields | undefined;
  /** Flags of helm that are on or off. */
  readonly switches: ReadonlySet<HelmSwitch>;
  readonly timeoutSeconds: number;
  /** For a rollback; 0 is the one before. */
  readonly revision: number;
  readonly max: number;
  readonly offset: number;
}

/** Fields that are true or false, and become a flag of helm. */
export const HELM_SWITCHES = {
  createNamespace: ["install", "upgrade"],
  install: ["upgrade"],
  resetValues: ["upgrade"],
  reuseValues: ["upgrade"],
  atomic: ["install", "upgrade"],
  wait: ["install", "upgrade", "rollback", "uninstall"],
  waitForJobs: ["install", "upgrade", "rollback"],
  keepHistory: ["uninstall"],
} as const satisfies Readonly<Record<string, readonly HelmActionName[]>>;

/** See HELM_SWITCHES. */
export type HelmSwitch = keyof typeof HELM_SWITCHES;

/** Further fields, and the actions that have them. */
const FIELDS: Readonly<Record<string, readonly HelmActionName[]>> = {
  ...HELM_SWITCHES,
  release: ["install", "upgrade", "rollback", "uninstall", "status"],
  namespace: ["install", "upgrade", "rollback", "uninstall", "status", "list"],
  chart: ["install", "upgrade"],
  values: ["install", "upgrade"],
  timeoutSeconds: ["install", "upgrade", "rollback", "uninstall"],
  revision: ["rollback"],
  max: ["list"],
  offset: ["list"],
};

const ACTIONS: readonly HelmActionName[] = FIELDS.namespace ?? [];
const RELEASE = /^[a-z0-9]([a-z0-9.-]{0,51}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const DEFAULT_TIMEOUT_SECONDS = 300;
const LONGEST_TIMEOUT_SECONDS = 24 * 3600;

/** Reads a task for destination "helm"; throws TaskRefusedError for one that could never succeed. */
export function readHelmTask(task: ShimTask, plainHttp: boolean): HelmTask {
  if (isOldHelmTask(task)) return helmTaskOf(task.id, readOldHelmTask(task), plainHttp);
  if (task.body.trim() === "")
    throw badBody("it is empty, and a task for helm says there what to do");
  const value = parseBody(task.body);
  if (!isMapping(value)) throw badBody("it must be an object");
  const { apiVersion = HELM_API_VERSION, kind = HELM_KIND, ...rest } = value;
  if (apiVersion !== HELM_API_VERSION || kind !== HELM_KIND)
    throw badBody(`it must be of apiVersion ${HELM_API_VERSION} and kind ${HELM_KIND}`);
  return helmTaskOf(task.id, rest, plainHttp);
}

function helmTaskOf(id: string, value: Fields, plainHttp: boolean): HelmTask {
  const action = ACTIONS.find((name) => name === value.action);
  if (action === undefined) throw badBody(`action must be one of ${ACTIONS.join(", ")}`);
  const allowed = Object.keys(FIELDS).filter((name) => FIELDS[name]?.includes(action));
  const fields = fieldsOf(value, `a task to ${action}`, ["action", ...allowed]);
  const switches = Object.keys(HELM_SWITCHES).filter((name) => flagField(fields, name));
  const namespace = nameField(fields, "namespace", NAMESPACE);
  return {
    id,
    action,
    release: action === "list" ? "" : releaseOf(fields),
    namespace: namespace ?? (action === "list" ? undefined : "default"),
    chart: allowed.includes("chart") ? chartOf(fields, plainHttp) : undefined,
    values: valuesOf(fields),
    switches: new Set(switches as HelmSwitch[]),
    timeoutSeconds:
      numberField(fields, "timeoutSeconds", 1, LONGEST_TIMEOUT_SECONDS) ?? DEFAULT_TIMEOUT_SECONDS,
    revision: numberField(fields, "revision", 0, 2 ** 31) ?? 0,
    max: numberField(fields, "max", 1, 1000) ?? 256,
    offset: numberField(fields, "offset", 0, 1_000_000) ?? 0,
  };
}

function releaseOf(fields: Fields): string {
  const release = nameField(fields, "release", RELEASE);
  if (release === undefined) throw badBody("release must be set");
  return release;
}

function nameField(fields: Fields, name: string, pattern: RegExp): string | undefined {
  const text = textField(fields, name);
  if (text === undefined || pattern.test(text)) return text;
  throw badBody(
    `${name} must be a name of a-z, 0-9 and "-", and is ${JSON.stringify(text.slice(0, 100))}`,
  );
}

function chartOf(fields: Fields, plainHttp: boolean): HelmChart {
  const allowed = ["archive", "url", "repository", "name", "version"];
  return readChart(fieldsOf(fields.chart, "chart", allowed), plainHttp);
}

function valuesOf({ values }: Fields): Fields | undefined {
  if (values === undefined || values === null) return undefined;
  if (!isMapping(values)) throw badBody("values must be an object");
  return values;
}
