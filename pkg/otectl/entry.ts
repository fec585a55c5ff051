import { CONFIG_MAP, type ConfigMap } from "../apis/config-map.ts";
import { ENTRY_CONFIG, type EntryAddress, entryIn } from "../apis/entry.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { isStatus } from "../apis/status.ts";
import { errorText } from "../base/errors.ts";

/**
 * Where the tree of an API is entered, if not at the API itself: as the API says. `tell` hears of it when the API
 * cannot be asked.
 */
export async function findEntry(
  client: Pick<ResourceClient, "get">,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<EntryAddress | undefined> {
  const { namespace, name } = ENTRY_CONFIG;
  try {
    return entryIn(await client.get<ConfigMap>(CONFIG_MAP, ENTRY_CONFIG, signal));
  } catch (error) {
    if (!isStatus(error, "NotFound"))
      tell(
        `cannot read ConfigMap ${namespace}/${name}, so the API itself is taken as the entry (--entry names another one): ${errorText(error)}`,
      );
    return undefined;
  }
}
