import { afterAll, beforeAll } from "vitest";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { describeWithControlPlane } from "../support/control-plane.ts";
import { describeParity } from "./parity-suite.ts";

describeWithControlPlane("kube-apiserver", (plane) => {
  let transport: KubeconfigTransport | undefined;

  beforeAll(async () => {
    transport = await KubeconfigTransport.open(plane().kubeconfig);
  });
  afterAll(() => transport?.[Symbol.asyncDispose]());

  describeParity("kube-apiserver", () => {
    if (transport === undefined) throw new Error("the server is there only while tests run");
    return transport;
  });
});
