import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../../pkg/base/errors.ts";

/**
 * Looks again and again until `look` gives something else than undefined or false, and returns that.
 * Throws what the last look threw, or that it never came, once `limitMs` have passed.
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const late = performance.now() + limitMs;
  for (;;) {
    let why = "";
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      why = `: ${errorText(error)}`;
    }
    if (performance.now() > late) throw new Error(`Not within ${limitMs} ms: ${what}${why}`);
    await sleep(25);
  }
}
