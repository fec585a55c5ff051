import { createPublicKey, X509Certificate } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { certificateRequest, newEd25519Key } from "../base/certificate-request.ts";
import { CertificateAuthority } from "../base/certificates.ts";
import { temporaryDirectory } from "../base/temporary-directory.ts";
import { clusterName } from "../wire/names.ts";
import type { Grant } from "./cluster-certificate.ts";
import { Credentials, splitChain } from "./credentials.ts";
import { IdentityFiles } from "./identity-files.ts";
import {
  formatJoinToken,
  isJoinProof,
  joinProof,
  newJoinToken,
  parseJoinToken,
} from "./join-token.ts";
import { checkStatement, sessionStatement } from "./statements.ts";
import { SteadyClock } from "./steady-clock.ts";
import { TreeAuthority } from "./tree-authority.ts";
import { TrustBook } from "./trust-book.ts";
import { decodeTrust } from "./trust-document.ts";

const north = clusterName("north");
const DAY = 86_400_000;

function grant(over: Partial<Grant> = {}): Grant {
  return { name: north, parent: true, origin: false, tags: ["tier=region", "site=*"], ...over };
}

async function issued(
  authority: TreeAuthority,
  over: Partial<Grant> = {},
  days = 30,
): Promise<{ key: string; chain: string }> {
  const key = await newEd25519Key();
  const granted = grant(over);
  const chain = await authority.issue(await certificateRequest(key, granted.name), granted, days);
  return { key, chain };
}

let authority: TreeAuthority;
let kept: { key: string; chain: string };

beforeAll(async () => {
  authority = await TreeAuthority.create();
  kept = await issued(authority);
});

describe("a certificate of a cluster", () => {
  it("says who it is for and what that cluster may do", () => {
    const { certificate } = Credentials.open({ ...kept, trust: authority.trust });
    const { name, parent, origin, tags } = certificate;
    expect({ name, parent, origin, tags }).toEqual(grant());
    expect(() => certificate.checkTags({ tier: "region", site: "x-1" })).not.toThrow();
    for (const tags of [{ tier: "edge" }, { other: "" }, { site: "x", tier: "" }])
      expect(() => certificate.checkTags(tags)).toThrow(
        expect.objectContaining({ code: "NOT_GRANTED" }),
      );
  });

  it("keeps globs apart that contain what separates them elsewhere", async () => {
    const tags = ["a=b*", "x/y=", "site=*", "k=a.b_c"];
    const { key, chain } = await issued(authority, { tags });
    const { certificate } = Credentials.open({ key, chain, trust: authority.trust });
    expect(certificate.tags).toEqual(tags);
  });

  it("is not taken from the authority of an API, of another tree, or from a server's certificate", async () => {
    const { book } = Credentials.open({ ...kept, trust: authority.trust });
    const other = await issued(await TreeAuthority.create());
    const [foreign = new Uint8Array()] = splitChain(other.chain);
    expect(() => book.identify(foreign)).toThrow(
      expect.objectContaining({ code: "FOREIGN_AUTHORITY" }),
    );
    const api = await CertificateAuthority.create("ca");
    const pair = await api.issue({ commonName: "north", usage: "client" });
    expect(() => book.identify(new X509Certificate(pair.certificate).raw)).toThrow(
      expect.objectContaining({ code: "CERTIFICATE_INVALID" }),
    );
    for (const rubbish of [new Uint8Array(), new Uint8Array(500), Buffer.from("-----BEGIN")])
      expect(() => book.identify(rubbish)).toThrow(
        expect.objectContaining({ code: "CERTIFICATE_INVALID" }),
      );
  });

  it("opens links for the grace period after its end, then no more", async () => {
    const { key, chain } = await issued(authority, {}, 1);
    const clock = new SteadyClock();
    const own = Credentials.open({ key, chain, trust: authority.trust }, clock);
    const [shown = new Uint8Array()] = splitChain(chain);
    const at = (days: number): unknown => {
      clock.set(Date.now() + days * DAY);
      return own.identify([shown]).name;
    };
    expect(at(0.5)).toBe("north");
    expect(at(90)).toBe("north");
    expect(() => at(92)).toThrow(expect.objectContaining({ code: "CERTIFICATE_EXPIRED" }));
    expect(() => at(-1)).toThrow(expect.objectContaining({ code: "CERTIFICATE_NOT_YET_VALID" }));
  });

  it("cannot be had with a request in another name or one that somebody else signed", async () => {
    const request = await certificateRequest(await newEd25519Key(), "south");
    await expect(authority.issue(request, grant(), 30)).rejects.toMatchObject({ code: "FORGED" });
    const damaged = await certificateRequest(await newEd25519Key(), "north");
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    await expect(authority.issue(damaged, grant(), 30)).rejects.toMatchObject({ code: "FORGED" });
    await expect(authority.issue(new Uint8Array(9), grant(), 30)).rejects.toMatchObject({
      code: "FORGED",
    });
  });
});

describe("a trust document", () => {
  it("is taken when newer and signed by somebody who is trusted, and never otherwise", async () => {
    const book = TrustBook.open(authority.trust);
    const next = await TreeAuthority.load(authority.revoking([], Date.now()));
    const stranger = await TreeAuthority.create();
    const forged = { document: next.trust.document, signatures: stranger.trust.signatures };
    expect(() => book.offer(forged)).toThrow(expect.objectContaining({ code: "FORGED" }));
    expect(book.version).toBe(1);
    expect(book.offer(next.trust)).toBe("newer");
    expect(book.offer(authority.trust)).toBe("known");
    expect(book.version).toBe(2);
  });

  it("ends the trust in a key, for this cluster and for nobody else", async () => {
    const { certificate } = Credentials.open({ ...kept, trust: authority.trust });
    const revoked = { key: certificate.keyId, name: "north", until: Date.now() + DAY };
    const next = await TreeAuthority.load(authority.revoking([revoked], Date.now()));
    const book = TrustBook.open(next.trust);
    expect(() => book.identify(certificate.der)).toThrow(
      expect.objectContaining({ code: "REVOKED" }),
    );
    const again = await issued(next);
    const [shown = new Uint8Array()] = splitChain(again.chain);
    expect(book.identify(shown).name).toBe("north");
    const later = next.revoking([], revoked.until + 1);
    expect(later.revoked).toEqual([]);
  });

  it("brings a new authority that those who slept through the change can follow", async () => {
    const before = Credentials.open({ ...kept, trust: authority.trust });
    const changed = await TreeAuthority.load(await authority.changing());
    const fresh = await issued(changed, { name: clusterName("south") });
    // A peer that has not heard of the change sees the new certificate with the one that vouches for it.
    expect(before.identify(splitChain(fresh.chain)).name).toBe("south");
    const [alone = new Uint8Array()] = splitChain(fresh.chain);
    expect(() => before.identify([alone])).toThrow(
      expect.objectContaining({ code: "FOREIGN_AUTHORITY" }),
    );
    // Who comes back after the old authority is gone follows by the same word.
    const retired = await TreeAuthority.load(changed.retiring());
    expect(before.book.offer(retired.trust)).toBe("newer");
    expect(before.identify([alone]).name).toBe("south");
    const [old = new Uint8Array()] = splitChain(kept.chain);
    expect(() => before.identify([old])).toThrow(
      expect.objectContaining({ code: "FOREIGN_AUTHORITY" }),
    );
  });

  it("is believed at first because of the pin in the join token", async () => {
    const changed = await TreeAuthority.load(await authority.changing());
    for (const pin of [authority.pin, changed.pin])
      expect(TrustBook.pinned(changed.trust, pin).version).toBe(2);
    const stranger = await TreeAuthority.create();
    expect(() => TrustBook.pinned(stranger.trust, authority.pin)).toThrow(
      expect.objectContaining({ code: "FOREIGN_AUTHORITY" }),
    );
    const forged = { ...authority.trust, signatures: stranger.trust.signatures };
    expect(() => TrustBook.pinned(forged, authority.pin)).toThrow(
      expect.objectContaining({ code: "FORGED" }),
    );
  });

  it.each([
    "",
    "null",
    "[]",
    '{"version":-1}',
    '{"version":1,"graceSeconds":1,"authorities":[{}],"revoked":[]}',
    `{"version":1,"graceSeconds":1,"authorities":[],"revoked":${JSON.stringify(Array(3001).fill({}))}}`,
  ])("that is none is forged: %.60s", (text) => {
    expect(() => decodeTrust(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: "FORGED" }),
    );
  });
});

describe("an identity", () => {
  it("is kept in files that only their owner can read", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "identity");
    const files = new IdentityFiles(path);
    expect(await files.read()).toBeUndefined();
    await files.writeKey(kept.key);
    expect(await files.read()).toBeUndefined();
    await files.writeChain(kept.chain);
    await files.writeTrust(authority.trust);
    const read = await files.read();
    if (read === undefined) throw new Error("nothing was kept");
    expect(Credentials.open(read).name).toBe("north");
    for (const name of ["", "cluster.key", "cluster.crt", "trust.json"])
      expect((await stat(join(path, name))).mode & 0o077).toBe(0);
  });

  it("is refused when its parts do not belong together", async () => {
    const other = await issued(authority);
    expect(() =>
      Credentials.open({ key: other.key, chain: kept.chain, trust: authority.trust }),
    ).toThrow(expect.objectContaining({ code: "CERTIFICATE_INVALID" }));
    const own = Credentials.open({ ...kept, trust: authority.trust });
    expect(() => own.install(other.chain)).toThrow(
      expect.objectContaining({ code: "CERTIFICATE_INVALID" }),
    );
  });

  it("signs what its public key can prove, for one purpose only", () => {
    const own = Credentials.open({ ...kept, trust: authority.trust });
    const claim = {
      ...{ name: north, instance: "i", session: 7, parent: clusterName("root") },
      ...{ tags: { a: "b" }, listen: "", version: "1", preferredParent: "" },
    };
    const signature = own.sign(sessionStatement(claim));
    const key = createPublicKey(own.key);
    expect(() => checkStatement(sessionStatement(claim), signature, key, "it")).not.toThrow();
    for (const other of [
      { ...claim, session: 8 },
      { ...claim, parent: clusterName("south") },
      { ...claim, instance: 'i",7' },
      { ...claim, tags: {} },
    ])
      expect(() => checkStatement(sessionStatement(other), signature, key, "it")).toThrow(
        expect.objectContaining({ code: "FORGED" }),
      );
  });

  it("renews after two thirds of its certificate's life", async () => {
    const { key, chain } = await issued(authority, {}, 30);
    const own = Credentials.open({ key, chain, trust: authority.trust });
    const days = (own.renewAt - Date.now()) / DAY;
    expect(days).toBeGreaterThan(19.9);
    expect(days).toBeLessThan(20.1);
  });
});

describe("a join token", () => {
  it("is one line that names the tree, and proves itself without being shown", () => {
    const token = newJoinToken(authority.pin);
    const text = formatJoinToken(token);
    expect(parseJoinToken(`${text}\n`)).toEqual(token);
    const statement = Buffer.from("statement");
    const proof = joinProof(token.secret, statement);
    expect(isJoinProof(token.secret, statement, proof)).toBe(true);
    expect(isJoinProof(token.secret, Buffer.from("another"), proof)).toBe(false);
    expect(isJoinProof("", statement, proof)).toBe(false);
    expect(isJoinProof(token.secret, statement, new Uint8Array())).toBe(false);
  });

  it.each(["", "ote1", "ote1.a.b.c", "ote2.0123456789.x.y"])("is not read from %j", (text) => {
    expect(() => parseJoinToken(text)).toThrow(expect.objectContaining({ code: "TOKEN_INVALID" }));
  });

  it("does not repeat in an error what may be half of a secret", () => {
    expect(() => parseJoinToken("ote1.secret")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  });
});

describe("damaged bytes", () => {
  /** Every way to damage one bit, one byte or the end. */
  function* damaged(bytes: Uint8Array): Generator<Buffer> {
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0xff, 0x80, (bytes[at] ?? 0) ^ 1]) {
        const copy = Buffer.from(bytes);
        copy[at] = value;
        yield copy;
      }
      yield Buffer.from(bytes.subarray(0, at));
    }
  }

  it("of a certificate are never somebody else's certificate", () => {
    const { book, certificate } = Credentials.open({ ...kept, trust: authority.trust });
    for (const der of damaged(certificate.der)) {
      try {
        expect(book.identify(der).keyId).toBe(certificate.keyId);
        expect(der.equals(certificate.der)).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(CERT|FOREIGN)/) });
      }
    }
  });

  it("of a trust document are never believed", async () => {
    const next = await TreeAuthority.load(authority.revoking([], Date.now()));
    const book = TrustBook.open(authority.trust);
    for (const document of damaged(next.trust.document)) {
      if (Buffer.from(next.trust.document).equals(document)) continue;
      expect(() => {
        if (book.offer({ ...next.trust, document }) === "newer") throw new Error("believed");
      }).not.toThrow("believed");
    }
    expect(book.version).toBe(1);
  });
});
