import { expect, it } from "vitest";
import { SECRET, type Secret, secretData } from "../../apis/secret.ts";
import { testServer } from "../../apiserver/server.fixture.ts";
import { TransportResourceClient } from "../../kube/transport-resource-client.ts";
import { sharedAuthority } from "./shared-authority.ts";

const never = new AbortController().signal;

it("is one for all, who began at the same time too", async () => {
  await using server = await testServer();
  const client = new TransportResourceClient(server.transport);
  const all = await Promise.all([1, 2, 3].map(() => sharedAuthority(client, "root", never)));
  all.push(await sharedAuthority(client, "root", never));
  expect(new Set(all.map(({ certificate }) => certificate)).size).toBe(1);
  expect(new Set(all.map(({ key }) => key)).size).toBe(1);
  const issued = await all[2]?.issue({ commonName: "x", usage: "server", hosts: ["127.0.0.1"] });
  expect(issued?.certificate).toContain("BEGIN CERTIFICATE");
});

it("is not made of what is none, nor is that overwritten", async () => {
  await using server = await testServer();
  const client = new TransportResourceClient(server.transport);
  const metadata = { namespace: "kube-system", name: "ote-entry-authority" };
  const data = secretData({ "tls.crt": "words", "tls.key": "words" });
  await client.create<Secret>(SECRET, { apiVersion: "v1", kind: "Secret", metadata, data });
  await expect(sharedAuthority(client, "root", never)).rejects.toMatchObject({
    code: "ENTRY_FILE_INVALID",
  });
  expect((await client.get<Secret>(SECRET, metadata)).data).toEqual(data);
});
