import { COLLECTED, type Collected } from "../pkg/clustercontroller/reports/collector.ts";
import {
  PROPAGATED_KINDS,
  type PropagatedKind,
  parsePropagated,
} from "../pkg/propagation/propagated-objects.ts";
import { DEFAULT_REPORT, parseReport, type ReportMode } from "../pkg/reporting/report-modes.ts";
import { type OptionRow, seconds } from "./option-table.ts";

/** What a cluster reports, and what is kept of the reports of others. */
export const REPORT_ROWS: readonly OptionRow[] = [
  {
    flags: "--report <kinds>",
    env: "OTE_REPORT",
    meaning:
      'what this cluster reports of itself, kind or kind:objects, kind:summary, kind:none after commas; "none" is the status without any kind',
    default: DEFAULT_REPORT,
    parse: parseReport,
  },
  {
    flags: "--report-interval <seconds>",
    env: "OTE_REPORT_INTERVAL",
    meaning: "how often the cluster's status is reported although nothing has changed",
    default: "60",
    parse: seconds(1, 3600),
  },
  {
    flags: "--collect-reports <what>",
    env: "OTE_COLLECT_REPORTS",
    meaning:
      "what clusters below report is kept in the API of this one: all, status or none; all at the root, status elsewhere if absent",
    parse: collected,
  },
  {
    flags: "--collect-limit <MiB>",
    env: "OTE_COLLECT_LIMIT",
    meaning:
      "how much all clusters together may report; what one of them has beyond 1 MiB is left out when it is reached",
    default: "1024",
    parse: mebibytes,
  },
  {
    flags: "--propagate <kinds>",
    env: "OTE_PROPAGATE",
    meaning:
      'the kinds whose labelled objects in the API of an entry point go down to clusters, after commas; "none" are none',
    default: PROPAGATED_KINDS.map(({ type }) => type.plural).join(","),
    parse: parsePropagated,
  },
  {
    flags: "--no-propagated",
    env: "OTE_NO_PROPAGATED",
    meaning: "keep nothing here that entry points above propagate to their clusters",
  },
];

/** The values of REPORT_ROWS. */
export interface ReportOptions {
  readonly report: ReadonlyMap<string, ReportMode>;
  /** Milliseconds. */
  readonly reportInterval: number;
  readonly collectReports?: Collected | undefined;
  /** Characters of JSON. */
  readonly collectLimit: number;
  readonly propagate: readonly PropagatedKind[];
  readonly propagated?: boolean;
}

function mebibytes(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new SyntaxError("it must be a number from 1 to 9999999");
  return Number(text) * 1024 * 1024;
}

function collected(text: string): Collected {
  const found = COLLECTED.find((word) => word === text);
  if (found === undefined) throw new SyntaxError(`it must be one of ${COLLECTED.join(", ")}`);
  return found;
}
