import type { ApiTransport } from "../apis/api-transport.ts";
import { CRD } from "../apis/crds.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import { resourcePath } from "../apis/object.ts";
import { type Status, StatusError } from "../apis/status.ts";
import { isObject, objectOf } from "./request/json.ts";

const NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];
const NAMESPACE: ResourceType = {
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  namespaced: false,
};

/** Makes sure that the first namespaces are there, and that `definitions` are as given. */
export async function installObjects(
  transport: ApiTransport,
  definitions: readonly KubeObject[],
): Promise<void> {
  await Promise.all(
    NAMESPACES.map((name) =>
      install(transport, NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata: { name } }),
    ),
  );
  for (const definition of definitions) await install(transport, CRD, definition);
}

async function install(
  transport: ApiTransport,
  type: ResourceType,
  object: KubeObject,
): Promise<void> {
  const { name } = object.metadata;
  const found = await call(transport, "GET", resourcePath(type, { name }));
  if (found === undefined) {
    await call(transport, "POST", resourcePath(type), JSON.stringify(object));
    return;
  }
  const spec = objectOf(object).spec;
  if (isObject(spec))
    await call(
      transport,
      "PATCH",
      resourcePath(type, { name }),
      JSON.stringify([{ op: "replace", path: "/spec", value: spec }]),
    );
}

/** The answer's object; undefined when a GET finds nothing. Rejects with a StatusError. */
async function call(
  transport: ApiTransport,
  method: string,
  path: string,
  body?: string,
): Promise<unknown> {
  const headers =
    method === "PATCH" ? { "content-type": "application/json-patch+json" } : undefined;
  const response = await transport.request(
    { method, path, headers, body },
    AbortSignal.timeout(30_000),
  );
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body) pieces.push(piece);
  const value = JSON.parse(Buffer.concat(pieces).toString()) as unknown;
  if (response.status < 400) return value;
  if (response.status === 404 && method === "GET") return undefined;
  throw new StatusError(value as Status);
}
