import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ResourceClient } from "../pkg/apis/resource-client.ts";
import { attempts } from "../pkg/base/backoff.ts";
import { certificateRequest, newEd25519Key } from "../pkg/base/certificate-request.ts";
import { errorCode, errorText } from "../pkg/base/errors.ts";
import type { Logger } from "../pkg/base/log.ts";
import type { AuthorityOptions } from "../pkg/clustercontroller/membership/authority.ts";
import { type JoinOptions, joinTree } from "../pkg/clustercontroller/membership/join.ts";
import type { MembershipOptions } from "../pkg/clustercontroller/membership/membership.ts";
import { rootGrant } from "../pkg/clustercontroller/membership/registrar.ts";
import { AuthorityKeeper } from "../pkg/trust/authority-secret.ts";
import { Credentials } from "../pkg/trust/credentials.ts";
import { IdentityFiles } from "../pkg/trust/identity-files.ts";
import { TrustError } from "../pkg/trust/trust-error.ts";
import type { ClusterName } from "../pkg/wire/names.ts";
import type { ClusterControllerSettings } from "./cluster-controller-options.ts";
import { UsageError } from "./option-table.ts";

/** Where a cluster's key and certificate are, in its data directory. */
export function identityFiles(dataDir: string): IdentityFiles {
  return new IdentityFiles(join(dataDir, "identity"));
}

/** The root's own identity and the authority of its tree; both are made at the first start. */
export async function rootIdentity(
  { clusterName: name, dataDir, certificateDays: days }: ClusterControllerSettings,
  client: ResourceClient,
  signal: AbortSignal,
): Promise<{ identity: MembershipOptions; authority: AuthorityOptions }> {
  const files = identityFiles(dataDir);
  const keeper = await AuthorityKeeper.open(client, signal);
  const { authority } = keeper;
  const credentials =
    (await presentIdentity(files, authority.trust)) ?? (await makeRoot(name, files, keeper, days));
  return { identity: await membership(credentials, files), authority: { keeper, days } };
}

/** The identity from before; what the authority says now counts more than what was kept. */
async function presentIdentity(
  files: IdentityFiles,
  trust: AuthorityKeeper["authority"]["trust"],
): Promise<Credentials | undefined> {
  const kept = await files.read();
  if (kept === undefined) return undefined;
  try {
    const credentials = Credentials.open({ ...kept, trust });
    await files.writeTrust(trust);
    return credentials;
  } catch (error) {
    // The API was made anew, and with it the authority: the root is whom that one says.
    if (error instanceof TrustError) return undefined;
    throw error;
  }
}

async function makeRoot(
  name: ClusterName,
  files: IdentityFiles,
  { authority }: AuthorityKeeper,
  days: number,
): Promise<Credentials> {
  const key = (await files.readKey()) ?? (await newEd25519Key());
  const chain = await authority.issue(await certificateRequest(key, name), rootGrant(name), days);
  await files.writeKey(key);
  await files.writeTrust(authority.trust);
  await files.writeChain(chain);
  return Credentials.open({ key, chain, trust: authority.trust });
}

/** The identity of a cluster that has joined, or that joins now with its token, as often as it takes. */
export async function memberIdentity(
  settings: ClusterControllerSettings,
  log: Logger,
  signal: AbortSignal,
): Promise<MembershipOptions> {
  const files = identityFiles(settings.dataDir);
  const present = await memberCredentials(files, settings.tokenFile !== undefined);
  if (present !== undefined) return membership(present, files);
  if (settings.tokenFile === undefined) {
    const text = `cluster "${settings.clusterName}" has not joined a tree yet: give --token-file, or run "cluster-controller join" first`;
    throw new UsageError(text);
  }
  const token = await readToken(settings.tokenFile);
  const { clusterName: name, parents } = settings;
  for await (const { delay } of attempts(signal, { first: 200, longest: 5000 })) {
    for (const address of parents) {
      const credentials = await tryJoin({ name, address, token }, files, log, delay, signal);
      if (credentials !== undefined) return membership(credentials, files);
    }
  }
  throw signal.reason;
}

/** The identity from before; one that was removed from the tree counts as none if there is a token to begin anew. */
async function memberCredentials(
  files: IdentityFiles,
  hasToken: boolean,
): Promise<Credentials | undefined> {
  const kept = await files.read();
  if (kept === undefined) return undefined;
  try {
    return Credentials.open(kept);
  } catch (error) {
    if (hasToken && errorCode(error) === "REVOKED") return undefined;
    throw error;
  }
}

async function membership(
  credentials: Credentials,
  files: IdentityFiles,
): Promise<MembershipOptions> {
  return { credentials, files, ticketKeys: await files.ticketKeys() };
}

/** Undefined if it may work at another time; rejects if it will not. */
async function tryJoin(
  options: JoinOptions,
  files: IdentityFiles,
  log: Logger,
  delay: number,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const { address } = options;
  try {
    const credentials = await joinTree(options, files, signal);
    log.info({ address }, "joined the tree");
    return credentials;
  } catch (error) {
    const [code, text] = [errorCode(error), errorText(error)];
    if (signal.aborted || HOPELESS.has(code)) throw error;
    log[delay < 1000 ? "info" : "warn"]({ address, code, text }, "cannot join yet, will retry");
    return undefined;
  }
}

/** What will not be different at the next attempt. */
const HOPELESS = new Set(["TOKEN_INVALID", "NAME_TAKEN", "FOREIGN_AUTHORITY", "FORGED"]);

/** A token from a file, or from standard input for "-". */
export async function readToken(file: string): Promise<string> {
  if (file !== "-") return (await readFile(file, "utf8")).trim();
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  return text.trim();
}
