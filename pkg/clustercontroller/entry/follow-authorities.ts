import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import { CONFIG_MAP, type ConfigMap } from "../../apis/config-map.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { Informer } from "../../kube/informer.ts";
import { EntryFileError } from "./entry-file-error.ts";

/** Where kube-apiserver tells servers that extend it whose certificates it believes. */
const CONFIG_NAME = "extension-apiserver-authentication";
const CONFIG_FIELD = "client-ca-file";
/** Milliseconds between two looks at a file. */
const REREAD_MS = 60_000;
/** Milliseconds for which the start waits for the API. */
const PATIENCE_MS = 5000;

/** What is followed, and who is told; `onPem` may throw for what cannot be read, and the last one stays then. */
export interface FollowParts {
  readonly client: ResourceClient;
  readonly log: Logger;
  readonly onPem: (pem: string) => void;
}

/** Follows the authorities in `file`, until `signal` aborts. Rejects with `ENTRY_FILE_INVALID` if there are none now. */
export async function followFile(
  file: string,
  { log, onPem }: Omit<FollowParts, "client">,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  await readFile(file, "utf8")
    .then(onPem)
    .catch((cause: unknown) => {
      throw new EntryFileError(file, cause);
    });
  return async () => {
    while (!signal.aborted) {
      await sleep(REREAD_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await readFile(file, "utf8")
        .then(onPem)
        .catch((error: unknown) => {
          log.error({ file, text: errorText(error) }, "cannot use the authorities of callers");
        });
    }
  };
}

/**
 * Follows the authorities that kube-apiserver publishes, until `signal` aborts. Resolves once they are known, or
 * after a moment; what it resolves to goes on.
 */
export async function followConfigMap(
  { client, log, onPem }: FollowParts,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const informer = new Informer<ConfigMap>(client, CONFIG_MAP, {
    namespace: SYSTEM_NAMESPACE,
    fieldSelector: `metadata.name=${CONFIG_NAME}`,
    log,
    onChange: (_, config) => {
      try {
        onPem(config?.data?.[CONFIG_FIELD] ?? "");
      } catch (error) {
        log.error({ text: errorText(error) }, "cannot use the authorities of callers");
      }
    },
  });
  const running = informer.run(signal);
  await Promise.race([informer.synced, sleep(PATIENCE_MS, undefined, { signal }).catch(() => {})]);
  return () => running;
}
