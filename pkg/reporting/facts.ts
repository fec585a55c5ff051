import type { KubeObject } from "../apis/object.ts";
import { quantityForm, quantityNanos, quantityText } from "../apis/quantity.ts";

/** Quantities by resource: `{cpu: "4", memory: "8Gi"}`. */
export type Amounts = Readonly<Record<string, string>>;

/** What one object adds to the numbers of its cluster. */
export interface Facts {
  readonly counts: Readonly<Record<string, number>>;
  /** What a node has and can give to pods. */
  readonly amounts?: {
    readonly capacity?: Amounts | undefined;
    readonly allocatable?: Amounts | undefined;
  };
  /** What the containers of a pod have asked for. */
  readonly used?: readonly Amounts[];
}

/** 1 if the object's condition of this type is true, 0 otherwise. */
export function whenTrue(object: KubeObject, condition: string): 0 | 1 {
  const { conditions } = (object as { status?: { conditions?: unknown } }).status ?? {};
  if (!Array.isArray(conditions)) return 0;
  const found = (conditions as readonly { type?: unknown; status?: unknown }[]).find(
    ({ type }) => type === condition,
  );
  return found?.status === "True" ? 1 : 0;
}

/** The sums of counts, by name, with `total` also when there is nothing. */
export function sumCounts(facts: Iterable<Facts>): Record<string, number> {
  const sums: Record<string, number> = { total: 0 };
  for (const { counts } of facts)
    for (const [name, count] of Object.entries(counts)) {
      const key = `${name[0]?.toLowerCase()}${name.slice(1)}`;
      sums[key] = (sums[key] ?? 0) + count;
    }
  return sums;
}

/** The sums of quantities, by resource, each in the form in which it came first. */
export function sumAmounts(amounts: Iterable<Amounts | undefined>): Record<string, string> {
  const sums = new Map<string, { nanos: bigint; readonly form: "binary" | "decimal" }>();
  for (const one of amounts)
    for (const [resource, text] of Object.entries(one ?? {})) {
      const nanos = quantityNanos(String(text));
      if (nanos === undefined) continue;
      const sum = sums.get(resource);
      if (sum === undefined) sums.set(resource, { nanos, form: quantityForm(text) });
      else sum.nanos += nanos;
    }
  return Object.fromEntries(
    [...sums].map(([resource, { nanos, form }]) => [resource, quantityText(nanos, form)]),
  );
}
