import { type ApiFigures, apiFigures, WATCHERS } from "./api.ts";
import { type ApiTarget, embeddedApi, realApi } from "./api-target.ts";
import type { Row } from "./row.ts";

/** What is compared of two APIs, and what is hoped for. */
const API_ROWS: readonly (Omit<Row, "ours" | "yardstick"> & {
  readonly of: (figures: ApiFigures) => number;
})[] = [
  { what: "API: objects created by one writer", unit: "/s", floor: 1, of: (f) => f.createsAlone },
  { what: "API: objects created by 32 writers", unit: "/s", floor: 1, of: (f) => f.createsBy32 },
  { what: "API: first 500 of 10,000 objects", unit: "ms", limit: 2, of: (f) => f.firstPage },
  { what: "API: list of 10,000 objects", unit: "ms", limit: 2, of: (f) => f.wholeList },
  ...WATCHERS.flatMap((watchers) => [
    {
      what: `API: events to ${watchers.toLocaleString("en")} watchers, in a burst`,
      unit: "/s",
      floor: 0.5,
      of: (f: ApiFigures) => f.fanOut[watchers]?.eventsPerSecond ?? Number.NaN,
    },
    {
      what: `API: change to event at ${watchers.toLocaleString("en")} watchers, p99`,
      unit: "ms",
      limit: 2,
      of: (f: ApiFigures) => f.fanOut[watchers]?.p99 ?? Number.NaN,
    },
  ]),
  { what: "API: memory with 10,000 objects", unit: "MB", limit: 1, of: (f) => f.memory / 1e6 },
];

/** The embedded API beside a real one, if there is one: each has the machine for itself. */
export async function apiRows(): Promise<Row[]> {
  const ours = await figuresOf(await embeddedApi());
  const real = await realApi();
  if (real === undefined)
    process.stderr.write(
      "without a real API: KUBEBUILDER_ASSETS is not set (see CONTRIBUTING.md)\n",
    );
  const theirs = real && (await figuresOf(real));
  return API_ROWS.map(({ of, ...row }) => ({
    ...row,
    ours: of(ours),
    ...(theirs && { yardstick: of(theirs) }),
  }));
}

async function figuresOf(target: ApiTarget): Promise<ApiFigures> {
  try {
    return await apiFigures(target);
  } finally {
    await target[Symbol.asyncDispose]();
  }
}
