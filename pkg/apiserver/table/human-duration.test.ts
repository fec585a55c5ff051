import { expect, it } from "vitest";
import { age, humanDuration } from "./human-duration.ts";

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

it.each([
  [-5 * S, "<invalid>"],
  [-1, "0s"],
  [119 * S, "119s"],
  [2 * M, "2m"],
  [3 * M + 10 * S, "3m10s"],
  [10 * M + 10 * S, "10m"],
  [3 * H + 5 * M, "3h5m"],
  [47 * H, "47h"],
  [3 * D + 2 * H, "3d2h"],
  [400 * D, "400d"],
  [800 * D, "2y70d"],
  [4000 * D, "10y"],
])("shows %d ms as %s", (span, text) => {
  expect(humanDuration(span)).toBe(text);
});

it("does not know an age without a time", () => {
  expect([age(undefined, 0), age("soon", 0), age("1970-01-01T00:00:00Z", 5000)]).toEqual([
    "<unknown>",
    "<invalid>",
    "5s",
  ]);
});
