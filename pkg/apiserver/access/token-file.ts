import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { errorText, OteError } from "../../base/errors.ts";
import type { User } from "../request/operation.ts";
import type { TokenSource, TokenUser } from "./authenticator.ts";
import { authenticated } from "./users.ts";

/** The file of tokens cannot be used. */
export class TokenFileError extends OteError {
  readonly code = "TOKEN_FILE_INVALID";
  constructor(path: string, why: string, cause?: unknown) {
    super(`Cannot read tokens from "${path}": ${why}`, { cause });
  }
}

interface Entry {
  readonly digest: Buffer;
  readonly user: User;
}

/** What others may do with the file: nothing; the group may read. */
const FORBIDDEN_MODE = 0o027;

/** Tokens that stay good as long as they are in a file; it is read once, at the start. */
export class TokenFile implements TokenSource {
  readonly #audience: string;
  /** Tokens are kept and compared as digests under a key that nobody knows, so that time tells nothing. */
  readonly #key = randomBytes(32);
  readonly #entries = new Map<string, Entry>();

  private constructor(audience: string) {
    this.#audience = audience;
  }

  /** Reads `path`, lines of `token,user,uid,"group1,group2"`. Rejects with `TOKEN_FILE_INVALID`. */
  static async open(path: string, audience: string): Promise<TokenFile> {
    const file = new TokenFile(audience);
    const text = await readTokens(path);
    for (const [i, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === "") continue;
      const [token = "", name = "", uid = "", groups = ""] = fieldsOf(line) ?? [];
      if (token === "" || name === "")
        throw new TokenFileError(path, `line ${i + 1} is not token,user,uid,"group1,group2"`);
      const list = groups.split(",").map((group) => group.trim());
      file.#add(token, { name, uid, groups: list.filter((group) => group !== "") });
    }
    return file;
  }

  userOf(token: string, audiences: readonly string[]): TokenUser | undefined {
    if (audiences.length > 0 && !audiences.includes(this.#audience)) return undefined;
    const digest = this.#digest(token);
    const entry = this.#entries.get(digest.toString("base64"));
    if (entry === undefined || !timingSafeEqual(entry.digest, digest)) return undefined;
    return { user: entry.user, audiences: [this.#audience] };
  }

  #add(token: string, user: User): void {
    const digest = this.#digest(token);
    this.#entries.set(digest.toString("base64"), { digest, user: authenticated(user) });
  }

  #digest(token: string): Buffer {
    return createHmac("sha256", this.#key).update(token).digest();
  }
}

async function readTokens(path: string): Promise<string> {
  let text: string;
  let mode: number;
  try {
    ({ mode } = await stat(path));
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new TokenFileError(path, errorText(cause), cause);
  }
  if ((mode & FORBIDDEN_MODE) !== 0)
    throw new TokenFileError(
      path,
      `others may read it or its group may write it (mode ${(mode & 0o777).toString(8)}, must be 600 or 640)`,
    );
  return text;
}

/** The fields of one line of CSV; undefined if it is none. */
function fieldsOf(line: string): readonly string[] | undefined {
  const fields: string[] = [];
  const FIELD = /\s*(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const [all, quoted, plain = "", end] = FIELD.exec(line) ?? [];
    if (all === undefined) return undefined;
    fields.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    if (end === "") return fields;
  }
}
