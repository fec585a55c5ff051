import type { StatusCause } from "../../apis/status.ts";
import { at, child, type JsonObject, listOf, objectOf, same } from "../request/json.ts";
import { checkRules } from "../schema/rules-definition.ts";
import type { Schema } from "../schema/schema.ts";
import { checkStructural } from "../schema/schema-structural.ts";
import { validate } from "../schema/schema-validation.ts";
import { CRD_SPEC } from "./crd-schema.ts";

/** Fills in the names that can be derived, and notes which versions have been stored. */
export function completeCrd(object: JsonObject, old: JsonObject | undefined): void {
  const spec = child(object, "spec");
  const names = child(spec, "names");
  if (typeof names.kind === "string") {
    names.singular ??= names.kind.toLowerCase();
    names.listKind ??= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: "None" };
  const storage = listOf(spec.versions).find((version) => at(version, "storage") === true);
  const stored = [...listOf(at(old, "status", "storedVersions")), at(storage, "name")];
  object.status = {
    ...objectOf(old?.status),
    storedVersions: [...new Set(stored.filter((name) => name !== undefined))],
  };
}

/** What is wrong with the definition of a kind. */
export function checkCrd(object: JsonObject, old: JsonObject | undefined): readonly StatusCause[] {
  const spec = objectOf(object.spec);
  const misshapen = validate(object.spec, CRD_SPEC, "spec");
  if (misshapen.length > 0) return misshapen;
  const versions = listOf(spec.versions);
  const [first] = versions.map((version) => at(version, "schema", "openAPIV3Schema"));
  const isShared =
    first !== undefined &&
    versions.every((version) => same(at(version, "schema", "openAPIV3Schema"), first));
  return [
    ...(old === undefined ? checkNames(object) : []),
    ...checkVersions(versions),
    ...versions.flatMap((version, i) => {
      const path = isShared ? SHARED_SCHEMA : `spec.versions[${i}].schema.openAPIV3Schema`;
      if (isShared && i > 0) return [];
      const schema = at(version, "schema", "openAPIV3Schema");
      if (schema === undefined) return [required(path, "schemas are required")];
      const misshapen = checkStructural(schema, path);
      return misshapen.length > 0 ? misshapen : checkRules(schema as Schema, path);
    }),
    ...(old === undefined ? [] : checkUnchanged(object, old)),
  ];
}

/** How Kubernetes calls a schema that all versions have. */
const SHARED_SCHEMA = "spec.validation.openAPIV3Schema";

function checkNames(object: JsonObject): StatusCause[] {
  const spec = objectOf(object.spec);
  const name = at(object, "metadata", "name");
  const plural = at(spec, "names", "plural");
  const causes: StatusCause[] = [];
  if (typeof plural === "string" && name !== `${plural}.${spec.group}`)
    causes.push(invalidField("metadata.name", name, `must be spec.names.plural+"."+spec.group`));
  if (typeof spec.group !== "string" || spec.group === "") causes.push(required("spec.group"));
  else if (!spec.group.includes("."))
    causes.push(invalidField("spec.group", spec.group, "should be a domain with at least one dot"));
  else if (isProtected(spec.group)) causes.push(...checkApproval(object));
  if (spec.scope !== "Namespaced" && spec.scope !== "Cluster")
    causes.push({
      reason: "FieldValueNotSupported",
      message: `Unsupported value: ${JSON.stringify(spec.scope ?? "")}: supported values: "Cluster", "Namespaced"`,
      field: "spec.scope",
    });
  for (const part of ["plural", "kind"])
    if (typeof at(spec, "names", part) !== "string") causes.push(required(`spec.names.${part}`));
  return causes;
}

const APPROVAL = "api-approved.kubernetes.io";

/** Groups that belong to Kubernetes. */
function isProtected(group: string): boolean {
  return /(^|\.)(k8s|kubernetes)\.io$/.test(group);
}

function checkApproval(object: JsonObject): StatusCause[] {
  const approval = at(object, "metadata", "annotations", APPROVAL);
  const field = `metadata.annotations[${APPROVAL}]`;
  if (typeof approval !== "string" || approval === "")
    return [
      required(
        field,
        `protected groups must have approval annotation "${APPROVAL}", see https://github.com/kubernetes/enhancements/pull/1111`,
      ),
    ];
  if (approval.startsWith("unapproved") || URL.canParse(approval)) return [];
  return [
    invalidField(
      field,
      approval,
      'protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111',
    ),
  ];
}

function checkVersions(versions: readonly unknown[]): StatusCause[] {
  const causes: StatusCause[] = [];
  const names = versions.map((version) => at(version, "name"));
  for (const [i, name] of names.entries())
    if (typeof name !== "string" || !/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name))
      causes.push(invalidField(`spec.versions[${i}].name`, name, DNS_LABEL));
    else if (names.indexOf(name) < i)
      causes.push(invalidField("spec.versions", name, "must contain unique version names"));
  if (versions.filter((version) => at(version, "storage") === true).length !== 1)
    causes.push(
      invalidField(
        "spec.versions",
        names,
        "must have exactly one version marked as storage version",
      ),
    );
  return causes;
}

const DNS_LABEL =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

function checkUnchanged(object: JsonObject, old: JsonObject): StatusCause[] {
  return [["group"], ["scope"], ["names", "kind"], ["names", "plural"]]
    .filter((path) => at(object.spec, ...path) !== at(old.spec, ...path))
    .map((path) =>
      invalidField(`spec.${path.join(".")}`, at(object.spec, ...path), "field is immutable"),
    );
}

function required(path: string, why = ""): StatusCause {
  const message = why === "" ? "Required value" : `Required value: ${why}`;
  return { reason: "FieldValueRequired", message, field: path };
}

function invalidField(path: string, value: unknown, why: string): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value ?? "")}: ${why}`;
  return { reason: "FieldValueInvalid", message, field: path };
}
