import { expect, it } from "vitest";
import { call } from "../calls.fixture.ts";
import { testServer } from "../server.fixture.ts";

const PODS = "/api/v1/namespaces/default/pods";
const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web" },
  spec: { containers: [{ name: "c", image: "i" }] },
};
const binding = {
  apiVersion: "v1",
  kind: "Binding",
  metadata: { name: "web" },
  target: { kind: "Node", name: "n1" },
};

it("a binding gives a pod to a node, once", async () => {
  await using server = await testServer();
  await call(server.transport, "POST", PODS, pod);
  const first = await call(server.transport, "POST", `${PODS}/web/binding`, binding);
  expect([first.status, first.body.status]).toEqual([201, "Success"]);
  const { body } = await call(server.transport, "GET", `${PODS}/web`);
  expect(body.spec.nodeName).toBe("n1");
  expect(body.status.conditions).toMatchObject([{ type: "PodScheduled", status: "True" }]);
  const second = await call(server.transport, "POST", `${PODS}/web/binding`, binding);
  expect([second.status, second.body.reason]).toEqual([409, "Conflict"]);
  const missing = await call(server.transport, "POST", `${PODS}/other/binding`, binding);
  expect(missing.status).toBe(404);
  expect((await call(server.transport, "POST", `${PODS}/web/binding`, {})).status).toBe(400);
  expect((await call(server.transport, "GET", `${PODS}/web/binding`)).status).toBe(405);
});

it("an eviction deletes a pod, once", async () => {
  await using server = await testServer();
  await call(server.transport, "POST", PODS, pod);
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "web" } };
  const options = { ...eviction, deleteOptions: { gracePeriodSeconds: 0 } };
  expect((await call(server.transport, "POST", `${PODS}/web/eviction`, options)).status).toBe(201);
  expect((await call(server.transport, "GET", `${PODS}/web`)).status).toBe(404);
  expect((await call(server.transport, "POST", `${PODS}/web/eviction`, eviction)).status).toBe(404);
});
