import { expect, it } from "vitest";
import { CONFIG_MAP, type ConfigMap } from "../apis/config-map.ts";
import { entryConfig } from "../apis/entry.ts";
import { StatusError } from "../apis/status.ts";
import { authenticated } from "../apiserver/access/users.ts";
import { LocalTransport } from "../apiserver/listen/local-transport.ts";
import { testServer } from "../apiserver/server.fixture.ts";
import { silentLog } from "../base/log.ts";
import { announceEntry } from "../clustercontroller/entry/entry-notice.ts";
import { TransportResourceClient } from "../kube/transport-resource-client.ts";
import { findEntry } from "./entry.ts";

const never = new AbortController().signal;

it("finds the entry where it was told, until another one is told", async () => {
  await using server = await testServer();
  const client = new TransportResourceClient(server.transport);
  const said: string[] = [];
  const find = () => findEntry(client, (line) => said.push(line), never);
  expect(await find()).toBeUndefined();
  for (const address of [
    { url: "https://a:1", ca: "PEM" },
    { url: "https://b:1" },
    { url: "https://c:1", ca: "OTHER" },
  ]) {
    const over = new AbortController();
    const telling = announceEntry(address, { client, log: silentLog }, over.signal);
    await expect.poll(find).toEqual(address);
    over.abort();
    await telling;
  }
  expect(said).toEqual([]);
  const ann = new LocalTransport(server.server, authenticated({ name: "ann", groups: [] }));
  const anns = new TransportResourceClient(ann);
  expect(await findEntry(anns, (line) => said.push(line), never)).toEqual({
    url: "https://c:1",
    ca: "OTHER",
  });
  expect(said).toEqual([]);
});

it("believes no entry that is none, and says when it may not ask", async () => {
  await using server = await testServer();
  const client = new TransportResourceClient(server.transport);
  const said: string[] = [];
  const find = (from: Pick<TransportResourceClient, "get"> = client) =>
    findEntry(from, (line) => said.push(line), never);
  await client.create<ConfigMap>(CONFIG_MAP, entryConfig({ url: "http://plain:80" }));
  expect(await find()).toBeUndefined();
  expect(said).toEqual([]);
  const get = async () => {
    throw StatusError.of("Forbidden", "you may not");
  };
  expect(await find({ get })).toBeUndefined();
  expect(said).toEqual([expect.stringMatching(/kube-system\/ote-entry.*--entry.*you may not/)]);
});
