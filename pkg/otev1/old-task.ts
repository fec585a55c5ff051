import { decodeTaskBody } from "../wire/codec.ts";
import type { TaskBody } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import type { OldResponse, OldTask } from "./envelope.ts";

/** What came of a task for an old cluster, in our words. */
export interface OldOutcome {
  readonly verdict: "done" | "failed" | "refused";
  readonly code: number;
  readonly reason: string;
  readonly body: string;
}

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"];
const JSON_PATCH = "application/json-patch+json";
/** Types of bodies that may turn out to be JSON, which is all that old clusters take. */
const OBJECT_TYPE = /^(application|text)\/(x-)?(json|yaml|plain)$/;
/** Requests whose answer would never end: the old side would wait for it, and all others behind it. */
const STREAM =
  /[?&](watch|follow)(?!=(0|false)\b)\b|\/(exec|attach|portforward)(\?|$)|\/v[^/]*\/watch\//;

/** A task of ours as an old cluster understands it, or why none could. Throws a ProtocolError for a damaged body. */
export function oldTaskOf(bytes: Uint8Array): OldTask | OldOutcome {
  const task = decodeTaskBody(bytes);
  const method = task.method.trim().toUpperCase();
  const refusal = refusalOf({ ...task, method });
  if (refusal !== undefined) {
    const [reason, what] = refusal;
    const body = `Cannot ask a cluster of OTE-Stack 2020 as ${what}; upgrade the cluster to use this task`;
    return { verdict: "refused", code: 0, reason, body };
  }
  const body = method === "GET" ? "" : task.body;
  return {
    destination: task.destination,
    method,
    uri: task.url.trim(),
    body: new TextEncoder().encode(body),
  };
}

/** What an answer says. An old cluster gives no reasons, so they are made from its codes. */
export function outcomeOf({ status, body: bytes }: OldResponse): OldOutcome {
  const body = new TextDecoder().decode(bytes);
  if (status === 0) {
    const text = body || "The Kubernetes API of the cluster gave no answer";
    return { verdict: "failed", code: 503, reason: "ApiUnreachable", body: text };
  }
  const code = status >= 100 && status <= 999 ? status : 500;
  if (code >= 200 && code < 300) return { verdict: "done", code, reason: "", body };
  return { verdict: "failed", code, reason: reasonOf(body), body };
}

/**
 * The selector that means `target` and nobody else, for an old child that leads to it. Old clusters pass
 * a task on under the bare name, which everybody whom it reaches takes for an unanchored pattern;
 * undefined if that would make another one of them, who are `reached`, execute it, too.
 */
export function exactSelector(target: ClusterName, reached: Iterable<string>): string | undefined {
  const pattern = new RegExp(target);
  for (const name of reached) if (name !== target && pattern.test(name)) return undefined;
  return `^${target.replaceAll(".", "\\.")}$`;
}

type Refusal = readonly [reason: string, what: string];

function refusalOf(task: TaskBody): Refusal | undefined {
  if (task.destination !== "api") return ["UnknownDestination", 'its destination must be "api"'];
  if (!METHODS.includes(task.method))
    return ["MethodNotAllowed", `its method must be one of ${METHODS.join(", ")}`];
  if (!task.url.trim().startsWith("/")) return ["BadUrl", 'its url must begin with "/"'];
  if (STREAM.test(task.url)) return ["StreamingNotAllowed", "its answer must have an end"];
  const needsNoBody = task.method === "GET" || (task.method !== "PATCH" && task.body.trim() === "");
  return needsNoBody ? undefined : refusalOfBody(task);
}

function refusalOfBody({ method, body, contentType }: TaskBody): Refusal | undefined {
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  const value = jsonOf(body);
  if (method === "PATCH") {
    if (!["", JSON_PATCH].includes(type) || (value !== undefined && !Array.isArray(value)))
      return ["UnsupportedMediaType", `a patch must be ${JSON_PATCH}`];
  } else if (type !== "" && !OBJECT_TYPE.test(type)) {
    return ["UnsupportedMediaType", "its body must be JSON"];
  }
  return value === undefined ? ["BadBody", "its body must be JSON"] : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function reasonOf(body: string): string {
  const value = jsonOf(body) as { readonly reason?: unknown } | null | undefined;
  const reason = typeof value === "object" ? value?.reason : undefined;
  return typeof reason === "string" && /^[A-Za-z]{1,64}$/.test(reason)
    ? reason
    : "UnexpectedAnswer";
}
