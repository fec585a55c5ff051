import { errorText } from "../../pkg/base/errors.ts";
import { BrokenPromiseError, Caller } from "./caller.ts";
import type { Case, CaseWorld } from "./case.ts";
import { CONNECTION_CASES } from "./cases-connection.ts";
import { RECONNECT_CASES } from "./cases-reconnect.ts";
import { TASK_CASES } from "./cases-tasks.ts";
import type { Target } from "./target.ts";

/** Everything the protocol promises, in the order in which it is tried. */
export const CASES: readonly Case[] = [...CONNECTION_CASES, ...TASK_CASES, ...RECONNECT_CASES];

/** What came of a case. */
export interface CaseOutcome {
  readonly name: string;
  readonly must: string;
  readonly verdict: "PASS" | "FAIL" | "SKIP";
  /** What was seen, or why it was not tried. */
  readonly seen: string;
}

/** Tries `cases` one after the other, as a shim serves one controller at a time; tells each outcome as it comes. */
export async function* tryShim(
  endpoint: string,
  target: Target,
  cases: readonly Case[] = CASES,
): AsyncGenerator<CaseOutcome> {
  for (const { name, must, needs = [], run } of cases) {
    const missing = needs.filter((power) => target[power] === undefined);
    if (missing.length > 0) {
      yield { name, must, verdict: "SKIP", seen: `needs ${missing.join(" and ")} tasks` };
      continue;
    }
    const seen = await attempt(endpoint, target, run);
    yield { name, must, verdict: seen === "" ? "PASS" : "FAIL", seen };
  }
}

/** What was seen instead of what must hold, or "". */
async function attempt(endpoint: string, target: Target, run: Case["run"]): Promise<string> {
  await using callers = new AsyncDisposableStack();
  const world: CaseWorld = {
    endpoint,
    target,
    connect: async (options) => callers.use(await Caller.connect(endpoint, options)),
    open: async () => callers.use(await Caller.open(endpoint)),
  };
  try {
    await run(world);
    return "";
  } catch (error) {
    return error instanceof BrokenPromiseError ? error.message : `the kit: ${errorText(error)}`;
  }
}
