import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  CertificateAuthority,
  type KeyPair,
  readKeyPair,
  writeKeyPair,
} from "../../base/certificates.ts";
import { errorCode } from "../../base/errors.ts";
import { ADMIN_GROUP } from "../access/users.ts";
import type { User } from "../request/operation.ts";

const SERVER_NAMES = ["127.0.0.1", "::1", "localhost", "kubernetes.default.svc"];

/** The authority that is kept in `directory`; made when there is none. */
export async function openAuthority(
  directory: string,
  name: string,
): Promise<CertificateAuthority> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "ca");
  try {
    return await CertificateAuthority.load(await readKeyPair(path));
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    const authority = await CertificateAuthority.create(`${name}-ca`);
    await writeKeyPair(path, authority);
    return authority;
  }
}

/** A certificate for a server that is reached at `host`, or on this machine. */
export function issueServer(authority: CertificateAuthority, host: string): Promise<KeyPair> {
  const hosts = [...new Set([...SERVER_NAMES, host])].filter((name) => !isAnyAddress(name));
  return authority.issue({ commonName: "kube-apiserver", usage: "server", hosts });
}

/** Somebody who may do everything. */
export const ADMIN: User = { name: "kubernetes-admin", groups: [ADMIN_GROUP] };

/** A certificate with which its owner is `user`, for a year or for `days`. */
export function issueClient(
  authority: CertificateAuthority,
  { name, groups }: User,
  days?: number,
): Promise<KeyPair> {
  return authority.issue({ commonName: name, organizations: groups, usage: "client", days });
}

/** Whether `host` means all addresses of the machine and so is none that one could dial. */
export function isAnyAddress(host: string): boolean {
  return host === "" || host === "0.0.0.0" || host === "::";
}
