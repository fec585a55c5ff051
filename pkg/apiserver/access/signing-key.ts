import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writePrivateFile } from "../../base/certificates.ts";
import { errorCode } from "../../base/errors.ts";
import { isObject, type JsonObject } from "../request/json.ts";

const ALGORITHMS: Readonly<Record<string, string>> = { ec: "ES256", rsa: "RS256" };

/** Signs and verifies JSON Web Tokens, with ES256 or RS256 as its key is. */
export class SigningKey {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #algorithm: string;
  readonly #id: string;

  private constructor(key: KeyObject) {
    this.#private = key;
    this.#public = createPublicKey(key);
    const algorithm = ALGORITHMS[key.asymmetricKeyType ?? ""];
    const curve = key.asymmetricKeyDetails?.namedCurve;
    if (algorithm === undefined || (curve !== undefined && curve !== "prime256v1"))
      throw new RangeError("Cannot sign tokens with this key: it must be EC P-256 or RSA");
    this.#algorithm = algorithm;
    const der = this.#public.export({ type: "spki", format: "der" });
    this.#id = createHash("sha256").update(der).digest("base64url");
  }

  /** A new key that is kept nowhere. */
  static generate(): SigningKey {
    return new SigningKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  }

  /** The key in the PEM file `path`; made, for its owner's eyes only, when there is none. */
  static async open(path: string): Promise<SigningKey> {
    try {
      return new SigningKey(createPrivateKey(await readFile(path)));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      const key = SigningKey.generate();
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const pem = key.#private.export({ type: "pkcs8", format: "pem" });
      await writePrivateFile(path, String(pem));
      return key;
    }
  }

  /** A token that says `claims`. */
  sign(claims: JsonObject): string {
    const head = encoded({ alg: this.#algorithm, kid: this.#id, typ: "JWT" });
    const signed = `${head}.${encoded(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), {
      key: this.#private,
      dsaEncoding: "ieee-p1363",
    });
    return `${signed}.${signature.toString("base64url")}`;
  }

  /** What a token says; undefined if it was not signed with this key. */
  verify(token: string): JsonObject | undefined {
    const parts = token.split(".");
    const [head = "", body = "", signature = ""] = parts;
    if (parts.length !== 3 || decoded(head)?.alg !== this.#algorithm) return undefined;
    const isOurs = verify(
      "sha256",
      Buffer.from(`${head}.${body}`),
      { key: this.#public, dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url"),
    );
    return isOurs ? decoded(body) : undefined;
  }
}

function encoded(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decoded(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
