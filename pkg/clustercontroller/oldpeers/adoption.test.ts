import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { silentLog } from "../../base/log.ts";
import { ClusterCertificate } from "../../trust/cluster-certificate.ts";
import { splitChain } from "../../trust/credentials.ts";
import { askAtDoor } from "../../tunnel/join-door.ts";
import { clusterName } from "../../wire/names.ts";
import { Enrolment } from "../membership/enrolment.ts";
import { type TestMember, TestTree } from "../membership/tree.fixture.ts";
import { Adoption } from "./adoption.ts";

const SECONDS = 1 / 86_400;

let tree: TestTree;
let region: TestMember;

beforeAll(async () => {
  tree = await TestTree.start(3 * SECONDS);
  region = await tree.member("region");
});
afterAll(async () => {
  await tree?.[Symbol.asyncDispose]();
});

/** An adoption of its own that asks at the root's door, and how often it has asked. */
function adoptionAt(
  { credentials }: TestMember,
  directory: string,
  tokenFile: string,
): AsyncDisposable & { readonly adoption: Adoption; readonly asked: () => number } {
  const end = new AbortController();
  let asked = 0;
  const enrolment = new Enrolment(credentials.name, (request) => {
    asked++;
    void askAtDoor(tree.root.address, request, end.signal).then(({ enrolled }) =>
      enrolment.answered(enrolled),
    );
  });
  const adoption = new Adoption({ credentials, enrolment, directory, tokenFile, log: silentLog });
  const renewing = adoption.stayValid(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await renewing;
  };
  return { adoption, asked: () => asked, [Symbol.asyncDispose]: stop };
}

describe("the certificate of an adopted cluster", () => {
  it("is renewed in time, for the same key and without its token", async () => {
    const tokenFile = join(tree.folder, "token");
    const rights = { names: "old-a", parent: false, origin: false, tags: [] };
    await writeFile(tokenFile, await tree.token(rights));
    await using world = adoptionAt(region, join(tree.folder, "adopted"), tokenFile);
    const { adoption } = world;
    const first = await adoption.adopt(clusterName("old-a"));
    const chainFile = join(tree.folder, "adopted", "old-a", "cluster.crt");
    const newest = async () =>
      ClusterCertificate.read(splitChain(await readFile(chainFile, "utf8"))[0] ?? new Uint8Array());
    await eventually(
      "it is renewed",
      async () => (await newest()).notAfter > first.certificate.notAfter,
    );
    const { certificate } = adoption.present(clusterName("old-a")) ?? {};
    expect(certificate?.keyId).toBe(first.certificate.keyId);
    expect(certificate?.notAfter).toBeGreaterThan(first.certificate.notAfter);
  });

  it("is asked for once, however many want it, and a refusal is remembered", async () => {
    const tokenFile = join(tree.folder, "token-2");
    const rights = { names: "old-b", uses: 1, parent: false, origin: false, tags: [] };
    await writeFile(tokenFile, await tree.token(rights));
    await using world = adoptionAt(region, join(tree.folder, "adopted-2"), tokenFile);
    const { adoption, asked } = world;
    const all = await Promise.all(
      Array.from({ length: 20 }, () => adoption.adopt(clusterName("old-b"))),
    );
    expect(new Set(all).size).toBe(1);
    expect(asked()).toBe(1);
    for (let attempt = 0; attempt < 5; attempt++)
      await expect(adoption.adopt(clusterName("old-c"))).rejects.toMatchObject({
        code: "TOKEN_INVALID",
      });
    expect(asked()).toBe(2);
  });
});
