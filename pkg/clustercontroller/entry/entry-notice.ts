import { setTimeout as sleep } from "node:timers/promises";
import { CONFIG_MAP, type ConfigMap } from "../../apis/config-map.ts";
import { ENTRY_CONFIG, type EntryAddress, entryConfig } from "../../apis/entry.ts";
import type { ResourceType } from "../../apis/object.ts";
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

const RBAC = { group: "rbac.authorization.k8s.io", version: "v1", namespaced: true } as const;
const ROLE: ResourceType = { ...RBAC, kind: "Role", plural: "roles" };
const ROLE_BINDING: ResourceType = { ...RBAC, kind: "RoleBinding", plural: "rolebindings" };
/** Everybody who has shown who they are may read the notice: it is no secret, and whoever has no rights elsewhere needs it. */
const READERS = [
  [
    ROLE,
    {
      rules: [
        {
          apiGroups: [""],
          resources: ["configmaps"],
          resourceNames: [ENTRY_CONFIG.name],
          verbs: ["get"],
        },
      ],
    },
  ],
  [
    ROLE_BINDING,
    {
      roleRef: { apiGroup: RBAC.group, kind: "Role", name: ENTRY_CONFIG.name },
      subjects: [{ apiGroup: RBAC.group, kind: "Group", name: "system:authenticated" }],
    },
  ],
] as const;

/** Tells everybody who has shown the API who they are where the entry is, until `signal` aborts. */
export async function announceEntry(
  address: EntryAddress,
  { client, log }: EntryNoticeParts,
  signal: AbortSignal,
): Promise<void> {
  let isFailing = false;
  await admitReaders({ client, log }, signal);
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

/** Rights that we may not give are somebody else's to give. */
async function admitReaders({ client, log }: EntryNoticeParts, signal: AbortSignal): Promise<void> {
  for (const [type, fields] of READERS) {
    const object = { apiVersion: `${RBAC.group}/v1`, kind: type.kind, metadata: ENTRY_CONFIG };
    await client.create(type, { ...object, ...fields }, signal).catch((error: unknown) => {
      if (signal.aborted || isStatus(error, "AlreadyExists")) return;
      const [code, text] = [errorCode(error), errorText(error)];
      log.info({ code, text }, "cannot let everybody read where the entry is");
    });
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
