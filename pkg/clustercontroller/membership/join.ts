import { createPrivateKey } from "node:crypto";
import { certificateRequest, newEd25519Key } from "../../base/certificate-request.ts";
import { errorCode } from "../../base/errors.ts";
import { Credentials } from "../../trust/credentials.ts";
import type { IdentityFiles } from "../../trust/identity-files.ts";
import { type JoinToken, joinProof, parseJoinToken } from "../../trust/join-token.ts";
import {
  issueStatement,
  joinStatement,
  renewStatement,
  signStatement,
} from "../../trust/statements.ts";
import { SteadyClock } from "../../trust/steady-clock.ts";
import { TrustBook } from "../../trust/trust-book.ts";
import { type TrustCode, TrustError } from "../../trust/trust-error.ts";
import { askAtDoor, type DoorAnswer } from "../../tunnel/join-door.ts";
import type { ClusterName } from "../../wire/names.ts";
import { newEnrolmentId } from "./enrolment.ts";

/** Who wants to join where. */
export interface JoinOptions {
  readonly name: ClusterName;
  /** host:port of any cluster of the tree that can be joined. */
  readonly address: string;
  /** The text of a join token. */
  readonly token: string;
}

/**
 * Joins a tree: makes a key (or takes the one of an earlier attempt), asks at `address` for a certificate,
 * believes only what the authority that the token names has signed, and keeps all of it. Rejects with a
 * TrustError if this tree will not have us, with a LinkRefusedError if it cannot be asked now.
 */
export async function joinTree(
  { name, address, token: text }: JoinOptions,
  files: IdentityFiles,
  signal: AbortSignal,
): Promise<Credentials> {
  const token = parseJoinToken(text);
  const kept = await files.readKey();
  const where = { name, address };
  try {
    return await joinWith(where, token, kept ?? (await makeKey(files)), files, signal);
  } catch (error) {
    // A cluster that was removed and is invited again is somebody new.
    if (kept === undefined || errorCode(error) !== "REVOKED") throw error;
    return joinWith(where, token, await makeKey(files), files, signal);
  }
}

async function joinWith(
  { name, address }: Omit<JoinOptions, "token">,
  token: JoinToken,
  key: string,
  files: IdentityFiles,
  signal: AbortSignal,
): Promise<Credentials> {
  const request = await certificateRequest(key, name);
  const ask = async (tokenId: string, prove: (id: string) => Uint8Array): Promise<DoorAnswer> => {
    const id = newEnrolmentId();
    const asking = { id, door: name, name, request, token: tokenId, proof: prove(id) };
    return askAtDoor(address, { kind: "enrol", ...asking }, signal);
  };
  const first = await ask(token.id, (id) =>
    joinProof(token.secret, joinStatement(id, name, request)),
  );
  // The answer to an earlier attempt may have been lost on its way: then our key is known by now.
  const { enrolled, shown } =
    first.enrolled.code === "TOKEN_INVALID"
      ? await ask("", (id) =>
          signStatement(renewStatement(id, name, request), createPrivateKey(key)),
        )
      : first;
  if (enrolled.code !== "") {
    const { code, text: why } = first.enrolled.code === "" ? enrolled : first.enrolled;
    throw new TrustError(code as TrustCode, why);
  }
  const { id, chain, time, signature, document, signatures } = enrolled;
  const trust = { document, signatures };
  const book = TrustBook.pinned(trust, token.pin);
  if (!book.hasSigned(issueStatement(id, time, chain), signature))
    throw new TrustError("FORGED", "Cannot join: the answer is not by the tree's authority");
  const [door = new Uint8Array(), ...others] = shown;
  book.identify(door, others);
  const clock = new SteadyClock();
  clock.set(time);
  const credentials = Credentials.open({ key, chain, trust }, clock);
  await files.writeTrust(trust);
  await files.writeChain(chain);
  return credentials;
}

async function makeKey(files: IdentityFiles): Promise<string> {
  const key = await newEd25519Key();
  await files.writeKey(key);
  return key;
}
