import type { ResourceType } from "../../apis/object.ts";
import { type StatusCause, StatusError, type StatusReason } from "../../apis/status.ts";

type Named = Pick<ResourceType, "group" | "plural" | "kind">;

/** "plural.group", and "plural" for the core group: how messages name a resource. */
export function qualified({ group, plural }: Pick<ResourceType, "group" | "plural">): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** There is no such object. */
export function notFound(type: Named, name: string): StatusError {
  return refuse("NotFound", type, name, `${qualified(type)} "${name}" not found`);
}

/** There is such an object already, perhaps one that only waits for its end. */
export function alreadyExists(type: Named, name: string, isEnding = false): StatusError {
  const why = isEnding ? "object is being deleted: " : "";
  return refuse("AlreadyExists", type, name, `${why}${qualified(type)} "${name}" already exists`);
}

/** The object is not as the caller thinks. */
export function conflict(type: Named, name: string, why: string = MODIFIED): StatusError {
  const what = `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${why}`;
  return refuse("Conflict", type, name, what);
}

const MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

/** The caller may not, or nobody may now. */
export function forbidden(
  type: Named,
  name: string,
  why: string,
  causes?: readonly StatusCause[],
): StatusError {
  const subject = name === "" ? qualified(type) : `${qualified(type)} "${name}"`;
  return refuse("Forbidden", type, name, `${subject} is forbidden: ${why}`, causes);
}

/** The object breaks rules; each cause names one field and what is wrong with it. */
export function invalid(type: Named, name: string, causes: readonly StatusCause[]): StatusError {
  const texts = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const kind = type.group === "" ? type.kind : `${type.kind}.${type.group}`;
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return StatusError.of("Invalid", `${kind} "${name}" is invalid: ${list}`, {
    name: name || undefined,
    group: type.group || undefined,
    kind: type.kind,
    causes,
  });
}

/** A parameter or option of the request (not its object) holds what it cannot. */
export function invalidOption(options: string, cause: StatusCause): StatusError {
  return invalid({ group: "meta.k8s.io", plural: "", kind: options }, "", [cause]);
}

/** A refusal to which Kubernetes gives no reason, only HTTP code 500. */
export function unexplained(message: string): StatusError {
  const { status } = StatusError.of("InternalError", message);
  return new StatusError({ ...status, reason: undefined, details: undefined });
}

/** The request makes no sense. */
export function badRequest(message: string): StatusError {
  return StatusError.of("BadRequest", message);
}

/** Nothing is served at that path. */
export function noSuchPath(): StatusError {
  return StatusError.of("NotFound", "the server could not find the requested resource", {});
}

/** The path is served, but not with that method. */
export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return StatusError.of("MethodNotAllowed", message, {});
}

/** What is served at the path knows no such verb. */
export function notSupported(type: Named, verb: string): StatusError {
  const message = `${verb} is not supported on resources of kind "${qualified(type)}"`;
  return StatusError.of("MethodNotAllowed", message, {
    group: type.group || undefined,
    kind: type.plural,
  });
}

/** The history that the request needs is no longer there; the caller has to list again. */
export function expired(message: string): StatusError {
  return StatusError.of("Expired", message);
}

function refuse(
  reason: StatusReason,
  type: Named,
  name: string,
  message: string,
  causes?: readonly StatusCause[],
): StatusError {
  return StatusError.of(reason, message, {
    name: name || undefined,
    group: type.group || undefined,
    kind: type.plural,
    causes,
  });
}
