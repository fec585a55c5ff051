/** The value below which `part` (0 to 1) of all are; not a number if there are none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** The one in the middle; the higher of two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value above which a hundredth of all are. */
export function p99(values: readonly number[]): number {
  return quantile(values, 0.99);
}
