import { expect, it } from "vitest";
import { testServer } from "../server.fixture.ts";

it.each([
  ["application/json", "ConfigMap", "v1"],
  [
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "PartialObjectMetadata",
    "meta.k8s.io/v1",
  ],
  ["application/json;as=Table;g=meta.k8s.io;v=v1", "Table", "meta.k8s.io/v1"],
])("a bookmark is of the kind that was asked for: %s", async (accept, kind, apiVersion) => {
  await using server = await testServer();
  const path =
    "/api/v1/configmaps?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
  const stop = new AbortController();
  const { body } = await server.transport.request(
    { method: "GET", path, headers: { accept } },
    stop.signal,
  );
  for await (const piece of body) {
    expect(JSON.parse(Buffer.from(piece).toString())).toMatchObject({
      type: "BOOKMARK",
      object: { kind, apiVersion },
    });
    break;
  }
  stop.abort();
});
