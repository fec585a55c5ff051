import { expect, it } from "vitest";
import { describeWithControlPlane } from "../../test/support/control-plane.ts";
import { CRD } from "../apis/crds.ts";
import type { ResourceType } from "../apis/object.ts";
import { KubeconfigTransport } from "./kubeconfig-transport.ts";
import { describeResourceClient } from "./resource-client.contract.ts";
import { TransportResourceClient } from "./transport-resource-client.ts";

const NAMESPACES: ResourceType = {
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  namespaced: false,
};

describeWithControlPlane(
  "With a real API server",
  (plane) => {
    const open = () => KubeconfigTransport.open(plane().kubeconfig);
    describeResourceClient("kube-apiserver", open);

    it("owns what it applies", async () => {
      await using transport = await open();
      const client = new TransportResourceClient(transport);
      const applied = {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "applied", labels: { a: "1" } },
      };
      const { metadata } = await client.patch(NAMESPACES, applied.metadata, "apply", applied);
      expect(metadata.managedFields).toMatchObject([{ manager: "ote", operation: "Apply" }]);
    });

    it("tells a watch that begins too long ago", async () => {
      await using transport = await open();
      const client = new TransportResourceClient(transport);
      await plane().compact();
      const late = AbortSignal.timeout(10_000);
      const events = client.watch(CRD, { resourceVersion: "1" }, late);
      await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        status: { code: 410 },
      });
    });
  },
  // Etcd itself answers the watches, so that its compaction is felt at once.
  { apiserverFlags: ["--watch-cache=false"] },
);
