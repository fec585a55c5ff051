import { at, type JsonObject, listOf, objectOf } from "../request/json.ts";

/** Whether a LabelSelector means an object with these labels; one that says nothing means all. */
export function selects(selector: JsonObject, labels: JsonObject): boolean {
  const { matchLabels, matchExpressions } = selector;
  const named = Object.entries(objectOf(matchLabels)).every(
    ([key, value]) => labels[key] === value,
  );
  return named && listOf(matchExpressions).every((item) => holds(item, labels));
}

function holds(expression: unknown, labels: JsonObject): boolean {
  const value = labels[String(at(expression, "key"))];
  const values = listOf(at(expression, "values"));
  switch (at(expression, "operator")) {
    case "In":
      return values.includes(value);
    case "NotIn":
      return !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
