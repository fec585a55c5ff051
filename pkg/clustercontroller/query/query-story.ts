import type { QueryEvent } from "../../apis/cluster-query.ts";
import type { ToldRows } from "./ask-cluster.ts";
import type { QueryPlace } from "./continue-token.ts";
import { type ClusterFailedError, failureOf } from "./failure.ts";
import { MergedColumns } from "./merged-columns.ts";
import type { Happening } from "./query-run.ts";

/** Turns what happens to single clusters into one answer, and counts. */
export class QueryStory {
  /** How many clusters ended how: "answered", or the reason of a failure. */
  readonly outcomes = new Map<string, number>();
  readonly #columns = new MergedColumns();
  readonly #selected: number;
  readonly #rowsOf = new Map<string, number>();
  /** Clusters whose columns do not fit; what they still say is not told. */
  readonly #unfit = new Set<string>();
  #toldColumns = 0;
  #answered = 0;
  #failed = 0;
  #rows = 0;

  /** Of so many clusters. */
  constructor(selected: number) {
    this.#selected = selected;
  }

  get counts(): { readonly answered: number; readonly failed: number; readonly rows: number } {
    return { answered: this.#answered, failed: this.#failed, rows: this.#rows };
  }

  /** The events for what happens; returns what the happenings return. `drop` ends one cluster. */
  async *tell(
    happenings: AsyncGenerator<Happening, QueryPlace | undefined>,
    drop: (cluster: string, reason: ClusterFailedError) => void,
  ): AsyncGenerator<QueryEvent, QueryPlace | undefined> {
    try {
      for (;;) {
        const { value, done } = await happenings.next();
        if (done === true) return value;
        if (!this.#unfit.has(value.cluster)) yield* this.#events(value, drop);
      }
    } finally {
      await happenings.return(undefined);
    }
  }

  /** The last event. */
  end(next: string | undefined): QueryEvent {
    const asked = this.#answered + this.#failed;
    const counts = { asked, ...this.counts, remaining: this.#selected - asked };
    return { type: "END", ...counts, ...(next === undefined ? {} : { continue: next }) };
  }

  *#events(
    happening: Happening,
    drop: (cluster: string, reason: ClusterFailedError) => void,
  ): Generator<QueryEvent> {
    const { cluster, kind } = happening;
    if (kind === "failed") {
      yield this.#failure({ type: "FAILED", ...happening.failure });
    } else if (kind === "rows") {
      try {
        yield* this.#told(cluster, happening.rows);
      } catch (error) {
        drop(cluster, error as ClusterFailedError);
        this.#unfit.add(cluster);
        const failure = failureOf(cluster, error, this.#rowsOf.get(cluster) ?? 0);
        yield this.#failure({ type: "FAILED", ...failure });
      }
    } else if (happening.next === "") {
      this.#answered++;
      this.#outcome("answered");
      yield { type: "ANSWERED", cluster, rows: this.#forget(cluster) };
    }
    // Else it goes on with the next page, and is counted there.
  }

  #told(cluster: string, { resource, ...batch }: ToldRows): readonly QueryEvent[] {
    const rows = this.#columns.rows(cluster, batch);
    this.#rows += rows.length;
    this.#rowsOf.set(cluster, (this.#rowsOf.get(cluster) ?? 0) + rows.length);
    const event: QueryEvent = {
      type: "ROWS",
      cluster,
      ...(resource === undefined ? {} : { resource }),
      rows,
    };
    if (this.#toldColumns === this.#columns.size) return [event];
    this.#toldColumns = this.#columns.size;
    return [{ type: "COLUMNS", columns: this.#columns.columns }, event];
  }

  #failure(event: QueryEvent & { readonly type: "FAILED" }): QueryEvent {
    this.#failed++;
    this.#outcome(event.reason);
    this.#forget(event.cluster);
    return event;
  }

  #outcome(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  #forget(cluster: string): number {
    const rows = this.#rowsOf.get(cluster) ?? 0;
    this.#rowsOf.delete(cluster);
    return rows;
  }
}
