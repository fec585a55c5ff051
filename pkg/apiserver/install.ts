import type { ApiTransport } from "../apis/api-transport.ts";
import { CONFIG_MAP } from "../apis/config-map.ts";
import { CRD } from "../apis/crds.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import { resourcePath } from "../apis/object.ts";
import { type Status, StatusError } from "../apis/status.ts";
import { at, isObject, objectOf } from "./request/json.ts";

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
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

/** Tells programs that have an API of their own whose certificates they can trust: those of `authority`. */
export async function publishAuthority(transport: ApiTransport, authority: string): Promise<void> {
  const place = { namespace: "kube-system", name: "extension-apiserver-authentication" };
  const data = { "client-ca-file": authority };
  const found = await call(transport, "GET", resourcePath(CONFIG_MAP, place));
  if (found === undefined) {
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: place, data };
    const path = resourcePath(CONFIG_MAP, { namespace: place.namespace });
    await call(transport, "POST", path, JSON.stringify(map));
  } else if (at(found, "data", "client-ca-file") !== authority) {
    const path = resourcePath(CONFIG_MAP, place);
    await call(transport, "PATCH", path, JSON.stringify({ data }), MERGE_PATCH);
  }
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
      JSON_PATCH,
    );
}

/** The answer's object; undefined when a GET finds nothing. Rejects with a StatusError. */
async function call(
  transport: ApiTransport,
  method: string,
  path: string,
  body?: string,
  contentType = "application/json",
): Promise<unknown> {
  const headers = { "content-type": contentType };
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
