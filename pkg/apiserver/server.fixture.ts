import type { ApiTransport } from "../apis/api-transport.ts";
import { OTE_CRDS } from "../apis/crds.ts";
import type { KubeObject } from "../apis/object.ts";
import { silentLog } from "../base/log.ts";
import { MemoryRecordStore } from "../base/memory-record-store.ts";
import type { RecordStore } from "../base/record-store.ts";
import { installRoles } from "./access/install-roles.ts";
import { RoleAggregation } from "./access/role-aggregation.ts";
import { ApiServer } from "./api-server.ts";
import { installObjects } from "./install.ts";
import { ServiceAddresses } from "./kinds/service-addresses.ts";
import { LocalTransport } from "./listen/local-transport.ts";
import { RecordVersionedStore } from "./store/record-versioned-store.ts";
import type { HistoryLimits } from "./store/store-history.ts";
import { BUILTIN_TYPES } from "./types/builtin-types.ts";
import { DefinitionNames } from "./types/definition-names.ts";
import { followDefinitions } from "./types/definitions.ts";
import { TypeRegistry } from "./types/type-registry.ts";
import { Cascade } from "./verbs/cascade.ts";
import { OwnerCollector } from "./verbs/owner-collector.ts";

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
    /** Whether the default roles are there; without them only administrators may do anything. */
    readonly roles?: boolean;
  } = {},
): Promise<TestServer> {
  const store = new RecordVersionedStore(
    options.records ?? new MemoryRecordStore(),
    options.history,
  );
  const addresses = new ServiceAddresses(store);
  const names = new DefinitionNames(store, silentLog);
  const types = new TypeRegistry(names.addTo(addresses.addTo(BUILTIN_TYPES)));
  followDefinitions(store, types, silentLog);
  const cascade = new Cascade(store, types, silentLog);
  const collector = new OwnerCollector(store, types, silentLog);
  const aggregation = new RoleAggregation(store, silentLog);
  if (options.roles === true) await installRoles(store);
  await aggregation.settled();
  const server = new ApiServer({ store, types, log: silentLog });
  const transport = new LocalTransport(server);
  await installObjects(transport, [...OTE_CRDS, ...(options.definitions ?? [])]);
  return {
    server,
    transport,
    store,
    async [Symbol.asyncDispose]() {
      await aggregation[Symbol.asyncDispose]();
      await collector[Symbol.asyncDispose]();
      await cascade[Symbol.asyncDispose]();
      await names[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
