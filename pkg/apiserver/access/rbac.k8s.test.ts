import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithControlPlane } from "../../../test/support/control-plane.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { KubeconfigTransport } from "../../kube/kubeconfig-transport.ts";
import { call } from "../calls.fixture.ts";
import { collectionOf, RBAC_CASES, RBAC_OBJECTS, reviewSpec } from "./rbac-cases.fixture.ts";

const JSON_TYPE = { "content-type": "application/json" };

describeWithControlPlane(
  "a real server, asked who may do what",
  (plane) => {
    let transport: KubeconfigTransport;
    const post = (path: string, body: object) => call(transport, "POST", path, body, JSON_TYPE);
    const ask = async (spec: object) => {
      const kind = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview" };
      const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
      return (await post(path, { ...kind, spec })).body.status;
    };

    beforeAll(async () => {
      transport = await KubeconfigTransport.open(plane().kubeconfig);
      for (const name of ["blue", "green"])
        await post("/api/v1/namespaces", { metadata: { name } });
      for (const object of RBAC_OBJECTS)
        expect((await post(collectionOf(object), object)).status).toBe(201);
      // kube-controller-manager collects the rules of view, edit and admin, one after the other.
      for (const who of ["vic", "eve", "ada"])
        await eventually(
          "the collected roles",
          async () => (await ask(reviewSpec(who, "list pods @blue"))).allowed === true,
        );
    });

    afterAll(() => transport?.[Symbol.asyncDispose]());

    it.each(RBAC_CASES)("decides as we do: %s, %s: %s", async (who, what, allowed) => {
      expect(await ask(reviewSpec(who, what))).toMatchObject({ allowed });
    });
  },
  { controllerManager: true },
);
