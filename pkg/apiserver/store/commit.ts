import type { Operation, WriteGuard } from "../request/operation.ts";
import { isDryRun } from "../request/query.ts";
import { type Edit, StoredObject, type StoreKey } from "./store.ts";

/** Changes one object, or with dryRun only says what would come of it. */
export function commit(
  { store, query, guard }: Pick<Operation, "store" | "query" | "guard">,
  key: StoreKey,
  edit: (current: StoredObject | undefined) => Edit,
): Promise<StoredObject> {
  const decide = guard === undefined ? edit : guarded(edit, guard);
  if (!isDryRun(query)) return store.change(key, decide);
  return rehearse(store.get(key), key, decide);
}

function guarded(
  edit: (current: StoredObject | undefined) => Edit,
  guard: WriteGuard,
): (current: StoredObject | undefined) => Edit {
  return (current) => {
    const decision = edit(current);
    guard(current, decision);
    return decision;
  };
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
