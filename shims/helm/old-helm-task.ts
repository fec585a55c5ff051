import type { ShimTask } from "../../pkg/shim/shim.ts";
import { TaskRefusedError } from "../task-refused.ts";
import { badBody, parseBody } from "../yaml-body.ts";
import { type Fields, isMapping } from "./helm-fields.ts";

/** Where the Helm proxy of OTE-Stack 2020 had its releases. */
const OLD_PATH = "/tiller/v2/releases/";

/** What of the old proxy has the same meaning with Helm 3: method, path below OLD_PATH, what it becomes. */
const OLD_TASKS: readonly [method: string, path: RegExp, to: (call: OldCall) => Fields][] = [
  ["GET", /^json$/, ({ query }) => ({ action: "list", ...only("namespace", query) })],
  ["GET", /^([^/]+)\/(?:status|content)\/json$/, (call) => ({ action: "status", ...place(call) })],
  ["POST", /^([^/]+)\/json$/, (call) => ({ action: "install", ...place(call), ...order(call) })],
  ["PUT", /^([^/]+)\/json$/, (call) => ({ action: "upgrade", ...place(call), ...order(call) })],
  ["DELETE", /^([^/]+)\/json$/, (call) => ({ action: "uninstall", ...place(call) })],
  [
    "GET",
    /^([^/]+)\/rollback\/json$/,
    (call) => ({ action: "rollback", ...place(call), revision: Number(call.query.get("version")) }),
  ],
];

interface OldCall {
  readonly release: string;
  readonly query: URLSearchParams;
  readonly body: Fields;
}

/** Whether a task is one for the Helm proxy of OTE-Stack 2020. */
export function isOldHelmTask({ url }: ShimTask): boolean {
  return url.trim().startsWith(OLD_PATH);
}

/** Such a task as the body that means the same today; refuses what has no such meaning. */
export function readOldHelmTask({ method, url, body }: ShimTask): Fields {
  const [path = "", query = ""] = url.trim().slice(OLD_PATH.length).split("?");
  const verb = method.trim().toUpperCase();
  for (const [wanted, pattern, to] of OLD_TASKS) {
    const match = wanted === verb ? pattern.exec(path) : null;
    if (match === null) continue;
    const call = { release: match[1] ?? "", query: new URLSearchParams(query), body: read(body) };
    return to(call);
  }
  throw new TaskRefusedError(
    "BadUrl",
    `Cannot use ${JSON.stringify(`${method} ${url}`.slice(0, 300))}: it is no request of the Helm proxy that Helm 3 can answer; say what to do in the body`,
  );
}

function read(body: string): Fields {
  const value = body.trim() === "" ? {} : parseBody(body);
  if (!isMapping(value)) throw badBody("it must be an object");
  return value;
}

function only(name: string, query: URLSearchParams): Fields {
  const value = query.get(name);
  return value === null ? {} : { [name]: value };
}

function place({ release, query, body }: OldCall): Fields {
  const namespace = query.get("namespace") ?? body.namespace;
  return { release, ...(namespace === undefined ? {} : { namespace }) };
}

function order({ body }: OldCall): Fields {
  const { chart_url: url, values, wait, timeout } = body;
  const { raw = "" } = isMapping(values) ? values : {};
  if (typeof raw !== "string") throw badBody("values.raw must be text");
  return {
    chart: { url },
    ...(raw.trim() === "" ? {} : { values: parseBody(raw) }),
    ...(wait === undefined ? {} : { wait }),
    ...(timeout === undefined ? {} : { timeoutSeconds: Number(timeout) }),
  };
}
