import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { agreed, agreementKeyOf, newAgreementKey, shownAgreementKey } from "./agreement-keys.ts";
import { StreamSeal } from "./stream-seal.ts";
import { TrustError } from "./trust-error.ts";

const ENDS = { entry: "root", target: "shop" };
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("the X25519 key of an Ed25519 one", () => {
  it("is the same as libsodium finds", () => {
    const seed = "421151a459faeade3d247115f94aedae42318124095afabe4d1451a559faedee";
    const der = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    expect(Buffer.from(agreementKeyOf(key).shown).toString("hex")).toBe(
      "f1814f0e8ff1043d8a44d25babff3cedcae6c22c3edaa48f857ae70de2baae50",
    );
  });

  it("agrees with everybody, whichever half is known", () => {
    for (let round = 0; round < 20; round++) {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      const own = newAgreementKey();
      const secret = agreed(own, shownAgreementKey(publicKey));
      expect(agreed(agreementKeyOf(privateKey), own.shown)).toEqual(secret);
    }
  });

  it("is no key of another kind", () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(() => shownAgreementKey(publicKey)).toThrow(/Ed25519/);
  });
});

/** Both ends of one stream, after the opening. */
function ends(): { entry: StreamSeal; cluster: StreamSeal; head: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const opened = StreamSeal.begin(createPublicKey(privateKey), ENDS, Buffer.from("the request"));
  const accepted = StreamSeal.accept(agreementKeyOf(privateKey), ENDS, opened.head);
  return { entry: opened.seal, cluster: accepted.seal, head: text(accepted.head) };
}

function answer({ entry, cluster }: { entry: StreamSeal; cluster: StreamSeal }): string {
  return text(entry.answered(cluster.answer(Buffer.from("the answer"))));
}

function said(pieces: readonly { readonly bytes: Uint8Array }[]): string {
  return pieces.map(({ bytes }) => text(bytes)).join("");
}

describe("a sealed stream", () => {
  it("brings heads and words to the other end", () => {
    const both = ends();
    expect(both.head).toBe("the request");
    expect(said(both.cluster.open(both.entry.seal(Buffer.from("early"))))).toBe("early");
    expect(answer(both)).toBe("the answer");
    expect(said(both.cluster.open(both.entry.seal(Buffer.from("late"))))).toBe("late");
    expect(said(both.entry.open(both.cluster.seal(Buffer.from("back"))))).toBe("back");
    expect(said(both.cluster.open(both.entry.seal(Buffer.from("again"))))).toBe("again");
    const [end] = both.entry.open(both.cluster.end());
    expect(end?.isEnd).toBe(true);
  });

  it.each([1, 2, 7, 1000, 40_000])("may be cut into parts of %i bytes anywhere", (size) => {
    const both = ends();
    answer(both);
    const words = randomBytes(100_000);
    const sealed = Buffer.concat([both.entry.seal(words), both.entry.end()]);
    expect(sealed.includes(words.subarray(0, 16))).toBe(false);
    const heard: Uint8Array[] = [];
    let cost = 0;
    let isEnd = false;
    for (let at = 0; at < sealed.length; at += size)
      for (const piece of both.cluster.open(sealed.subarray(at, at + size))) {
        heard.push(piece.bytes);
        cost += piece.cost;
        isEnd ||= piece.isEnd;
      }
    expect(Buffer.concat(heard).equals(words)).toBe(true);
    expect([cost, isEnd]).toEqual([sealed.length, true]);
  });

  it("has other keys each time, and in each direction", () => {
    const [one, other] = [ends(), ends()];
    answer(one);
    answer(other);
    const sealed = one.entry.seal(Buffer.from("words"));
    expect(() => other.cluster.open(sealed)).toThrow(TrustError);
    expect(() => one.entry.open(sealed)).toThrow(TrustError);
  });

  it.each(["changed", "left out", "repeated", "after the end", "without a seal", "too long"])(
    "is not believed when a part is %s",
    (how) => {
      const both = ends();
      answer(both);
      const [one, other] = [
        both.cluster.seal(Buffer.from("a")),
        both.cluster.seal(Buffer.from("b")),
      ];
      const end = both.cluster.end();
      const { entry } = both;
      const parts: Record<string, () => unknown> = {
        changed: () => entry.open(Uint8Array.from(one, (byte, at) => (at === 6 ? byte ^ 1 : byte))),
        "left out": () => entry.open(other),
        repeated: () => [entry.open(one), entry.open(one)],
        "after the end": () => [one, other, end, both.cluster.seal(one)].map((x) => entry.open(x)),
        "without a seal": () => entry.open(Uint8Array.of(0, 0, 0, 3, 1, 2, 3)),
        "too long": () => entry.open(Uint8Array.of(0xff, 0, 0, 0)),
      };
      expect(parts[how]).toThrow(TrustError);
    },
  );

  it("is for the cluster that it names, from the entry that it names", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const key = agreementKeyOf(privateKey);
    const { head } = StreamSeal.begin(createPublicKey(privateKey), ENDS, Buffer.from("x"));
    for (const wrong of [
      { ...ENDS, entry: "north" },
      { ...ENDS, target: "other" },
    ])
      expect(() => StreamSeal.accept(key, wrong, head)).toThrow(TrustError);
    const stranger = agreementKeyOf(generateKeyPairSync("ed25519").privateKey);
    expect(() => StreamSeal.accept(stranger, ENDS, head)).toThrow(TrustError);
  });

  it("cannot be read later by who has recorded it and then finds the cluster's key", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const key = agreementKeyOf(privateKey);
    const { seal: entry, head } = StreamSeal.begin(
      createPublicKey(privateKey),
      ENDS,
      Buffer.from("x"),
    );
    const cluster = StreamSeal.accept(key, ENDS, head).seal;
    const thief = StreamSeal.accept(key, ENDS, head).seal;
    const early = entry.seal(Buffer.from("early"));
    entry.answered(cluster.answer(Buffer.from("y")));
    const late = entry.seal(Buffer.from("late"));
    expect(said(cluster.open(Buffer.concat([early, late])))).toBe("earlylate");
    expect(said(thief.open(early))).toBe("early");
    expect(() => thief.open(late)).toThrow(TrustError);
  });

  it("is not answered by somebody else, nor twice, nor spoken before", () => {
    const [both, others] = [ends(), ends()];
    expect(() => both.entry.answered(others.cluster.answer(Buffer.from("no")))).toThrow(TrustError);
    const again = ends();
    const answered = again.cluster.answer(Buffer.from("yes"));
    again.entry.answered(answered);
    expect(() => again.entry.answered(answered)).toThrow(TrustError);
    const early = ends();
    expect(() => early.entry.open(others.cluster.seal(Buffer.from("no")))).toThrow(TrustError);
  });
});
