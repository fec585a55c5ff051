import { badRequest, invalidOption } from "./refusals.ts";

/** The value of a parameter that is a number. Throws a bad request if it is not. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}: must be a number`);
  return Number(text);
}

/** Whether the request asks to leave everything as it is. */
export function isDryRun(query: URLSearchParams): boolean {
  return query.getAll("dryRun").includes("All");
}

/** Throws a refusal of `options` if `dryRun` says anything but "All". */
export function checkDryRun(options: string, dryRun: readonly unknown[]): void {
  const wanted = dryRun.filter((value) => value !== "");
  if (wanted.every((value) => value === "All")) return;
  const list = wanted.map((value) => JSON.stringify(value)).join(", ");
  throw invalidOption(options, {
    reason: "FieldValueNotSupported",
    message: `Unsupported value: []string{${list}}: supported values: "All"`,
    field: "dryRun",
  });
}

/** Throws a refusal of `options` if the name of the manager is too long to be kept. */
export function checkManager(options: string, query: URLSearchParams): void {
  if ((query.get("fieldManager") ?? "").length <= 128) return;
  throw invalidOption(options, {
    reason: "FieldValueTooLong",
    message: "Too long: must have at most 128 bytes",
    field: "fieldManager",
  });
}

/** Whether a parameter is switched on, in any of the ways that Go reads as true. */
export function isOn(query: URLSearchParams, name: string): boolean {
  return ["1", "t", "T", "true", "TRUE", "True"].includes(query.get(name) ?? "");
}
