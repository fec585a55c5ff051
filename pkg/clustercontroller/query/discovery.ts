import { at, listOf, textOf } from "../../apiserver/request/json.ts";
import type { ClusterApi } from "./cluster-api.ts";
import { ClusterFailedError, refusalOf } from "./failure.ts";
import { parsed } from "./json-members.ts";
import type { ResourceName, ServedResource } from "./resource-name.ts";

/** Bytes of one discovery document. */
const MAX_DOCUMENT = 8 * 1024 * 1024;
/** Most groups of an old API that are looked through. */
const MAX_GROUPS = 200;

const ACCEPT = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat("application/json")
  .join(",");

interface Found extends ServedResource {
  readonly shortNames: readonly string[];
}

/**
 * What `name` is at the API of one cluster: its core group first, then the others in its own order, each in the
 * version that it prefers. Rejects with a ClusterFailedError if there is no such resource.
 */
export async function discover(api: ClusterApi, name: ResourceName): Promise<ServedResource> {
  for (const root of ["/api", "/apis"]) {
    const isCore = root === "/api";
    if (name.group !== undefined && (name.group === "") !== isCore) continue;
    const document = await documentAt(api, root);
    const found =
      textOf(at(document, "kind") ?? "") === "APIGroupDiscoveryList"
        ? best(
            name,
            listOf(at(document, "items")).flatMap((group) => ofGroup(group, name)),
          )
        : await inOldDocuments(api, name, isCore ? coreVersions() : groupVersions(document, name));
    if (found !== undefined) return found;
  }
  const text = `the cluster doesn't have a resource type "${shown(name)}"`;
  throw new ClusterFailedError("NotFound", text, 404);
}

async function documentAt(api: ClusterApi, path: string): Promise<unknown> {
  return api.get(path, ACCEPT, async (answer) => {
    const text = await api.text(answer, MAX_DOCUMENT);
    if (answer.status !== 200) throw refusalOf(answer.status, text);
    return parsed(text);
  });
}

/** The resources of a group in the version that counts. */
function ofGroup(group: unknown, name: ResourceName): Found[] {
  const of = textOf(at(group, "metadata", "name") ?? "");
  if (name.group !== undefined && name.group !== of) return [];
  return listOf(at(group, "versions")).flatMap((item) => {
    const version = textOf(at(item, "version") ?? "");
    if (name.version !== undefined && name.version !== version) return [];
    return listOf(at(item, "resources")).map((resource) => ({
      group: of,
      version,
      plural: textOf(at(resource, "resource") ?? ""),
      singular: textOf(at(resource, "singularResource") ?? ""),
      namespaced: at(resource, "scope") === "Namespaced",
      shortNames: listOf(at(resource, "shortNames")).map(textOf),
    }));
  });
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

function coreVersions(): GroupVersion[] {
  return [{ group: "", version: "v1" }];
}

function groupVersions(document: unknown, name: ResourceName): GroupVersion[] {
  const groups = listOf(at(document, "groups")).slice(0, MAX_GROUPS);
  return groups.flatMap((item) => {
    const group = textOf(at(item, "name") ?? "");
    if (name.group !== undefined && name.group !== group) return [];
    if (name.version !== undefined) return [{ group, version: name.version }];
    const preferred = textOf(at(item, "preferredVersion", "version") ?? "");
    const all = listOf(at(item, "versions")).map((one) => textOf(at(one, "version") ?? ""));
    // Not everything is in the preferred version: the CronJobs of Kubernetes 1.20 are in an older one.
    return [...new Set([preferred, ...all])].map((version) => ({ group, version }));
  });
}

async function inOldDocuments(
  api: ClusterApi,
  name: ResourceName,
  places: readonly GroupVersion[],
): Promise<ServedResource | undefined> {
  for (const { group, version } of places) {
    const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    // A group whose server is away must not hide those after it.
    const document = await documentAt(api, path).catch((error: unknown) => {
      if (error instanceof ClusterFailedError && error.status !== undefined) return undefined;
      throw error;
    });
    const resources = listOf(at(document, "resources")).map((item) => ({
      group,
      version,
      plural: textOf(at(item, "name") ?? ""),
      singular: textOf(at(item, "singularName") ?? ""),
      namespaced: at(item, "namespaced") === true,
      shortNames: listOf(at(item, "shortNames")).map(textOf),
    }));
    const found = best(name, resources);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A full name goes before a short one. */
function best({ word }: ResourceName, resources: readonly Found[]): ServedResource | undefined {
  return (
    resources.find(({ plural, singular }) => plural === word || singular === word) ??
    resources.find(({ shortNames }) => shortNames.includes(word))
  );
}

function shown({ word, group, version }: ResourceName): string {
  return [word, version, group].filter((part) => part !== undefined && part !== "").join(".");
}
