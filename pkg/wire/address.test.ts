import { describe, expect, it } from "vitest";
import { isPrivateHost } from "./address.ts";

describe("a private host", () => {
  it.each(["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1"])(
    "is %s",
    (host) => expect(isPrivateHost(host)).toBe(true),
  );
  it.each(["localhost", "root", "ote-root.ote.svc", "a.cluster.local", "x.internal"])(
    "is %s",
    (host) => expect(isPrivateHost(host)).toBe(true),
  );
  it.each(["", "0.0.0.0", "::", "8.8.8.8", "172.32.0.1", "2001:db8::1", "root.example.org"])(
    "is not %j",
    (host) => expect(isPrivateHost(host)).toBe(false),
  );
  it("is one that was written as IPv4 in IPv6 only if the IPv4 address is private", () => {
    expect(isPrivateHost("::ffff:10.0.0.1")).toBe(true);
    expect(isPrivateHost("::ffff:8.8.8.8")).toBe(false);
  });
});
