import type { ShimTask } from "../pkg/shim/shim.ts";
import { TaskRefusedError } from "./task-refused.ts";
import { badBody, parseBody } from "./yaml-body.ts";

/** The body of a request and what it says. */
export interface TaskBody {
  readonly text: string;
  readonly mediaType: string;
  readonly value: unknown;
}

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
const STRATEGIC_PATCH = "application/strategic-merge-patch+json";
/** The one body that the API server wants as YAML; JSON is YAML too. */
export const APPLY_PATCH = "application/apply-patch+yaml";

const PATCHES = [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH];
const OBJECTS = [
  ...["application/json", "application/yaml", "application/x-yaml"],
  ...["text/yaml", "text/x-yaml", "text/plain"],
];

/** The body that a task means, as the API server takes it; undefined if there is none to send. */
export function taskBody(method: string, task: ShimTask): TaskBody | undefined {
  if (method === "GET" || method === "HEAD") return undefined;
  if (task.body.trim() === "") {
    if (method === "PATCH") throw badBody("it is empty, and a PATCH needs one");
    return undefined;
  }
  const given = task.contentType?.split(";")[0]?.trim().toLowerCase() || undefined;
  checkMediaType(method, given);
  const { value, json } = read(task.body);
  if (method !== "PATCH") {
    if (!isObject(value)) throw badBody(`it must be an object, and is ${kindOf(value)}`);
    return { text: json, mediaType: "application/json", value };
  }
  const mediaType = given ?? (Array.isArray(value) ? JSON_PATCH : MERGE_PATCH);
  checkPatch(mediaType, value);
  return { text: mediaType === APPLY_PATCH ? task.body : json, mediaType, value };
}

function checkMediaType(method: string, given: string | undefined): void {
  const known = method === "PATCH" ? PATCHES : OBJECTS;
  if (given === undefined || known.includes(given)) return;
  throw new TaskRefusedError(
    "UnsupportedMediaType",
    `Cannot use content type "${given}" for a ${method}: it must be one of ${known.join(", ")}`,
  );
}

function checkPatch(mediaType: string, value: unknown): void {
  const wanted = mediaType === JSON_PATCH ? "an array" : "an object";
  if (kindOf(value) !== wanted)
    throw badBody(`a patch as ${mediaType} must be ${wanted}, and is ${kindOf(value)}`);
}

/** JSON goes on as it was written, so that no number in it changes. */
function read(text: string): { readonly value: unknown; readonly json: string } {
  try {
    return { value: JSON.parse(text), json: text };
  } catch {
    const value = parseBody(text);
    return { value, json: JSON.stringify(value) };
  }
}

function isObject(value: unknown): boolean {
  return kindOf(value) === "an object";
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (value === null) return "null";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
