import type { KubeObject, ResourceType } from "./object.ts";

export const SECRET: ResourceType = {
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  namespaced: true,
};

/** Something that only few may read; `data` is base64. */
export interface Secret extends KubeObject {
  readonly type?: string | undefined;
  readonly data?: Readonly<Record<string, string>> | undefined;
}

/** One field of a Secret as text; undefined if it is not there. */
export function secretText({ data }: Secret, field: string): string | undefined {
  const value = data?.[field];
  return value === undefined ? undefined : Buffer.from(value, "base64").toString();
}

/** Fields of a Secret from texts; those that are undefined are left out. */
export function secretData(texts: Readonly<Record<string, string | undefined>>): {
  readonly [field: string]: string;
} {
  const fields = Object.entries(texts).filter(([, text]) => text !== undefined);
  return Object.fromEntries(
    fields.map(([field, text]) => [field, Buffer.from(text ?? "").toString("base64")]),
  );
}
