import { SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { SECRET, type Secret, secretData, secretText } from "../../apis/secret.ts";
import { isStatus } from "../../apis/status.ts";
import { CertificateAuthority } from "../../base/certificates.ts";
import { EntryFileError } from "./entry-file-error.ts";

/** The Secret with the authority that all entries beside one API have in common. */
const AUTHORITY_SECRET = { namespace: SYSTEM_NAMESPACE, name: "ote-entry-authority" } as const;

/**
 * The authority that several nodes beside one API issue the certificates of their entries with; made when there is
 * none. Rejects with `ENTRY_FILE_INVALID` for a Secret that holds none.
 */
export async function sharedAuthority(
  client: Pick<ResourceClient, "get" | "create">,
  name: string,
  signal: AbortSignal,
): Promise<CertificateAuthority> {
  const present = await find(client, signal);
  if (present !== undefined) return authorityIn(present);
  const made = await CertificateAuthority.create(`${name}-entry-ca`);
  const secret: Secret = {
    ...{ apiVersion: "v1", kind: SECRET.kind, metadata: AUTHORITY_SECRET },
    type: "kubernetes.io/tls",
    data: secretData({ "tls.crt": made.certificate, "tls.key": made.key }),
  };
  try {
    await client.create<Secret>(SECRET, secret, signal);
    return made;
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
    // Another one was first.
    return authorityIn(await client.get<Secret>(SECRET, AUTHORITY_SECRET, signal));
  }
}

async function find(
  client: Pick<ResourceClient, "get">,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  return client.get<Secret>(SECRET, AUTHORITY_SECRET, signal).catch((error: unknown) => {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  });
}

async function authorityIn(secret: Secret): Promise<CertificateAuthority> {
  const certificate = secretText(secret, "tls.crt") ?? "";
  const key = secretText(secret, "tls.key") ?? "";
  try {
    return await CertificateAuthority.load({ certificate, key });
  } catch (cause) {
    const { namespace, name } = AUTHORITY_SECRET;
    throw new EntryFileError(`Secret ${namespace}/${name}`, cause);
  }
}
