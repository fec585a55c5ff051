/** Which parts of a value are kept: all of it, some fields of an object, or those of each item of a list. */
export type Keep = true | { readonly [field: string]: Keep } | readonly [Keep];

/** What `keep` names of `value`; undefined if there is nothing of it. */
export function pick(value: unknown, keep: Keep): unknown {
  if (keep === true || value === null || value === undefined) return value ?? undefined;
  if (isEach(keep)) {
    if (!Array.isArray(value)) return undefined;
    return value.map((item) => pick(item, keep[0]) ?? {});
  }
  if (typeof value !== "object") return undefined;
  const picked: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries(keep)) {
    const found = pick((value as Record<string, unknown>)[field], inner);
    if (found !== undefined) picked[field] = found;
  }
  return Object.keys(picked).length === 0 ? undefined : picked;
}

function isEach(keep: Keep): keep is readonly [Keep] {
  return Array.isArray(keep);
}
