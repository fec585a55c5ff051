import { expect, it } from "vitest";
import { MemoryRecordStore } from "../../base/memory-record-store.ts";
import { call } from "../calls.fixture.ts";
import { type TestServer, testServer } from "../server.fixture.ts";

const SERVICES = "/api/v1/namespaces/default/services";
const ADDRESS = "10.96.7.7";

it("gives an address to one of those who ask for it at once", async () => {
  await using server = await testServer();
  const made = await Promise.all(
    Array.from({ length: 10 }, (_, i) => create(server, `s${i}`, { clusterIP: ADDRESS })),
  );
  expect(made.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(422)]);
});

it("gives node ports once to those who ask at once, until there are none", async () => {
  await using server = await testServer();
  const ports = Array.from({ length: 1000 }, (_, i) => ({ name: `p${i}`, port: i + 1 }));
  const made = await Promise.all(
    ["a", "b", "c"].map((name) => create(server, name, { type: "NodePort", ports })),
  );
  const given = made.flatMap(({ body }) => body.spec?.ports ?? []);
  expect(made.map(({ status }) => status).sort()).toEqual([201, 201, 422]);
  expect(new Set(given.map((port: { nodePort: number }) => port.nodePort)).size).toBe(2000);
});

it("frees what a refused change asked for", async () => {
  await using server = await testServer();
  const spec = { clusterIP: ADDRESS, ports: [{ port: 80, nodePort: 1 }], type: "NodePort" };
  expect(await create(server, "bad", spec)).toMatchObject({ status: 422 });
  expect(await create(server, "good", { clusterIP: ADDRESS })).toMatchObject({ status: 201 });
});

it("knows over a restart who has which address", async () => {
  const records = new MemoryRecordStore();
  {
    await using server = await testServer({ records });
    await create(server, "a", { clusterIP: ADDRESS });
  }
  await using server = await testServer({ records });
  expect(await create(server, "b", { clusterIP: ADDRESS })).toMatchObject({ status: 422 });
  await call(server.transport, "DELETE", `${SERVICES}/a`);
  expect(await create(server, "b", { clusterIP: ADDRESS })).toMatchObject({ status: 201 });
});

function create({ transport }: TestServer, name: string, spec: object) {
  const service = { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } };
  return call(transport, "POST", SERVICES, service, { "content-type": "application/json" });
}
