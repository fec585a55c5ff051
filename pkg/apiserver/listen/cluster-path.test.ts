import { describe, expect, it } from "vitest";
import { isClusterPath, parseClusterPath, relocated } from "./cluster-path.ts";

describe("the path of a cluster", () => {
  it.each([
    ["/clusters/edge", "edge", "/"],
    ["/clusters/edge/", "edge", "/"],
    ["/clusters/edge?watch=1", "edge", "/?watch=1"],
    ["/clusters/edge/api/v1/pods?x=/../", "edge", "/api/v1/pods?x=/../"],
    ["/clusters/%65dge/api", "edge", "/api"],
    ["/clusters/edge//api", "edge", "//api"],
    ["/clusters/edge/a..b/...", "edge", "/a..b/..."],
    ["/clusters/edge/%C3%A4%zz", "edge", "/%C3%A4%zz"],
  ])("%s leads to %s and there to %s", (url, cluster, path) => {
    expect(isClusterPath(url)).toBe(true);
    expect(parseClusterPath(url)).toEqual({ cluster, path });
  });

  it.each([
    ["/clusters/../api", 404],
    ["/clusters/%2e%2e/api", 404],
    ["/clusters/edge%2fapi", 404],
    ["/clusters/%zz/api", 404],
    ["/clusters/ed%00ge/api", 404],
    [`/clusters/${"e".repeat(300)}/api`, 404],
    ["/clusters/edge/../region/api", 400],
    ["/clusters/edge/./api", 400],
    ["/clusters/edge/%2e%2E/api", 400],
    ["/clusters/edge/.%2e", 400],
    ["/clusters/edge/x%2f..%2f..%2fapi", 400],
    ["/clusters/edge/x\\..\\api", 400],
    ["/clusters/edge/x%5C..%5Capi", 400],
    ["/clusters/edge/..?x", 400],
  ])("%s leads nowhere (%i)", (url, code) => {
    expect(isClusterPath(url)).toBe(true);
    expect(() => parseClusterPath(url)).toThrow(
      expect.objectContaining({ status: expect.objectContaining({ code }) }),
    );
  });

  it.each(["/clusters", "/clusters/", "/clusters//edge", "/clustersx/edge", "//clusters/edge"])(
    "%s is none",
    (url) => {
      expect(isClusterPath(url)).toBe(false);
    },
  );

  it("stands before where an answer leads to on the same server", () => {
    const answer = [
      ["Location", "/api/"],
      ["location", "//elsewhere/api"],
      ["location", "https://elsewhere/api"],
      ["link", "/api"],
    ] as const;
    expect(relocated(answer, "edge").map(([, value]) => value)).toEqual([
      "/clusters/edge/api/",
      "//elsewhere/api",
      "https://elsewhere/api",
      "/api",
    ]);
  });
});
