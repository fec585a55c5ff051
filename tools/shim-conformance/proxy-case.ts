import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "./caller.ts";
import type { CallerStream } from "./caller-stream.ts";
import type { CaseWorld } from "./case.ts";
import { must } from "./must.ts";
import type { SeenRequest } from "./target.ts";

/** What a case of requests to the API needs. */
export const PROXY = { capability: "proxy", needs: ["seen"] } as const;
/** How long what takes no time may take. */
export const QUICK_MS = 3000;

/** A task and a request on the same connection are answered in time. */
export async function expectOthersServed(
  { target }: CaseWorld,
  caller: Awaited<ReturnType<CaseWorld["connect"]>>,
): Promise<void> {
  const quick: CallerStream = caller.stream();
  quick.close();
  const task = caller.give({ body: target.quick(newId()) });
  await quick.end(QUICK_MS);
  must(quick.closed?.code === "", `a quick request was closed with ${quick.closed?.code}`);
  await caller.result(task, QUICK_MS);
}

/** The one request with that key. */
export function one(target: CaseWorld["target"], key: string): SeenRequest {
  const [seen, ...others] = target.seen?.(key) ?? [];
  must(seen !== undefined, "the request did not reach the API");
  must(others.length === 0, `the request was made ${others.length + 1} times`);
  return seen;
}

/** Resolves when the request with that key has reached the API. */
export async function arrival(target: CaseWorld["target"], key: string): Promise<void> {
  await within("the request reaches the API", () => (target.seen?.(key).length ?? 0) > 0);
}

/** Resolves when it has ended there before its answer was complete. */
export async function expectCut(target: CaseWorld["target"], key: string): Promise<void> {
  await within("the request ends at the API", () => one(target, key).cut);
}

async function within(what: string, holds: () => boolean): Promise<void> {
  const late = performance.now() + 5000;
  while (!holds()) {
    must(performance.now() < late, `not within 5 seconds: ${what}`);
    await sleep(20);
  }
}
