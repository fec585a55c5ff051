/** What must hold does not. */
export class BrokenPromiseError extends Error {}

/** Throws unless `holds`; the text says what was seen instead. */
export function must(holds: boolean, seen: string): asserts holds {
  if (!holds) throw new BrokenPromiseError(seen);
}
