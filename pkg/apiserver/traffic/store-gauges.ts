import { statSync } from "node:fs";
import type { ShownMetrics } from "../../base/metrics.ts";
import type { AuditLog } from "../access/audit-log.ts";
import { qualified } from "../request/refusals.ts";
import type { VersionedStore } from "../store/store.ts";
import type { TypeRegistry } from "../types/type-registry.ts";

/** What there is to be measured. */
export interface MeasuredParts {
  readonly store: VersionedStore;
  readonly types: TypeRegistry;
  readonly storeFile: string;
  readonly audit: AuditLog | undefined;
}

/** Shows in `metrics` how much is kept, until disposed. */
export function measureStore(
  { store, types, storeFile, audit }: MeasuredParts,
  metrics: ShownMetrics,
): Disposable {
  const shown = new Set<string>();
  return metrics.beforeShown(() => {
    metrics.gauge("ote_api_revision", store.revision);
    metrics.gauge("ote_api_store_bytes", bytesOf(storeFile));
    metrics.gauge("ote_api_audit_lost", audit?.lost ?? 0);
    const served = new Set([...types.all()].map(qualified));
    for (const resource of new Set([...served, ...shown])) {
      const count = store.list(resource).length;
      if (count === 0 && !shown.has(resource)) continue;
      shown.add(resource);
      metrics.gauge("apiserver_storage_objects", count, { resource });
    }
  });
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
