import { NEWER } from "./differences-newer.ts";
import { OWN } from "./differences-own.ts";
import type { ListedDifference } from "./listed-difference.ts";

/** Every difference that the suite knows of, by id; docs/api-parity.md explains each of them. */
export const DIFFERENCES: Readonly<Record<string, ListedDifference>> = { ...NEWER, ...OWN };
