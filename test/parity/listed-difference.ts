/** What one behaviour comes to on each server. */
export interface Outcomes {
  readonly embedded: unknown;
  readonly kubeApiserver: unknown;
}

/** Something that our server does otherwise than kube-apiserver 1.20, and where that is seen. */
export interface ListedDifference {
  readonly why: string;
  /** By "area > behaviour". */
  readonly outcomes: Readonly<Record<string, Outcomes>>;
}
