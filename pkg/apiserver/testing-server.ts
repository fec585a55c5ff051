import type { ApiTransport } from "../apis/api-transport.ts";
import { OTE_CRDS } from "../apis/crds.ts";
import type { KubeObject } from "../apis/object.ts";
import { silentLog } from "../base/log.ts";
import { MemoryRecordStore } from "../base/memory-record-store.ts";
import type { RecordStore } from "../base/record-store.ts";
import { ApiServer } from "./api-server.ts";
import { BUILTIN_TYPES } from "./builtin-types.ts";
import { Cascade } from "./cascade.ts";
import { followDefinitions } from "./definitions.ts";
import { installObjects } from "./install.ts";
import { LocalTransport } from "./local-transport.ts";
import { OwnerCollector } from "./owner-collector.ts";
import { RecordVersionedStore } from "./record-versioned-store.ts";
import type { HistoryLimits } from "./store-history.ts";
import { TypeRegistry } from "./type-registry.ts";

/** A whole API server without sockets and files, for tests. */
export interface TestServer extends AsyncDisposable {
  readonly server: ApiServer;
  readonly transport: ApiTransport;
  readonly store: RecordVersionedStore;
}

/** Makes one; it serves our kinds and `definitions`. */
export async function testServer(
  options: {
    readonly definitions?: readonly KubeObject[];
    readonly records?: RecordStore;
    readonly history?: HistoryLimits;
  } = {},
): Promise<TestServer> {
  const store = new RecordVersionedStore(
    options.records ?? new MemoryRecordStore(),
    options.history,
  );
  const types = new TypeRegistry(BUILTIN_TYPES);
  followDefinitions(store, types, silentLog);
  const cascade = new Cascade(store, types, silentLog);
  const collector = new OwnerCollector(store, types, silentLog);
  const server = new ApiServer({ store, types, log: silentLog });
  const transport = new LocalTransport(server);
  await installObjects(transport, [...OTE_CRDS, ...(options.definitions ?? [])]);
  return {
    server,
    transport,
    store,
    async [Symbol.asyncDispose]() {
      await collector[Symbol.asyncDispose]();
      await cascade[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
