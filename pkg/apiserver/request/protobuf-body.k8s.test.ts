import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithControlPlane } from "../../../test/support/control-plane.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { KubeconfigTransport } from "../../kube/kubeconfig-transport.ts";
import { at, isObject } from "./json.ts";
import { decodeProtobuf } from "./protobuf-body.ts";
import { SAMPLES } from "./protobuf-samples.fixture.ts";

const JSON_TYPE = "application/json";
const PROTOBUF = "application/vnd.kubernetes.protobuf";

describeWithControlPlane("what a real server writes as protobuf", (plane) => {
  let transport: KubeconfigTransport;

  beforeAll(async () => {
    transport = await KubeconfigTransport.open(plane().kubeconfig);
  });
  afterAll(() => transport?.[Symbol.asyncDispose]());

  it.each(SAMPLES)("is read as what it writes as JSON: %s %#", async (collection, sample) => {
    const made = JSON.parse(String(await send("POST", collection, JSON_TYPE, sample)));
    if (made.kind === "Status") throw new Error(made.message);
    const path = `${collection}/${made.metadata.name}`;
    // The server completes some objects a moment later.
    const [read, written] = await eventually(`one version of ${path}`, async () => {
      const json: unknown = JSON.parse(String(await send("GET", path, JSON_TYPE)));
      const object = decodeProtobuf(await send("GET", path, PROTOBUF));
      return versionOf(object) === versionOf(json) && [object, json];
    });
    expect(comparable(read)).toEqual(comparable(written));
  });

  async function send(
    method: string,
    path: string,
    accept: string,
    object?: object,
  ): Promise<Buffer> {
    const headers = { accept, "content-type": JSON_TYPE };
    const body = object && JSON.stringify(object);
    const response = await transport.request(
      { method, path, headers, body },
      AbortSignal.timeout(30_000),
    );
    const pieces: Uint8Array[] = [];
    for await (const piece of response.body) pieces.push(piece);
    return Buffer.concat(pieces);
  }
});

/** Protobuf has no lists that are null, and nothing inside it says its kind. */
function comparable(value: unknown, isTop = true): unknown {
  if (Array.isArray(value)) return value.map((item) => comparable(item, false));
  if (!isObject(value)) return value;
  const { apiVersion, kind, ...rest } = value;
  const own = kind === "PersistentVolumeClaim" && !isTop ? rest : value;
  const said = Object.entries(own).filter(([, item]) => item !== null);
  return Object.fromEntries(said.map(([name, item]) => [name, comparable(item, false)]));
}

function versionOf(object: unknown): unknown {
  return at(object, "metadata", "resourceVersion");
}
