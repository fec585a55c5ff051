import type { ApiResponse } from "../apis/api-transport.ts";
import { StatusError } from "../apis/status.ts";
import {
  aggregated,
  coreVersions,
  groupList,
  groupPage,
  resourceList,
} from "./discovery/discovery.ts";
import { encodeOpenApi } from "./discovery/openapi-protobuf.ts";
import { openApiV2 } from "./discovery/openapi-v2.ts";
import { openApiPath, openApiV3, openApiV3Index } from "./discovery/openapi-v3.ts";
import { VERSION_INFO } from "./discovery/version-info.ts";
import { jsonAnswer, once } from "./request/answers.ts";
import { methodNotAllowed } from "./request/refusals.ts";
import type { ServerRequest } from "./request/server-request.ts";
import type { TypeRegistry } from "./types/type-registry.ts";

const HEALTHY = "ok";
const HEALTH = ["livez", "readyz", "healthz"];
const JSON_TYPE = "application/json";
/**
 * The type as it must be sent: the name that clients ask for has an "@", with which the answer could
 * not be read by those who ask.
 */
const OPENAPI_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

interface Page {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** The answer at a path that is for everybody; undefined if it is not. */
export function openPage(
  method: string,
  [root = "", ...rest]: readonly string[],
): ApiResponse | undefined {
  if (HEALTH.includes(root))
    return pageAnswer({ contentType: "text/plain; charset=utf-8", bytes: Buffer.from(HEALTHY) });
  if (root === "version" && rest.length === 0 && method !== "GET") throw methodNotAllowed();
  if (root === "version" && rest.length === 0) return jsonAnswer(200, JSON.stringify(VERSION_INFO));
  return undefined;
}

/** The pages that say what is served. They are made when first asked for, and again when the types change. */
export class Site {
  readonly #types: TypeRegistry;
  readonly #pages = new Map<string, Page | undefined>();
  #generation = -1;

  constructor(types: TypeRegistry) {
    this.#types = types;
  }

  /** The answer at a path that is not about objects; undefined if it is. Throws what is wrong with the request. */
  page({ method, headers }: ServerRequest, path: readonly string[]): ApiResponse | undefined {
    const { accept = "" } = headers;
    if (this.#generation !== this.#types.generation) this.#pages.clear();
    this.#generation = this.#types.generation;
    const variant = variantOf(path, accept);
    const id = `${variant} ${path.join("/")}`;
    if (!this.#pages.has(id)) {
      const page = this.#make(path, variant);
      if (page === undefined) return undefined;
      this.#pages.set(id, page);
    }
    const page = this.#pages.get(id);
    if (page === undefined) return undefined;
    if (method !== "GET") throw methodNotAllowed();
    return pageAnswer(page);
  }

  #make([root, ...rest]: readonly string[], variant: string): Page | undefined {
    const types = this.#types;
    const [first = "", second = ""] = rest;
    if (root === "openapi") return this.#openApi(rest, variant);
    if (root === "api" && rest.length === 1) return json(resourceList(types, "", first));
    if (root === "apis" && rest.length === 1) return json(groupPage(types, first));
    if (root === "apis" && rest.length === 2) return json(resourceList(types, first, second));
    if (rest.length > 0 || (root !== "api" && root !== "apis")) return undefined;
    if (variant !== "") return aggregatedPage(types, root, variant);
    return json(root === "api" ? coreVersions(types) : groupList(types));
  }

  #openApi([version, ...rest]: readonly string[], variant: string): Page | undefined {
    if (version === "v2" && rest.length === 0) {
      const document = openApiV2(this.#types);
      if (variant === "") return json(document);
      return { contentType: OPENAPI_PROTOBUF, bytes: encodeOpenApi(document) };
    }
    if (version !== "v3") return undefined;
    if (variant !== "")
      throw StatusError.of(
        "NotAcceptable",
        "only the following media types are accepted: application/json",
      );
    if (rest.length === 0) return json(openApiV3Index(this.#types));
    const at = openApiPath(rest);
    return at && json(openApiV3(this.#types, at.group, at.version));
  }
}

/** Which of the forms of a page the caller would rather have; "" is plain JSON. */
function variantOf(path: readonly string[], accept: string): string {
  const [root, second] = path;
  if (root === "openapi") return wantsProtobuf(accept, second === "v2") ? "protobuf" : "";
  if (path.length !== 1) return "";
  for (const part of accept.split(",")) {
    const [, version] = /\bv=(v2|v2beta1)\b/.exec(part) ?? [];
    if (part.includes("as=APIGroupDiscoveryList") && version !== undefined) return version;
    if (!part.includes("as=") && part.trim().startsWith(JSON_TYPE)) return "";
  }
  return "";
}

/** v3 is had as JSON by everybody who also takes JSON; v2 is sent as protobuf to those who name it first. */
function wantsProtobuf(accept: string, isV2: boolean): boolean {
  const wanted = accept.split(",").map((part) => part.trim());
  if (isV2) return wanted[0]?.includes("proto") === true;
  return accept !== "" && wanted.every((part) => part.includes("proto"));
}

function aggregatedPage(types: TypeRegistry, root: string, version: string): Page {
  const contentType = `${JSON_TYPE};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  return { contentType, bytes: Buffer.from(JSON.stringify(aggregated(types, root, version))) };
}

function json(value: object | undefined): Page | undefined {
  return value && { contentType: JSON_TYPE, bytes: Buffer.from(JSON.stringify(value)) };
}

function pageAnswer({ contentType, bytes }: Page): ApiResponse {
  const headers = { "content-type": contentType, vary: "Accept" };
  return { status: 200, headers, body: once(bytes) };
}
