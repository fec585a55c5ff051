import { describe, expect, it } from "vitest";
import { fromHeader, toHeader } from "./header-text.ts";

describe("texts in headers", () => {
  it.each(["ann", "", "jörg", "jÃ¶rg", "Ω-team", "名前", "a b:c"])("carries %s", (text) => {
    expect(toHeader(text)).toMatch(/^[\0-\xff]*$/);
    expect(fromHeader(toHeader(text))).toBe(text);
  });

  it("keeps two names apart of which one looks like the bytes of the other", () => {
    expect(toHeader("jÃ¶rg")).not.toBe(toHeader("jörg"));
  });

  it("leaves what is no UTF-8", () => {
    expect(fromHeader("j\xf6rg")).toBe("j\xf6rg");
  });
});
