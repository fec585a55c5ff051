import { SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { SECRET, type Secret } from "../../apis/secret.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { Informer } from "../../kube/informer.ts";
import { AUTHORITY_SECRET, type AuthorityKeeper } from "../../trust/authority-secret.ts";

/** Notices what otectl or another root writes into the authority's Secret, until `signal` aborts. */
export async function followAuthority(
  client: ResourceClient,
  keeper: AuthorityKeeper,
  onChange: () => void,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const refresh = async (secret: Secret): Promise<void> => {
    try {
      if (await keeper.refresh(secret)) onChange();
    } catch (error) {
      log.error({ code: errorCode(error), text: errorText(error) }, "cannot use the authority");
    }
  };
  const informer = new Informer<Secret>(client, SECRET, {
    namespace: SYSTEM_NAMESPACE,
    fieldSelector: `metadata.name=${AUTHORITY_SECRET.name}`,
    log,
    onChange: (_, secret) => {
      if (secret !== undefined) void refresh(secret);
    },
  });
  await informer.run(signal);
}
