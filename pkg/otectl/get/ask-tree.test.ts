import { expect, it } from "vitest";
import { ScriptedApi, status } from "../../../test/support/scripted-api.ts";
import { KubeconfigTransport } from "../../kube/kubeconfig-transport.ts";
import { askTree } from "./ask-tree.ts";

const PATH = "/api/v1/query?clusters=*";
const END = { type: "END", asked: 0 };

it("asks again when the tier has too many questions, after the time that it says", async () => {
  await using api = await ScriptedApi.listen();
  await using transport = await KubeconfigTransport.open(api.kubeconfig);
  const busy = { status: 429, headers: { "retry-after": "0.01" }, body: "too many" };
  api.answer = () => (api.requests.length < 4 ? busy : { body: `${JSON.stringify(END)}\n` });
  const events = await askTree(transport, PATH, AbortSignal.timeout(60_000));
  expect(await events.next()).toMatchObject({ value: END });
  expect(api.requests).toHaveLength(4);
  expect(api.requests[0]).toMatchObject({ url: PATH, headers: { accept: "application/jsonl" } });
});

it("does not ask again when it is told no, and waits no longer than it may", async () => {
  await using api = await ScriptedApi.listen();
  await using transport = await KubeconfigTransport.open(api.kubeconfig);
  api.answer = () => status(403, "Forbidden");
  await expect(askTree(transport, PATH, AbortSignal.timeout(60_000))).rejects.toMatchObject({
    status: { code: 403 },
  });
  expect(api.requests).toHaveLength(1);
  const leaving = new AbortController();
  api.answer = () => {
    setImmediate(() => leaving.abort());
    return { status: 429, headers: { "retry-after": "3600" }, body: "" };
  };
  await expect(askTree(transport, PATH, leaving.signal)).rejects.toThrow();
});
