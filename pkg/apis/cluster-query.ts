/** Where a tier answers a question to many clusters. */
export const QUERY_PATH = "/api/v1/query";

/** The media type of an answer as a stream: one QueryEvent in each line. */
export const QUERY_STREAM_TYPE = "application/jsonl";

/** In which annotation of an object clients write down the cluster that it is from. */
export const CLUSTER_ANNOTATION = "ote.baidu.com/cluster";

/** Why a cluster has not answered, or not to the end; docs/queries.md explains each. */
export const QUERY_FAILURE_REASONS = [
  "Offline",
  "Unknown",
  "Unreachable",
  "NoApi",
  "Forbidden",
  "NotFound",
  "Refused",
  "Expired",
  "Deadline",
  "TooLarge",
  "InvalidAnswer",
] as const;
export type QueryFailureReason = (typeof QUERY_FAILURE_REASONS)[number];

/** A cluster that did not answer, or not to the end. */
export interface QueryFailure {
  readonly cluster: string;
  readonly reason: QueryFailureReason;
  readonly message: string;
  /** The HTTP code, where the API of the cluster gave one. */
  readonly code?: number | undefined;
  /** Rows of it that were told before. */
  readonly rows: number;
}

/** A column of the merged table, as in meta.k8s.io/v1. */
export interface QueryColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, more only in wide output. */
  readonly priority: number;
}

/** A row of the merged table: the first cell is the name of the cluster. */
export interface QueryRow {
  readonly cells: readonly unknown[];
  /** The object or its metadata, as it was asked for. */
  readonly object?: unknown;
}

/** What came of a query, or of one page of it. */
export interface QuerySummary {
  /** Clusters that were asked, or known not to answer: `answered` and `failed` together. */
  readonly asked: number;
  readonly answered: number;
  readonly failed: number;
  /** Clusters whose turn comes on later pages. */
  readonly remaining: number;
  readonly rows: number;
  /** With what the next page is asked for; absent on the last one. */
  readonly continue?: string | undefined;
}

/** One line of a streamed answer. */
export type QueryEvent =
  /** The first: how many clusters are meant. */
  | { readonly type: "SELECTED"; readonly clusters: number }
  /** All columns known so far, to which those of later lines are added at the end. */
  | { readonly type: "COLUMNS"; readonly columns: readonly QueryColumn[] }
  /** Some rows of one cluster; `resource` is what they are, as "deployment.apps", where that is known. */
  | {
      readonly type: "ROWS";
      readonly cluster: string;
      readonly resource?: string | undefined;
      readonly rows: readonly QueryRow[];
    }
  /** A cluster has told everything. */
  | { readonly type: "ANSWERED"; readonly cluster: string; readonly rows: number }
  | ({ readonly type: "FAILED" } & QueryFailure)
  /** The last: without it the answer was cut off. */
  | ({ readonly type: "END" } & QuerySummary);

/** How many rows and clusters a query may ask for, and how long it may take. */
export const QUERY_LIMITS = {
  /** Rows on a page, where the answer is one table and nothing else was asked for. */
  defaultRows: 500,
  rows: 5000,
  defaultDeadlineMs: 10_000,
  deadlineMs: 300_000,
} as const;
