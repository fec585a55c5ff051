import type { StatusCause } from "../../apis/status.ts";
import { at, isObject, type JsonObject, objectOf, textOf } from "../request/json.ts";
import { keyOf, type Operation, type Outcome } from "../request/operation.ts";
import { badRequest, conflict, invalid, methodNotAllowed, notFound } from "../request/refusals.ts";
import { decodeBody } from "../request/request-body.ts";
import {
  audiencesIn,
  type BoundObject,
  type ServiceAccountTokens,
} from "./service-account-tokens.ts";

const MIN_SECONDS = 600;
const USUAL_SECONDS = 3600;
const MAX_SECONDS = 2 ** 32;
const KIND = { group: "authentication.k8s.io", kind: "TokenRequest", plural: "tokenrequests" };

/** Whether a path below a kind is the one at which tokens are asked for. */
export function isTokenPath({
  type,
  subresource,
}: Pick<Operation, "type" | "subresource">): boolean {
  return type.group === "" && type.plural === "serviceaccounts" && subresource === "token";
}

/** POST to serviceaccounts/NAME/token: a new token of that account. Throws what is wrong with the wish. */
export function requestToken(
  operation: Operation,
  method: string,
  tokens: ServiceAccountTokens,
): Outcome {
  if (method !== "POST") throw methodNotAllowed();
  const { store, type, namespace, name } = operation;
  const account = store.get(keyOf(operation, name));
  if (account === undefined) throw notFound(type, name);
  const { value } = decodeBody(operation.body, operation.headers["content-type"]);
  if (!isObject(value)) throw badRequest("the body of the request is not an object");
  const spec = objectOf(value.spec);
  const seconds = secondsIn(spec);
  const bound = isObject(spec.boundObjectRef) ? boundTo(operation, spec.boundObjectRef) : [];
  const uid = textOf(account.object.metadata.uid);
  const audiences = audiencesIn(spec);
  const { token, expires } = tokens.issue({ namespace, name, uid }, { audiences, seconds, bound });
  const object = {
    kind: KIND.kind,
    apiVersion: `${KIND.group}/v1`,
    metadata: { name, namespace, creationTimestamp: timeText(Date.now()) },
    spec: { ...spec, expirationSeconds: seconds },
    status: { token, expirationTimestamp: timeText(expires * 1000) },
  };
  return { kind: "object", code: 201, object };
}

function secondsIn(spec: JsonObject): number {
  const seconds = spec.expirationSeconds ?? USUAL_SECONDS;
  const wrong = (why: string): StatusCause => ({
    reason: "FieldValueInvalid",
    message: `Invalid value: ${textOf(seconds)}: ${why}`,
    field: "spec.expirationSeconds",
  });
  if (typeof seconds !== "number" || !Number.isInteger(seconds))
    throw badRequest("spec.expirationSeconds must be a whole number");
  if (seconds < MIN_SECONDS)
    throw invalid(KIND, "", [wrong("may not specify a duration less than 10 minutes")]);
  if (seconds > MAX_SECONDS)
    throw invalid(KIND, "", [wrong("may not specify a duration larger than 2^32 seconds")]);
  return seconds;
}

const PLURALS: Readonly<Record<string, string>> = { Pod: "pods", Secret: "secrets", Node: "nodes" };

/** The object that the token shall die with, and the node of a pod. */
function boundTo(operation: Operation, reference: JsonObject): readonly BoundObject[] {
  const { store, namespace, name: account } = operation;
  const [kind, name, version, asked] = ["kind", "name", "apiVersion", "uid"].map((field) =>
    textOf(reference[field] ?? ""),
  ) as [string, string, string, string];
  const plural = Object.hasOwn(PLURALS, kind) ? PLURALS[kind] : undefined;
  if (plural === undefined || (version !== "v1" && version !== ""))
    throw badRequest(
      `cannot bind token for serviceaccount "${account}" to object of type ${version}, Kind=${kind}`,
    );
  const home = kind === "Node" ? "" : namespace;
  const found = store.get({ resource: plural, namespace: home, name });
  const named = { group: "", plural, kind };
  if (found === undefined) throw notFound(named, name);
  const uid = textOf(found.object.metadata.uid);
  if (asked !== "" && asked !== uid)
    throw conflict(
      named,
      name,
      `the UID in the bound object reference (${asked}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  const bound: BoundObject = { claim: kind.toLowerCase(), name, uid };
  if (kind !== "Pod") return [bound];
  if (at(found.object, "spec", "serviceAccountName") !== account)
    throw badRequest(
      `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
    );
  return [bound, ...nodeOfPod(store, found.object)];
}

function nodeOfPod(store: Operation["store"], pod: unknown): readonly BoundObject[] {
  const name = textOf(at(pod, "spec", "nodeName") ?? "");
  const node = store.get({ resource: "nodes", namespace: "", name });
  if (node === undefined) return [];
  return [{ claim: "node", name, uid: textOf(node.object.metadata.uid) }];
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
