import { readFile, stat } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import path from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";
import { errorText, OteError } from "../base/errors.ts";

/** How to reach one API and who we are there: TLS options and headers for node:https. */
export interface Access {
  readonly server: URL;
  readonly options: RequestOptions;
}

/** The kubeconfig file is missing, not readable, or does not say whom to talk to. */
export class KubeconfigInvalidError extends OteError {
  readonly code = "KUBECONFIG_INVALID";
  constructor(file: string, why: string) {
    super(`Cannot use kubeconfig "${file}": ${why}`);
  }
}

/** Credentials are asked for again after this time: token files and certificates rotate. */
const FRESH_MS = 10_000;

/**
 * The current context of one kubeconfig file, kept up to date: a changed file is read again, and so
 * are the token and certificate files that it names.
 */
export class KubeconfigFile {
  readonly #file: string;
  #config: KubeConfig | undefined;
  #version = "";
  #access: Promise<Access> | undefined;
  #last: Access | undefined;
  #askedAt = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** What to connect with now. Rejects with `KUBECONFIG_INVALID` as long as it has never been valid. */
  access(): Promise<Access> {
    const age = performance.now() - this.#askedAt;
    if (this.#access === undefined || age > FRESH_MS) this.#ask();
    return this.#access as Promise<Access>;
  }

  /** The same, but certainly read again: for an API that did not accept `used`. */
  async changedAccess(used: Access): Promise<Access | undefined> {
    this.#config = undefined;
    this.#ask();
    const access = await this.access();
    return sameCredentials(access.options, used.options) ? undefined : access;
  }

  #ask(): void {
    this.#askedAt = performance.now();
    const asked = this.#read().catch((error: unknown) => {
      // The next call tries again: the file may be in the middle of being replaced.
      if (this.#access === asked) this.#access = undefined;
      if (this.#last !== undefined) return this.#last;
      throw error;
    });
    this.#access = asked;
  }

  async #read(): Promise<Access> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#file);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (this.#config === undefined || version !== this.#version)
        this.#config = await load(this.#file);
      this.#version = version;
      this.#last = await accessOf(this.#config);
      return this.#last;
    } catch (error) {
      if (error instanceof KubeconfigInvalidError) throw error;
      // Only the first line: below it a YAML error shows the text, which may be a token.
      const [why = ""] = errorText(error).split("\n");
      throw new KubeconfigInvalidError(this.#file, why);
    }
  }
}

interface NamedEntry {
  readonly name?: string;
  readonly cluster?: Record<string, unknown>;
  readonly user?: Record<string, unknown>;
  readonly context?: { readonly cluster?: string; readonly user?: string };
}

interface KubeconfigDocument {
  readonly "current-context"?: string;
  readonly contexts?: readonly NamedEntry[];
  readonly clusters?: readonly NamedEntry[];
  readonly users?: readonly NamedEntry[];
}

/** Only the current context is handed on, so that entries nobody uses cannot spoil it. */
async function load(file: string): Promise<KubeConfig> {
  const document = parse(await readFile(file, "utf8")) as KubeconfigDocument | null;
  const wanted = document?.["current-context"] ?? "";
  if (wanted === "") throw new KubeconfigInvalidError(file, "it has no current-context");
  const context = named(file, document?.contexts, "context", wanted).context;
  const cluster = named(file, document?.clusters, "cluster", context?.cluster ?? "").cluster ?? {};
  const server = checkedServer(file, cluster.server);
  const user =
    context?.user === undefined ? {} : named(file, document?.users, "user", context.user).user;

  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(
    JSON.stringify({
      "current-context": "current",
      contexts: [{ name: "current", context: { cluster: "current", user: "current" } }],
      clusters: [
        {
          name: "current",
          // client-node speaks http only to servers whose certificate it need not check.
          cluster:
            server.protocol === "http:"
              ? { ...cluster, "insecure-skip-tls-verify": true }
              : cluster,
        },
      ],
      users: [{ name: "current", user: withTokenFile(user ?? {}, path.dirname(file)) }],
    }),
  );
  config.makePathsAbsolute(path.dirname(file));
  return config;
}

function named(
  file: string,
  entries: readonly NamedEntry[] | undefined,
  what: "context" | "cluster" | "user",
  name: string,
): NamedEntry {
  const entry = Array.isArray(entries)
    ? entries.find((candidate: NamedEntry | null) => candidate?.name === name)
    : undefined;
  if (typeof entry?.[what] !== "object" || entry[what] === null)
    throw new KubeconfigInvalidError(file, `it has no ${what} "${name}"`);
  return entry;
}

function checkedServer(file: string, text: unknown): URL {
  if (typeof text !== "string" || !URL.canParse(text))
    throw new KubeconfigInvalidError(file, `its server is not a URL: ${JSON.stringify(text)}`);
  const server = new URL(text);
  if (server.protocol === "https:") return server;
  if (server.protocol === "http:" && isLoopback(server.hostname)) return server;
  throw new KubeconfigInvalidError(
    file,
    `its server must be https, or http on a loopback address: "${text}"`,
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** client-node does not know `tokenFile`, only its own provider for the same thing. */
function withTokenFile(user: Record<string, unknown>, folder: string): Record<string, unknown> {
  const { tokenFile, token, ...rest } = user;
  if (typeof tokenFile !== "string") return user;
  return {
    ...rest,
    "auth-provider": { name: "tokenFile", config: { tokenFile: path.resolve(folder, tokenFile) } },
  };
}

async function accessOf(config: KubeConfig): Promise<Access> {
  const cluster = config.getCurrentCluster();
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  // Its agent opens a connection for each request; we keep ours open, except through a proxy.
  if (cluster?.proxyUrl === undefined || cluster.proxyUrl === null) delete options.agent;
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    // A token file ends with a newline, which a header must not.
    String(value).trim(),
  ]);
  return {
    server: new URL(cluster?.server ?? ""),
    options: { ...options, headers: Object.fromEntries(headers) },
  };
}

function sameCredentials(one: RequestOptions, other: RequestOptions): boolean {
  const text = ({ cert, key, ca, headers, auth }: RequestOptions) =>
    JSON.stringify([cert, key, ca, headers, auth].map((part) => part ?? null));
  return text(one) === text(other);
}
