import type { StatusCause } from "../../apis/status.ts";
import { child, type JsonObject } from "../request/json.ts";
import { badRequest } from "../request/refusals.ts";
import type { Schema } from "../schema/schema.ts";
import { setDefaults } from "../schema/schema-defaults.ts";
import { validate } from "../schema/schema-validation.ts";

/** What is known of a builtin kind beyond its row: how its objects are completed, and what is wrong with them. */
export interface KindRules {
  /** The fields that have defaults or must have a type; others can hold anything. */
  readonly shape?: Schema | undefined;
  /** What the shape cannot say. */
  readonly complete?: ((object: JsonObject, old: JsonObject | undefined) => void) | undefined;
  readonly check?:
    | ((object: JsonObject, old: JsonObject | undefined) => readonly StatusCause[])
    | undefined;
  /** The status with which an object begins. */
  readonly status?: JsonObject | undefined;
}

/** Completes `object`, a `kind`. Throws a bad request where a field cannot hold what it holds. */
export function completeBy(
  { shape, complete, status }: KindRules,
  kind: string,
  object: JsonObject,
  old: JsonObject | undefined,
): void {
  if (shape !== undefined) {
    setDefaults(object, shape);
    const wrong = validate(object, shape).find(({ reason }) => reason === "FieldValueTypeInvalid");
    if (wrong !== undefined)
      throw badRequest(
        `${kind} in version "${String(object.apiVersion).split("/").at(-1)}" cannot be handled as a ${kind}: ${wrong.field}: ${wrong.message}`,
      );
  }
  complete?.(object, old);
  if (old === undefined && status !== undefined)
    object.status = { ...status, ...child(object, "status") };
}
