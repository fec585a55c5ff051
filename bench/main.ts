import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { apiRows } from "./api-rows.ts";
import { fanOut, memoryPerChild, type Variant } from "./fan-out.ts";
import { faultRows } from "./faults.ts";
import { median } from "./quantile.ts";
import { queryRows } from "./query.ts";
import { reportRows } from "./reports.ts";
import type { Row } from "./row.ts";
import { stormRows } from "./storm.ts";
import { streamRows } from "./streams.ts";
import { taskToStatus } from "./task-to-status.ts";
import { uplinkRows } from "./uplink.ts";

/** Messages down in all rounds of one repetition; the first third of the rounds only warms the compiler up. */
const MESSAGES = 45_000;
const REPETITIONS = 5;

/** The benchmarks by name; `npm run bench -- NAME …` runs some of them. */
const BENCHMARKS: Readonly<Record<string, () => Promise<Row[]>>> = {
  "fan-out": async () => [await fanOutRow(100), await fanOutRow(1000)],
  memory: async () => [await memoryRow(2000)],
  task: async () => [
    {
      what: "task to 1,000 children, object created to status Completed",
      unit: "ms",
      ours: await taskToStatus(1000),
    },
  ],
  api: apiRows,
  query: queryRows,
  streams: () =>
    streamRows({
      repetitions: Number(option("--repetitions", "3")),
      only: option("--only", ""),
      allReal: process.argv.includes("--all-real"),
    }),
  reports: () => reportRows(option("--only", "")),
  uplink: uplinkRows,
  storm: () => stormRows(option("--only", "")),
  faults: () =>
    faultRows({
      repetitions: Number(option("--repetitions", "5")),
      quietMinutes: Number(option("--minutes", "10")),
      only: option("--only", ""),
    }),
};

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const json = args.includes("--json") ? args[args.indexOf("--json") + 1] : undefined;
  const names = args.filter((arg) => arg in BENCHMARKS);
  const rows: Row[] = [];
  for (const [name, run] of Object.entries(BENCHMARKS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stderr.write(`running ${name}\n`);
    rows.push(...(await run()));
  }
  process.stdout.write(`${table(rows)}\n`);
  if (json !== undefined) await writeFile(json, `${JSON.stringify(rows, undefined, 2)}\n`);
}

/** The variants take turns, so that whatever else the machine does hits both. */
async function fanOutRow(children: number): Promise<Row> {
  const times: Record<Variant, number[]> = { tree: [], ws: [] };
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    for (const variant of ["ws", "tree"] as const) {
      const rounds = await fanOut(variant, children, MESSAGES / children);
      times[variant].push(...rounds.slice(rounds.length / 3));
    }
  }
  return {
    what: `fan-out to ${children.toLocaleString("en")} children and all answers, median`,
    unit: "ms",
    ours: median(times.tree),
    yardstick: median(times.ws),
    limit: 2,
  };
}

async function memoryRow(children: number): Promise<Row> {
  const sizes: Record<Variant, number[]> = { tree: [], ws: [] };
  for (let repetition = 0; repetition < 3; repetition++) {
    for (const variant of ["ws", "tree"] as const)
      sizes[variant].push(await memoryPerChild(variant, children));
  }
  return {
    what: `memory per idle child, ${children.toLocaleString("en")} children`,
    unit: "kB",
    ours: median(sizes.tree) / 1000,
    yardstick: median(sizes.ws) / 1000,
  };
}

function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { what, unit, ours, yardstick, worst } = row;
    const ratio = yardstick === undefined ? "" : `${(ours / yardstick).toFixed(2)}x`;
    const bare = yardstick === undefined ? "" : `${yardstick.toFixed(1)} ${unit}`;
    const other = worst === undefined ? bare : `worst ${worst.toFixed(1)} ${unit}`;
    return `| ${what} | ${ours.toFixed(1)} ${unit} | ${other} | ${ratio} | ${aim(row)} |`;
  });
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}`;
  return [
    machine,
    "",
    "| what | ours | yardstick | ratio | aim |",
    "|---|---:|---:|---:|---|",
    ...lines,
  ].join("\n");
}

function aim({ unit, limit, floor, bound }: Row): string {
  if (bound !== undefined) return `worst at most ${bound.toLocaleString("en")} ${unit}`.trim();
  if (limit !== undefined) return `below ${limit}x`;
  return floor === undefined ? "" : `above ${floor}x`;
}

/** What stands behind a flag of the command line. */
function option(flag: string, otherwise: string): string {
  const at = process.argv.indexOf(flag);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? "");
}
