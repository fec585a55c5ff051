import { X509Certificate } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CertificateAuthority, readKeyPair, writeKeyPair } from "./certificates.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

describe("CertificateAuthority", () => {
  it("issues certificates that it has signed, for the hosts that were named", async () => {
    const authority = await CertificateAuthority.create("test-ca");
    const pair = await authority.issue({
      commonName: "server",
      usage: "server",
      hosts: ["127.0.0.1", "::1", "localhost", "kubernetes.default.svc"],
    });
    const certificate = new X509Certificate(pair.certificate);
    const ca = new X509Certificate(authority.certificate);
    expect(certificate.verify(ca.publicKey) && certificate.checkIssued(ca)).toBe(true);
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate.checkIP("0:0:0:0:0:0:0:1")).toBeDefined();
    expect(certificate.checkHost("kubernetes.default.svc")).toBe("kubernetes.default.svc");
    expect([certificate.ca, ca.ca]).toEqual([false, true]);
  });

  it.each(['a, "b"=c+d', "#0c0161", "a\nb", ""])("refuses the name %j", async (commonName) => {
    const authority = await CertificateAuthority.create("test-ca");
    await expect(authority.issue({ commonName, usage: "client" })).rejects.toThrow(RangeError);
  });

  it("writes name and groups into the subject", async () => {
    const authority = await CertificateAuthority.create("test-ca");
    const commonName = "system:node:edge-1";
    const organizations = ["system:masters", "ops"];
    const pair = await authority.issue({ commonName, organizations, usage: "client" });
    const { subject } = new X509Certificate(pair.certificate).toLegacyObject();
    expect({ ...subject }).toEqual({ O: organizations, CN: commonName });
  });

  it("is valid from a while ago, so that a peer's slow clock does not matter", async () => {
    const authority = await CertificateAuthority.create("test-ca");
    const pair = await authority.issue({ commonName: "x", usage: "both", days: 99_999 });
    const certificate = new X509Certificate(pair.certificate);
    const ca = new X509Certificate(authority.certificate);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now() - 60_000);
    expect(certificate.validTo).toBe(ca.validTo);
  });

  it("goes on after it was written to files that only their owner can read", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "ca");
    await writeKeyPair(path, await CertificateAuthority.create("test-ca"));
    const authority = await CertificateAuthority.load(await readKeyPair(path));
    const pair = await authority.issue({ commonName: "x", usage: "client" });
    const ca = new X509Certificate(authority.certificate);
    expect(new X509Certificate(pair.certificate).verify(ca.publicKey)).toBe(true);
    const files = await readdir(directory.path);
    const modes = await Promise.all(files.map((name) => stat(join(directory.path, name))));
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o600]);
  });
});
