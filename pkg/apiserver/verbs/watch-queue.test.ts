import { describe, expect, it } from "vitest";
import { WatchQueue } from "./watch-queue.ts";

const LIMITS = { bytes: 1000, lines: 10 };
const queue = () => new WatchQueue(LIMITS, () => Buffer.from("lagging "));

async function text(lines: WatchQueue): Promise<string> {
  let all = "";
  for await (const line of lines) all += Buffer.from(line).toString();
  return all;
}

describe("WatchQueue", () => {
  it("delivers all of the past before what was pushed meanwhile, however long it is", async () => {
    const lines = queue();
    const past = Array.from({ length: 5000 }, (_, n) => `past-${n} `.padEnd(100));
    lines.begin(past.map((line) => Buffer.from(line)));
    lines.push(Buffer.from("live "));
    lines.end();
    expect(await text(lines)).toBe(`${past.join("")}live `);
  });

  it("lets others have their turn while it looks through a past that it does not show", async () => {
    const lines = queue();
    let looked = 0;
    const past = function* () {
      for (; looked < 100_000; looked++) yield undefined;
    };
    lines.begin(past());
    lines.end();
    const reading = text(lines);
    await new Promise((resolve) => setImmediate(resolve));
    expect(looked).toBeLessThan(5000);
    expect(await reading).toBe("");
    expect(looked).toBe(100_000);
  });

  it("makes the first line before others can be pushed, where that matters", () => {
    const lines = queue();
    let made = false;
    const past = function* () {
      for (let n = 0; n < 5000; n++) yield undefined;
      made = true;
      yield Buffer.from("columns");
    };
    lines.begin(past(), true);
    expect(made).toBe(true);
  });

  it("ends with one line when the past is gone, and delivers nothing after it", async () => {
    const lines = queue();
    lines.begin(
      (function* () {
        yield Buffer.from("past ");
        lines.fail(Buffer.from("gone "));
      })(),
    );
    lines.push(Buffer.from("live "));
    expect(await text(lines)).toBe("gone ");
  });

  it("ends with one line when its reader lags, while the past is read, too", async () => {
    const lines = queue();
    lines.begin(Array.from({ length: 5000 }, () => Buffer.from("past ".padEnd(100))));
    for (let n = 0; n < 20; n++) lines.push(Buffer.from("live "));
    expect(await text(lines)).toBe("lagging ");
  });
});
