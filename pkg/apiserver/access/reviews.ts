import type { StatusCause } from "../../apis/status.ts";
import { incomingObject } from "../request/incoming.ts";
import { at, isObject, type JsonObject, listOf, objectOf, textOf } from "../request/json.ts";
import type { Operation, Outcome, User } from "../request/operation.ts";
import { badRequest, invalid, qualified } from "../request/refusals.ts";
import type { Attributes } from "./attributes.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Authorizer } from "./authorizer.ts";
import { nodeOf } from "./users.ts";

/** Who answers a review. */
export interface ReviewParts {
  readonly authorizer: Authorizer;
  readonly authenticator: Authenticator;
}

type Review = (operation: Operation, spec: JsonObject, parts: ReviewParts) => JsonObject;

/** The kinds that are only questions, by resource: from what is asked to the answer's `status`. */
const REVIEWS: Readonly<Record<string, Review>> = {
  "selfsubjectaccessreviews.authorization.k8s.io": (operation, spec, { authorizer }) =>
    accessStatus(authorizer, operation.user, attributesIn(operation, spec)),
  "subjectaccessreviews.authorization.k8s.io": (operation, spec, { authorizer }) =>
    accessStatus(authorizer, subjectOf(operation, spec), attributesIn(operation, spec)),
  "localsubjectaccessreviews.authorization.k8s.io": (operation, spec, { authorizer }) =>
    accessStatus(authorizer, subjectOf(operation, spec), localAttributes(operation, spec)),
  "selfsubjectrulesreviews.authorization.k8s.io": ({ user }, spec, { authorizer }) =>
    rulesStatus(authorizer, user, textOf(spec.namespace ?? "")),
  "tokenreviews.authentication.k8s.io": (_, spec, { authenticator }) =>
    tokenStatus(authenticator, spec),
  "selfsubjectreviews.authentication.k8s.io": ({ user }) => ({ userInfo: userInfo(user) }),
};

/** Answers an operation that is a question; undefined if it is none. Throws what is wrong with it. */
export function review(operation: Operation, parts: ReviewParts): Outcome | undefined {
  const { type, subresource } = operation;
  const resource = qualified(type);
  const answer = Object.hasOwn(REVIEWS, resource) ? REVIEWS[resource] : undefined;
  if (answer === undefined || subresource !== "") return undefined;
  const given = incomingObject(operation);
  const status = answer(operation, objectOf(given.spec), parts);
  const metadata = { ...objectOf(given.metadata), creationTimestamp: null };
  return { kind: "object", code: 201, object: { ...given, metadata, status } };
}

/** A user as reviews and the audit log show one. */
export function userInfo({ name, uid, groups, extra }: User): JsonObject {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  };
}

function accessStatus(authorizer: Authorizer, user: User, wanted: Attributes): JsonObject {
  const { allowed, reason } = authorizer.decide(user, wanted);
  return { allowed, ...(reason === "" ? {} : { reason }) };
}

function rulesStatus(authorizer: Authorizer, user: User, namespace: string): JsonObject {
  if (namespace === "") throw badRequest("no namespace on request");
  const rules = authorizer.rulesFor(user, namespace);
  const isNode = nodeOf(user) !== undefined;
  return {
    resourceRules: rules
      .filter(({ resources }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        ...{ verbs, apiGroups, resources },
        ...(resourceNames.length === 0 ? {} : { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: isNode,
    ...(isNode ? { evaluationError: "node authorizer does not support user rule resolution" } : {}),
  };
}

function tokenStatus(authenticator: Authenticator, spec: JsonObject): JsonObject {
  const { token } = spec;
  if (typeof token !== "string" || token === "")
    throw badRequest("token is required for TokenReview in authentication");
  const audiences = listOf(spec.audiences).map(textOf);
  const found = authenticator.userOfToken(token, audiences);
  if (found === undefined) return { user: {}, error: "invalid bearer token" };
  return {
    authenticated: true,
    user: userInfo(found.user),
    ...(audiences.length === 0 ? {} : { audiences: found.audiences }),
  };
}

function subjectOf({ type }: Operation, spec: JsonObject): User {
  const name = textOf(spec.user ?? "");
  // v1beta1 calls it "group".
  const groups = listOf(spec.groups ?? spec.group).map(textOf);
  if (name === "" && groups.length === 0)
    throw invalid(type, "", [
      {
        reason: "FieldValueInvalid",
        message: 'Invalid value: "": at least one of user or group must be specified',
        field: "spec.user",
      },
    ]);
  return { name, groups };
}

function localAttributes(operation: Operation, spec: JsonObject): Attributes {
  const wanted = attributesIn(operation, spec);
  if (wanted.kind === "path")
    throw invalid(operation.type, "", [
      {
        reason: "FieldValueInvalid",
        message: "Invalid value: null: disallowed on this kind of request",
        field: "spec.nonResourceAttributes",
      },
    ]);
  if (wanted.namespace !== operation.namespace)
    throw badRequest(
      `spec.resourceAttributes.namespace must match namespace: ${operation.namespace}`,
    );
  return wanted;
}

function attributesIn({ type }: Operation, spec: JsonObject): Attributes {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (isObject(resource) === isObject(path)) throw invalid(type, "", [choice(isObject(path))]);
  const text = (name: string) => textOf(at(resource ?? path, name) ?? "");
  if (isObject(path)) return { kind: "path", verb: text("verb"), path: text("path") };
  return {
    kind: "resource",
    verb: text("verb"),
    group: text("group"),
    version: text("version"),
    namespace: text("namespace"),
    resource: text("resource"),
    subresource: text("subresource"),
    name: text("name"),
  };
}

function choice(isBoth: boolean): StatusCause {
  const [field, why] = isBoth
    ? ["spec.nonResourceAttributes", "cannot be specified in combination with resourceAttributes"]
    : [
        "spec.resourceAttributes",
        "exactly one of nonResourceAttributes or resourceAttributes must be specified",
      ];
  return { reason: "FieldValueInvalid", message: `Invalid value: null: ${why}`, field };
}
