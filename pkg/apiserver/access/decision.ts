/** Whether somebody may do something, and why. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}
