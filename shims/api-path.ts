import type { ApiUrl } from "./api-url.ts";

/** What a path of a Kubernetes API names. */
export interface ApiPath {
  readonly resource: string;
  /** Absent for a collection. */
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** Subresources of a namespace; any other word behind its name is a resource in it. */
const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);

/** Reads `/api/v1/…` and `/apis/group/v1/…` as the API server does; undefined for any other path. */
export function apiPathOf({ segments }: Pick<ApiUrl, "segments">): ApiPath | undefined {
  const [resource, name, subresource] = partsOf(segments);
  return resource === undefined ? undefined : { resource, name, subresource };
}

/** Whether an answer to this url would never end, or needs more than one request and its answer. */
export function isStreaming(url: ApiUrl): boolean {
  const asked = url.parameters.some(
    ([name, value]) => /^(watch|follow)$/.test(name) && !/^(0|false)$/i.test(value),
  );
  const { resource, subresource } = apiPathOf(url) ?? {};
  const interactive = resource === "pods" && /^(exec|attach|portforward)$/.test(subresource ?? "");
  // The path form of a watch, from before there was a parameter; still served.
  return asked || interactive || resource === "watch";
}

function partsOf([root, ...rest]: readonly string[]): readonly string[] {
  if (root !== "api" && root !== "apis") return [];
  const parts = rest.slice(root === "api" ? 1 : 2);
  const [first, , third] = parts;
  const inNamespace =
    first === "namespaces" && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third);
  return inNamespace ? parts.slice(2) : parts;
}
