import { expect, it } from "vitest";
import { passedOn, wantsUpgrade } from "./cluster-proxy.ts";

const HEADERS = [
  ["Host", "entry"],
  ["Authorization", "Bearer secret"],
  ["Connection", "keep-alive, Upgrade, Impersonate-User, Authorization"],
  ["connection", "Impersonate-Group"],
  ["Upgrade", "SPDY/3.1"],
  ["Impersonate-User", "root"],
  ["Accept", "a"],
  ["accept", "b"],
  [":path", "/"],
] as const;

it("passes on what is for the far end, in order", () => {
  expect(passedOn(HEADERS, false)).toEqual([
    ["Accept", "a"],
    ["accept", "b"],
  ]);
});

it("lets nobody name headers that a proxy before the API would have to leave out, such as ours", () => {
  expect(wantsUpgrade(HEADERS)).toBe(true);
  expect(passedOn(HEADERS, true)).toEqual([
    ["Connection", "Upgrade"],
    ["Upgrade", "SPDY/3.1"],
    ["Accept", "a"],
    ["accept", "b"],
  ]);
  expect(passedOn([["Connection", "Impersonate-User"]], true)).toEqual([]);
});
