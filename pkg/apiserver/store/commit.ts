import type { Operation } from "../request/operation.ts";
import { isDryRun } from "../request/query.ts";
import { type Edit, StoredObject, type StoreKey } from "./store.ts";

/** Changes one object, or with dryRun only says what would come of it. */
export function commit(
  { store, query }: Pick<Operation, "store" | "query">,
  key: StoreKey,
  edit: (current: StoredObject | undefined) => Edit,
): Promise<StoredObject> {
  if (!isDryRun(query)) return store.change(key, edit);
  return rehearse(store.get(key), key, edit);
}

async function rehearse(
  current: StoredObject | undefined,
  key: StoreKey,
  edit: (current: StoredObject | undefined) => Edit,
): Promise<StoredObject> {
  const decision = edit(current);
  if (decision.kind === "keep") return decision.current;
  const { object } = decision;
  return new StoredObject(key, current?.revision ?? 0, JSON.stringify(object));
}
