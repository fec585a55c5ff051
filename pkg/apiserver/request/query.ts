import { badRequest } from "./refusals.ts";

/** The value of a parameter that is a number. Throws a bad request if it is not. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}: must be a number`);
  return Number(text);
}

/** Whether the request asks to leave everything as it is. Throws a bad request if it says so unclearly. */
export function isDryRun(query: URLSearchParams): boolean {
  const wanted = query.get("dryRun") ?? "";
  if (wanted !== "" && wanted !== "All")
    throw badRequest(`dryRun: Unsupported value: "${wanted}": supported values: "All"`);
  return wanted === "All";
}

/** Whether a parameter is switched on, in any of the ways that Go reads as true. */
export function isOn(query: URLSearchParams, name: string): boolean {
  return ["1", "t", "T", "true", "TRUE", "True"].includes(query.get(name) ?? "");
}
