import { setTimeout as sleep } from "node:timers/promises";
import { CONFIG_MAP, type ConfigMap } from "../../apis/config-map.ts";
import { ENTRY_CONFIG, type EntryAddress, entryConfig } from "../../apis/entry.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { isStatus } from "../../apis/status.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";

/** Milliseconds between two looks at whether the notice still says what it should. */
const ROUND_MS = 60_000;
/** Milliseconds until it is tried again to write it. */
const RETRY_MS = 5000;

/** What the notice is written with. */
export interface EntryNoticeParts {
  readonly client: Pick<ResourceClient, "get" | "create" | "update">;
  readonly log: Logger;
}

/** Tells everybody who can read it on the API where the entry is, until `signal` aborts. */
export async function announceEntry(
  address: EntryAddress,
  { client, log }: EntryNoticeParts,
  signal: AbortSignal,
): Promise<void> {
  let isFailing = false;
  while (!signal.aborted) {
    try {
      await write(address, client, signal);
      isFailing = false;
    } catch (error) {
      const [code, text] = [errorCode(error), errorText(error)];
      if (!signal.aborted && !isFailing)
        log.warn({ code, text }, "cannot tell where the entry is, will retry");
      isFailing = true;
    }
    await sleep(isFailing ? RETRY_MS : ROUND_MS, undefined, { signal }).catch(() => {});
  }
}

async function write(
  address: EntryAddress,
  client: EntryNoticeParts["client"],
  signal: AbortSignal,
): Promise<void> {
  const wanted = entryConfig(address);
  const present = await client
    .get<ConfigMap>(CONFIG_MAP, ENTRY_CONFIG, signal)
    .catch((error: unknown) => {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    });
  if (present === undefined) await client.create<ConfigMap>(CONFIG_MAP, wanted, signal);
  else if (!isSame(present, wanted))
    await client.update<ConfigMap>(
      CONFIG_MAP,
      { ...present, data: wanted.data },
      undefined,
      signal,
    );
}

function isSame(present: ConfigMap, wanted: ConfigMap): boolean {
  const [was, is] = [present.data ?? {}, wanted.data ?? {}];
  const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...keys].every((key) => was[key] === is[key]);
}
