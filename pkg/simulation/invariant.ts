import { OteError } from "../base/errors.ts";

/** Something that must always hold did not. */
export class InvariantError extends OteError {
  readonly code = "INVARIANT_BROKEN";
  /** Which one, in a word. */
  readonly invariant: string;
  /** Milliseconds of virtual time. */
  readonly at: number;

  constructor(invariant: string, at: number, what: string) {
    super(`Cannot go on as "${invariant}" must hold: ${what}, after ${(at / 1000).toFixed(3)} s`);
    this.invariant = invariant;
    this.at = at;
  }
}
