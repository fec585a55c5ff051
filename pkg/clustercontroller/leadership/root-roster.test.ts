import { expect, it } from "vitest";
import { ADDRESS_ANNOTATION, LEASE, type Lease } from "../../apis/lease.ts";
import { testServer } from "../../apiserver/server.fixture.ts";
import { silentLog } from "../../base/log.ts";
import { TransportResourceClient } from "../../kube/transport-resource-client.ts";
import { RootRoster } from "./root-roster.ts";

it("knows the other roots by their addresses, and believes no rubbish", async () => {
  await using server = await testServer();
  const client = new TransportResourceClient(server.transport);
  const over = new AbortController();
  const rosterOf = (address: string): RootRoster =>
    new RootRoster({ client, log: silentLog, address: () => address });
  const jobs = ["b:8287", "", "a:8287", ":8287", "no address"].map((address) =>
    rosterOf(address).announce(over.signal),
  );
  const leases = async (): Promise<readonly Lease[]> => {
    const { items } = await client.list<Lease>(LEASE, { namespace: "kube-system" });
    return items;
  };
  await expect.poll(async () => (await leases()).length).toBe(4);
  const told = new Promise<readonly string[]>((resolve) => {
    jobs.push(rosterOf("a:8287").follow(resolve, over.signal));
  });
  expect(await told).toEqual(["b:8287"]);
  over.abort();
  await Promise.all(jobs);
  const [one] = (await leases()).filter(
    ({ metadata }) => metadata.annotations?.[ADDRESS_ANNOTATION] === "b:8287",
  );
  // A root that starts again has the same one.
  const again = new AbortController();
  const job = rosterOf("b:8287").announce(again.signal);
  await expect
    .poll(async () => {
      const present = await client.get<Lease>(LEASE, one?.metadata ?? { name: "" });
      return present.metadata.resourceVersion === one?.metadata.resourceVersion;
    })
    .toBe(false);
  again.abort();
  await job;
  expect(await leases()).toHaveLength(4);
});
