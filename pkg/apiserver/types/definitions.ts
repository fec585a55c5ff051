import type { Logger } from "../../base/log.ts";
import { objectOf } from "../request/json.ts";
import type { StoredObject, VersionedStore } from "../store/store.ts";
import { isEstablished } from "./crd-names.ts";
import { customTypes } from "./custom-types.ts";
import type { TypeRegistry } from "./type-registry.ts";

/** Where definitions are kept. */
export const DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io";

/**
 * Keeps the rows of `types` as the stored CustomResourceDefinitions say, from now on until disposed. The
 * rows of a definition are there before its creation is answered.
 */
export function followDefinitions(
  store: VersionedStore,
  types: TypeRegistry,
  log: Logger,
): Disposable {
  const learn = (stored: StoredObject) => {
    try {
      const rows = isEstablished(stored.object) ? customTypes(objectOf(stored.object)) : [];
      types.setCustom(stored.key.name, rows);
    } catch (err) {
      // Written by a version that checked less; everything else must still be served.
      log.error({ err, definition: stored.key.name }, "cannot serve a definition");
    }
  };
  for (const stored of store.list(DEFINITIONS)) learn(stored);
  return store.watch(DEFINITIONS, store.revision, {
    event: ({ type, stored }) => {
      if (type === "DELETED") types.setCustom(stored.key.name, []);
      else learn(stored);
    },
    end() {},
  });
}
