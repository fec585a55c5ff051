import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivateFile } from "../base/certificates.ts";
import { errorCode } from "../base/errors.ts";
import type { SignedTrust } from "./trust-document.ts";

/** As TLS wants them. */
const TICKET_BYTES = 48;

/** What a cluster is known by, as it is kept. */
export interface KeptIdentity {
  /** Private key, PEM. */
  readonly key: string;
  /** Its certificate and those that vouch for its issuer, PEM. */
  readonly chain: string;
  readonly trust: SignedTrust;
}

/** A directory with a cluster's key, certificate and whom it trusts; readable only by its owner. */
export class IdentityFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The key, which exists before its first certificate; undefined before the first attempt to join. */
  async readKey(): Promise<string | undefined> {
    return this.#read("cluster.key");
  }

  /** Everything; undefined until the cluster has joined. */
  async read(): Promise<KeptIdentity | undefined> {
    const [key, chain, trust] = await Promise.all([
      this.readKey(),
      this.#read("cluster.crt"),
      this.#read("trust.json"),
    ]);
    if (key === undefined || chain === undefined || trust === undefined) return undefined;
    return { key, chain, trust: decode(trust) };
  }

  async writeKey(key: string): Promise<void> {
    await this.#write("cluster.key", key);
  }

  async writeChain(chain: string): Promise<void> {
    await this.#write("cluster.crt", chain);
  }

  async writeTrust(trust: SignedTrust): Promise<void> {
    await this.#write("trust.json", encode(trust));
  }

  /** 48 random bytes, made once, with which TLS sessions of children are resumed. */
  async ticketKeys(): Promise<Buffer> {
    const kept = Buffer.from((await this.#read("tickets.key")) ?? "", "base64");
    if (kept.length === TICKET_BYTES) return kept;
    const made = randomBytes(TICKET_BYTES);
    await this.#write("tickets.key", made.toString("base64"));
    return made;
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#directory, name), "utf8");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async #write(name: string, text: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await writePrivateFile(join(this.#directory, name), text);
  }
}

interface Kept {
  readonly document: string;
  readonly signatures: readonly string[];
}

function encode({ document, signatures }: SignedTrust): string {
  const kept: Kept = { document: base64(document), signatures: signatures.map(base64) };
  return JSON.stringify(kept);
}

function decode(text: string): SignedTrust {
  const { document, signatures } = JSON.parse(text) as Kept;
  return {
    document: Buffer.from(document, "base64"),
    signatures: signatures.map((signature) => Buffer.from(signature, "base64")),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
