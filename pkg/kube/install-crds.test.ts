import { expect, it } from "vitest";
import { type Answer, json, ScriptedApi, status } from "../../test/support/scripted-api.ts";
import { OTE_CRDS } from "../apis/crds.ts";
import { installCrds } from "./install-crds.ts";
import { KubeconfigTransport } from "./kubeconfig-transport.ts";
import { TransportResourceClient } from "./transport-resource-client.ts";

const crd = OTE_CRDS[0] as (typeof OTE_CRDS)[number];
const forever = new AbortController().signal;
const condition = (type: string, state: string) => ({ type, status: state, message: "taken" });

async function install(answer: (method: string, url: string) => Answer): Promise<string[]> {
  await using api = await ScriptedApi.listen();
  await using transport = await KubeconfigTransport.open(api.kubeconfig);
  api.answer = ({ method, url }) => answer(method, url);
  await installCrds(new TransportResourceClient(transport), [crd], forever);
  return api.requests.map(({ method }) => method);
}

it("replaces a definition, again if somebody was faster, and waits until it is served", async () => {
  let puts = 0;
  let lists = 0;
  const methods = await install((method, url) => {
    if (method === "PUT") return ++puts === 1 ? status(409, "Conflict") : json(crd);
    if (url.includes("/ote.baidu.com/"))
      return ++lists === 1
        ? { status: 404, headers: { "content-type": "text/plain" }, body: "404 page not found" }
        : json({ metadata: { resourceVersion: "1" }, items: [] });
    return json({ ...crd, status: { conditions: [condition("Established", "True")] } });
  });
  expect(methods).toEqual(["GET", "PUT", "GET", "PUT", "GET", "GET", "GET", "GET"]);
});

it("gives up on a definition whose names are taken", async () => {
  const refused = install((method) =>
    method === "PUT"
      ? json(crd)
      : json({ ...crd, status: { conditions: [condition("NamesAccepted", "False")] } }),
  );
  await expect(refused).rejects.toMatchObject({
    code: "CRD_NOT_ACCEPTED",
    message: 'Cannot install definition "clusters.ote.baidu.com": taken',
  });
});
