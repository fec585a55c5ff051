import { type JsonObject, listOf, objectOf, textOf } from "../request/json.ts";
import type { BuiltinRow } from "./builtin-row.ts";

const GROUP = "discovery.k8s.io";
const HOST = "kubernetes.io/hostname";
const ZONE = "topology.kubernetes.io/zone";

/** Where the pods of a Service are. The older version says the place of an endpoint by labels, the newer by fields. */
export const ENDPOINT_SLICE: BuiltinRow = {
  group: GROUP,
  kind: "EndpointSlice",
  fields: ["addressType", "endpoints", "ports"],
  versions: ["v1", "v1beta1"],
  toStored: (slice) => withEndpoints(slice, "v1", withFields),
  fromStored: (slice) => withEndpoints(slice, "v1beta1", withLabels),
};

function withEndpoints(
  slice: JsonObject,
  version: string,
  convert: (endpoint: JsonObject) => JsonObject,
): JsonObject {
  const apiVersion = `${GROUP}/${version}`;
  if (!Array.isArray(slice.endpoints)) return { ...slice, apiVersion };
  const endpoints = listOf(slice.endpoints).map((item) => convert(objectOf(item)));
  return { ...slice, apiVersion, endpoints };
}

function withFields({ topology, ...endpoint }: JsonObject): JsonObject {
  const { [HOST]: host, [ZONE]: zone, ...others } = objectOf(topology);
  const nodeName = endpoint.nodeName ?? host;
  return {
    ...endpoint,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone: textOf(zone) }),
    ...(Object.keys(others).length === 0 ? {} : { deprecatedTopology: others }),
  };
}

function withLabels({ zone, deprecatedTopology, ...endpoint }: JsonObject): JsonObject {
  const topology = {
    ...objectOf(deprecatedTopology),
    ...(endpoint.nodeName === undefined ? {} : { [HOST]: endpoint.nodeName }),
    ...(zone === undefined ? {} : { [ZONE]: zone }),
  };
  return Object.keys(topology).length === 0 ? endpoint : { ...endpoint, topology };
}
