import { describe, expect, it } from "vitest";
import type { ApiTransport } from "../pkg/apis/api-transport.ts";
import { MAX_RESULT_BODY, type ShimTask } from "../pkg/shim/shim.ts";
import { K8sShim } from "./k8s-shim.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const SERVICES = "/api/v1/namespaces/default/services";

/** What the k8s shim promises on every Kubernetes API, ours or another; each test leaves the API as it was. */
export function describeK8sShim(kind: string, open: () => Promise<ApiTransport>): void {
  describe(`k8s shim on ${kind}`, () => {
    async function world() {
      const transport = await open();
      const shim = new K8sShim(transport);
      const complete = (part: Partial<ShimTask>): ShimTask => {
        return { id: "1", destination: "api", method: "GET", url: CONFIG_MAPS, body: "", ...part };
      };
      const late = () => AbortSignal.timeout(10_000);
      return {
        run: (part: Partial<ShimTask>) => shim.run(complete(part), late()),
        recover: (part: Partial<ShimTask>, startedAt: Date) =>
          shim.recover(complete(part), startedAt, late()),
        [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
      };
    }

    it("creates from YAML, reads, replaces and deletes", async () => {
      await using w = await world();
      const body = 'metadata:\n  name: crud\ndata:\n  a: "1"\n';
      const made = await w.run({ method: "post", body });
      expect(made).toMatchObject({ verdict: "done", code: 201 });
      expect(await w.run({ method: "POST", body })).toMatchObject({
        verdict: "failed",
        code: 409,
        reason: "AlreadyExists",
      });
      const one = { url: `${CONFIG_MAPS}/crud` };
      expect(await w.run({ ...one, method: "PUT", body: made.body })).toMatchObject({ code: 200 });
      expect(JSON.parse((await w.run(one)).body)).toMatchObject({ data: { a: "1" } });
      expect(await w.run({ ...one, method: "DELETE" })).toMatchObject({ verdict: "done" });
      expect(await w.run(one)).toMatchObject({ verdict: "failed", code: 404, reason: "NotFound" });
    });

    it("patches in all four ways, and tells by the body where it is not told", async () => {
      await using w = await world();
      const body = "metadata: {name: patched}\nspec: {ports: [{name: a, port: 1}]}";
      await w.run({ method: "POST", url: SERVICES, body });
      const patch = async (patchBody: string, contentType?: string, query = "") => {
        const url = `${SERVICES}/patched${query}`;
        const result = await w.run({ method: "PATCH", url, body: patchBody, contentType });
        expect(result).toMatchObject({ verdict: "done", code: 200 });
        const { spec, metadata } = JSON.parse(result.body);
        return {
          labels: metadata.labels,
          ports: spec.ports.map((port: { port: number }) => port.port),
        };
      };
      const add = '[{"op":"add","path":"/metadata/labels","value":{"by":"json"}}]';
      expect(await patch(add)).toEqual({ labels: { by: "json" }, ports: [1] });
      expect(await patch("metadata: {labels: {by: merge}}")).toMatchObject({
        labels: { by: "merge" },
      });
      const strategic = await patch(
        "metadata: {labels: {by: strategic}}",
        "application/strategic-merge-patch+json",
      );
      expect(strategic.labels).toEqual({ by: "strategic" });
      const apply =
        "apiVersion: v1\nkind: Service\nmetadata: {name: patched, labels: {by: apply}}\n";
      const applied = await patch(apply, "application/apply-patch+yaml", "?force=true");
      expect(applied.labels).toEqual({ by: "apply" });
      await w.run({ method: "DELETE", url: `${SERVICES}/patched` });
    });

    it("fails with the sentence of the API server where it refuses", async () => {
      await using w = await world();
      const invalid = await w.run({ method: "POST", body: "metadata: {name: Not_Valid}" });
      expect(invalid).toMatchObject({ verdict: "failed", code: 422, reason: "Invalid" });
      expect(invalid.body).toContain("Not_Valid");
      const nowhere = await w.run({ url: "/apis/nowhere/v1/things" });
      expect(nowhere).toMatchObject({ verdict: "failed", code: 404, reason: "NotFound" });
      const body = '[{"op":"test","path":"/metadata/name","value":"x"}]';
      const url = "/api/v1/namespaces/default";
      const tested = await w.run({ method: "PATCH", url, body });
      expect(tested).toMatchObject({ verdict: "failed", code: 422 });
    });

    it("takes answers that are not JSON, and cuts those that are too long", async () => {
      await using w = await world();
      expect(await w.run({ url: "/healthz" })).toEqual({ verdict: "done", code: 200, body: "ok" });
      const large = `data: {large: "${"x".repeat(MAX_RESULT_BODY)}"}`;
      const made = await w.run({ method: "POST", body: `metadata: {name: large}\n${large}` });
      expect(made).toMatchObject({ verdict: "done", code: 201, truncated: true });
      expect(made.body.length).toBe(MAX_RESULT_BODY);
      await w.run({ method: "DELETE", url: `${CONFIG_MAPS}/large` });
    });

    it("finds out what became of a task after a crash", async () => {
      await using w = await world();
      const create = { method: "POST", body: "metadata: {name: recovered}" };
      const remove = { method: "DELETE", url: `${CONFIG_MAPS}/recovered` };
      const startedAt = new Date();
      expect(await w.recover(create, startedAt)).toBe("run");
      await w.run(create);
      const found = await w.recover(create, startedAt);
      expect(found).toMatchObject({ verdict: "done", code: 201 });
      expect(await w.recover(create, new Date(Date.now() + 60_000))).toBe("run");
      expect(await w.recover(remove, startedAt)).toBe("run");
      await w.run(remove);
      expect(await w.recover(remove, startedAt)).toMatchObject({ verdict: "done", code: 200 });
    });
  });
}
