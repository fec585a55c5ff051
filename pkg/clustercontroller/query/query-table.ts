import type { QueryColumn, QueryEvent, QueryFailure, QueryRow } from "../../apis/cluster-query.ts";

/** What a page holds. */
interface Gathered {
  readonly rows: QueryRow[];
  readonly failures: QueryFailure[];
  columns: readonly QueryColumn[];
  summary: object;
  next: string | undefined;
}

/** Gathers a page into one meta.k8s.io/v1 Table, as JSON in pieces of bounded size. */
export async function* tableText(events: AsyncIterable<QueryEvent>): AsyncGenerator<string, void> {
  const { rows, failures, columns, summary, next } = await gather(events);
  const metadata = next === undefined ? {} : { continue: next };
  const table = { kind: "Table", apiVersion: "meta.k8s.io/v1", metadata };
  const head = { ...table, columnDefinitions: columns, summary, failures };
  yield `${JSON.stringify(head).slice(0, -1)},"rows":[`;
  for (const [index, row] of rows.entries()) {
    const comma = index === 0 ? "" : ",";
    yield `${comma}${JSON.stringify({ ...row, cells: padded(row.cells, columns.length) })}`;
  }
  yield "]}\n";
}

async function gather(events: AsyncIterable<QueryEvent>): Promise<Gathered> {
  const page: Gathered = { rows: [], failures: [], columns: [], summary: {}, next: undefined };
  for await (const event of events) {
    if (event.type === "COLUMNS") page.columns = event.columns;
    else if (event.type === "ROWS") page.rows.push(...event.rows);
    else if (event.type === "FAILED") page.failures.push(withoutType(event));
    else if (event.type === "END") {
      const { type: _, continue: next, ...summary } = event;
      Object.assign(page, { summary, next });
    }
  }
  return page;
}

/** A row that was told before another cluster had more columns has nothing there. */
function padded(cells: readonly unknown[], width: number): readonly unknown[] {
  return cells.length === width ? cells : [...cells, ...new Array(width - cells.length).fill(null)];
}

function withoutType({ type: _, ...failure }: QueryEvent & { type: "FAILED" }): QueryFailure {
  return failure;
}
