/**
 * The fewest of `items` with which `fails` still does, found by leaving out ever smaller parts (delta
 * debugging). Tries at most `limit` times.
 */
export function shrink<T>(
  items: readonly T[],
  fails: (some: readonly T[]) => boolean,
  limit = 300,
): readonly T[] {
  let kept = items;
  let left = limit;
  let size = Math.ceil(items.length / 2);
  while (kept.length > 0) {
    const rests = without(kept, size).slice(0, left);
    const smaller = rests.find((rest) => left-- > 0 && fails(rest));
    if (smaller !== undefined) kept = smaller;
    else if (size <= 1 || left <= 0) break;
    else size = Math.ceil(size / 2);
  }
  return kept;
}

/** `items` without one part of `size` after the other. */
function without<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const parts = Array.from({ length: Math.ceil(items.length / size) }, (_, part) => part * size);
  return parts.map((from) => [...items.slice(0, from), ...items.slice(from + size)]);
}
