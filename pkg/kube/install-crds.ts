import { CRD } from "../apis/crds.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { isStatus } from "../apis/status.ts";
import { attempts } from "../base/backoff.ts";
import { OteError } from "../base/errors.ts";

/** The API took a definition but will not serve it, for example because another one has its names. */
export class CrdNotAcceptedError extends OteError {
  readonly code = "CRD_NOT_ACCEPTED";
  constructor(name: string, why: string) {
    super(`Cannot install definition "${name}": ${why}`);
  }
}

interface Definition extends KubeObject {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

/** Creates or replaces the definitions; resolves once the API serves all of them. May run any number of times. */
export async function installCrds(
  client: ResourceClient,
  crds: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  for (const crd of crds) await put(client, crd as Definition, signal);
  for (const crd of crds) await served(client, crd as Definition, signal);
}

async function put(client: ResourceClient, crd: Definition, signal: AbortSignal): Promise<void> {
  for await (const _ of attempts(signal, { first: 50, longest: 1000 })) {
    try {
      await putOnce(client, crd, signal);
      return;
    } catch (error) {
      // Somebody else installs or changes it at the same moment: look again.
      if (!isStatus(error, "Conflict") && !isStatus(error, "AlreadyExists")) throw error;
    }
  }
  signal.throwIfAborted();
}

async function putOnce(
  client: ResourceClient,
  crd: Definition,
  signal: AbortSignal,
): Promise<void> {
  const present = await client
    .get<Definition>(CRD, { name: crd.metadata.name }, signal)
    .catch((error: unknown) => {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    });
  if (present === undefined) await client.create(CRD, crd, signal);
  else await client.update(CRD, { ...present, spec: crd.spec }, undefined, signal);
}

async function served(client: ResourceClient, crd: Definition, signal: AbortSignal): Promise<void> {
  const { name } = crd.metadata;
  for await (const _ of attempts(signal, { first: 50, longest: 1000 })) {
    const { status } = await client.get<Definition>(CRD, { name }, signal);
    const condition = (type: string) => status?.conditions?.find((one) => one.type === type);
    const accepted = condition("NamesAccepted");
    if (accepted?.status === "False")
      throw new CrdNotAcceptedError(name, accepted.message ?? "its names are taken");
    if (condition("Established")?.status === "True" && (await answers(client, crd, signal))) return;
  }
  signal.throwIfAborted();
}

/** An established definition is served only a moment later. */
async function answers(
  client: ResourceClient,
  { spec }: Definition,
  signal: AbortSignal,
): Promise<boolean> {
  const type: ResourceType = {
    group: spec.group,
    version: spec.versions.find((version) => version.served)?.name ?? "v1",
    kind: spec.names.kind,
    plural: spec.names.plural,
    namespaced: spec.scope === "Namespaced",
  };
  try {
    await client.list(type, { fieldSelector: "metadata.name=none" }, signal);
    return true;
  } catch (error) {
    if (isStatus(error, "NotFound") || isStatus(error, "ServiceUnavailable")) return false;
    throw error;
  }
}
