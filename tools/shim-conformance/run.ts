import { errorText } from "../../pkg/base/errors.ts";
import { Caller } from "./caller.ts";
import type { Case, CaseWorld } from "./case.ts";
import { CONNECTION_CASES } from "./cases-connection.ts";
import { PROXY_CASES } from "./cases-proxy.ts";
import { RECONNECT_CASES } from "./cases-reconnect.ts";
import { STREAM_CASES } from "./cases-streams.ts";
import { TASK_CASES } from "./cases-tasks.ts";
import { BrokenPromiseError } from "./must.ts";
import { LACKS, type Target } from "./target.ts";

/** Everything the protocol promises, in the order in which it is tried. */
export const CASES: readonly Case[] = [
  ...CONNECTION_CASES,
  ...TASK_CASES,
  ...RECONNECT_CASES,
  ...PROXY_CASES,
  ...STREAM_CASES,
];

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
  const announced = await capabilitiesOf(endpoint);
  for (const one of cases) {
    const { name, must, run } = one;
    const why = whyNot(one, target, announced);
    if (why !== undefined) {
      yield { name, must, verdict: "SKIP", seen: why };
      continue;
    }
    const seen = await attempt(endpoint, target, run);
    yield { name, must, verdict: seen === "" ? "PASS" : "FAIL", seen };
  }
}

/** Why a case cannot be tried, if it cannot. */
function whyNot(
  { needs = [], capability, unless }: Case,
  target: Target,
  announced: readonly string[],
): string | undefined {
  if (capability !== undefined && !announced.includes(capability))
    return `the shim does not announce "${capability}"`;
  if (unless !== undefined && announced.includes(unless)) return `the shim announces "${unless}"`;
  const missing = needs.filter((power) => target[power] === undefined);
  return missing.length === 0
    ? undefined
    : `needs ${missing.map((power) => LACKS[power]).join(" and ")}`;
}

/** What the shim says of itself; nothing if it does not say it as it should, which is a case of its own. */
async function capabilitiesOf(endpoint: string): Promise<readonly string[]> {
  try {
    await using caller = await Caller.connect(endpoint);
    return caller.welcome.capabilities;
  } catch {
    return [];
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
