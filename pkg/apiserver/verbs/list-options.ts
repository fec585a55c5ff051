import type { StatusCause } from "../../apis/status.ts";
import { badRequest, invalidOption } from "../request/refusals.ts";

const MATCH = "resourceVersionMatch";
const MATCHES = ["Exact", "NotOlderThan"];

/** Throws what in the parameters of a list does not go together. */
export function checkListOptions(query: URLSearchParams): void {
  const version = query.get("resourceVersion") ?? "";
  const match = query.get(MATCH) ?? "";
  const place = query.get("continue") ?? "";
  if (place !== "" && version !== "" && version !== "0")
    throw badRequest("specifying resource version is not allowed when using continue");
  if (match === "") return;
  if (place !== "") throw refusal(`${MATCH} is forbidden for continue`);
  if (version === "") throw refusal(`${MATCH} is forbidden unless resourceVersion is provided`);
  if (!MATCHES.includes(match))
    throw optionRefusal(
      "FieldValueNotSupported",
      `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`,
    );
  if (match === "Exact" && version === "0")
    throw refusal(`${MATCH} "exact" is forbidden for resourceVersion "0"`);
}

function refusal(why: string): Error {
  return optionRefusal("FieldValueForbidden", `Forbidden: ${why}`);
}

function optionRefusal(reason: StatusCause["reason"], message: string): Error {
  return invalidOption("ListOptions", { reason, message, field: MATCH });
}
