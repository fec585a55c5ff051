import { afterAll, beforeAll, expect, it } from "vitest";
import { call } from "../calls.fixture.ts";
import { type TestServer, testServer } from "../server.fixture.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";

const deployment = (name: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, made: "up" },
      spec: {
        containers: [
          {
            name: "c",
            image: "i",
            imagee: "x",
            readinessProbe: { httpGet: { port: 80, prot: 1 } },
          },
        ],
      },
    },
    replicass: 3,
  },
});
const UNKNOWN = [
  'unknown field "spec.template.metadata.made"',
  'unknown field "spec.template.spec.containers[0].imagee"',
  'unknown field "spec.template.spec.containers[0].readinessProbe.httpGet.prot"',
  'unknown field "spec.replicass"',
];

let api: TestServer;
beforeAll(async () => {
  api = await testServer();
});
afterAll(() => api[Symbol.asyncDispose]());

it("fields that a builtin kind does not have are refused if the caller wants that", async () => {
  const path = `${DEPLOYMENTS}?fieldValidation=Strict`;
  const { status, body } = await call(api.transport, "POST", path, deployment("strict"));
  expect([status, body.message]).toEqual([
    400,
    `Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ${UNKNOWN.join(", ")}`,
  ]);
});

it("are else left out, with a warning", async () => {
  const { status, body, headers } = await call(
    api.transport,
    "POST",
    DEPLOYMENTS,
    deployment("warned"),
  );
  expect(status).toBe(201);
  for (const text of UNKNOWN) expect(headers.warning).toContain(JSON.stringify(text));
  expect(body.spec.replicass).toBeUndefined();
  expect(body.spec.template.metadata).toEqual({ labels: { app: "warned" } });
  const [container] = body.spec.template.spec.containers;
  expect(container.imagee).toBeUndefined();
  expect(container.readinessProbe.httpGet).toMatchObject({ port: 80 });
  expect(container.readinessProbe.httpGet.prot).toBeUndefined();
});

it("what an object may hold of any form stays as it is", async () => {
  const revision = {
    metadata: { name: "r" },
    revision: 1,
    data: { anything: { goes: [1] } },
  };
  const path = "/apis/apps/v1/namespaces/default/controllerrevisions?fieldValidation=Strict";
  const { status, body } = await call(api.transport, "POST", path, revision);
  expect([status, body.data]).toEqual([201, revision.data]);
  const set = {
    ...deployment("claims"),
    kind: "StatefulSet",
    spec: {
      serviceName: "s",
      selector: { matchLabels: { app: "a" } },
      template: {
        metadata: { labels: { app: "a" } },
        spec: { containers: [{ name: "c", image: "i" }] },
      },
      volumeClaimTemplates: [
        {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: { name: "d" },
          spec: { resources: { requests: { storage: "1Gi" } } },
        },
      ],
    },
  };
  const sets = "/apis/apps/v1/namespaces/default/statefulsets?fieldValidation=Strict";
  expect((await call(api.transport, "POST", sets, set)).status).toBe(201);
});
