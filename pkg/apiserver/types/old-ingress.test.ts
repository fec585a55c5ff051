import { expect, it } from "vitest";
import { call } from "../calls.fixture.ts";
import { testServer } from "../server.fixture.ts";

const backend = (serviceName: string, servicePort: unknown) => ({ serviceName, servicePort });
const OLD = {
  backend: backend("other", "http"),
  rules: [
    {
      host: "example.com",
      http: { paths: [{ path: "/", pathType: "Prefix", backend: backend("web", 80) }] },
    },
  ],
};
const NEW = {
  defaultBackend: { service: { name: "other", port: { name: "http" } } },
  rules: [
    {
      host: "example.com",
      http: {
        paths: [
          {
            path: "/",
            pathType: "Prefix",
            backend: { service: { name: "web", port: { number: 80 } } },
          },
        ],
      },
    },
  ],
};

it("an Ingress is the same object in every group and version", async () => {
  await using api = await testServer();
  const path = (version: string) => `/apis/${version}/namespaces/default/ingresses`;
  const versions = ["extensions/v1beta1", "networking.k8s.io/v1beta1", "networking.k8s.io/v1"];
  for (const [i, written] of versions.entries()) {
    const name = `i${i}`;
    const spec = written.endsWith("v1") ? NEW : OLD;
    const { status } = await call(api.transport, "POST", path(written), {
      metadata: { name },
      spec,
    });
    expect([written, status]).toEqual([written, 201]);
    for (const read of versions) {
      const { body } = await call(api.transport, "GET", `${path(read)}/${name}`);
      expect([body.apiVersion, body.spec]).toEqual([read, read.endsWith("v1") ? NEW : OLD]);
    }
  }
  const { body } = await call(api.transport, "GET", path("extensions/v1beta1"));
  expect(body.items.length).toBe(3);
});
