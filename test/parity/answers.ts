import type { Answer, Any } from "./request.ts";

/** A refusal or a Success as one line: code, reason and message. */
export function said({ code, body }: Answer): string {
  if (body?.kind !== "Status") return `${code} ${body?.kind ?? "no object"}`;
  const { status, reason = "", message = "" } = body;
  return `${code} ${[status === "Success" ? status : reason, message].filter((text) => text !== "").join(": ")}`;
}

/** The same with the details, which programs read. */
export function detailed(answer: Answer): readonly unknown[] {
  return [said(answer), answer.body?.details ?? null];
}

/** The causes of a refusal, one line each. */
export function causes({ body }: Answer): readonly string[] {
  const list: Any[] = body?.details?.causes ?? [];
  return list.map(({ reason, field, message }) => `${field ?? ""} ${reason}: ${message}`);
}

/** The same without the values, where these are shown in the notation of the server's language. */
export function valueless(answer: Answer): readonly string[] {
  return causes(answer).map((text) => text.replace(/ value: .*: /, " value: …: "));
}

/** The code and reason alone, where the text comes out of a library. */
export function reason({ code, body }: Answer): string {
  return `${code} ${body?.reason ?? body?.kind ?? ""}`;
}

/** The names of the items of a list. */
export function names({ body }: Answer): readonly string[] {
  const items: Any[] = body.items ?? [];
  return items.map((item) => item.metadata.name);
}
