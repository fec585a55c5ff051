import type { JsonObject } from "../request/json.ts";
import type { BuiltinRow } from "./builtin-row.ts";

/** The fields whose names differ: in the group of events, and in the core group. */
const NAMES: readonly (readonly [string, string])[] = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["reportingController", "reportingComponent"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
];
const TO_CORE = new Map(NAMES);
const FROM_CORE = new Map(NAMES.map(([own, core]) => [core, own]));
const SAME = ["reason", "type", "eventTime", "series", "action", "related", "reportingInstance"];

/** Events under the names of their newer group; they are the same objects as those of the core group. */
export const NEW_EVENT: BuiltinRow = {
  group: "events.k8s.io",
  kind: "Event",
  fields: [...NAMES.map(([own]) => own), ...SAME],
  short: ["ev"],
  select: ["reason", "type", "regarding.kind", "regarding.name", "regarding.namespace"],
  keptWith: "events",
  storedAs: "v1",
  toStored: (event) => renamed(event, TO_CORE, "v1"),
  fromStored: (event) => renamed(event, FROM_CORE, "events.k8s.io/v1"),
};

function renamed(
  event: JsonObject,
  names: ReadonlyMap<string, string>,
  apiVersion: string,
): JsonObject {
  const fields = Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value]);
  return { ...Object.fromEntries(fields), apiVersion };
}
