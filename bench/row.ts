/** One line of the table: ours beside the yardstick of the same run, a bare `ws` loop or a real kube-apiserver with etcd; or a median beside the worst. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  /** Undefined where there is nothing to compare with. */
  readonly yardstick?: number;
  /** What `ours` divided by `yardstick` should stay below. */
  readonly limit?: number;
  /** What it should stay above, where more is better. */
  readonly floor?: number;
  /** The worst of several measurements of which `ours` is the median. */
  readonly worst?: number;
  /** What `worst` should not exceed, in the same unit. */
  readonly bound?: number;
}
