import type { StatusCause } from "../../apis/status.ts";
import { at, isObject, type JsonObject, listOf, same, textOf } from "../request/json.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";

/** What is wrong with a Role. */
export function checkRole(role: JsonObject): readonly StatusCause[] {
  return listOf(role.rules).flatMap((rule, i) => ruleCauses(rule, `rules[${i}]`, true));
}

/** What is wrong with a ClusterRole. */
export function checkClusterRole(role: JsonObject): readonly StatusCause[] {
  return listOf(role.rules).flatMap((rule, i) => ruleCauses(rule, `rules[${i}]`, false));
}

/** What is wrong with a RoleBinding or ClusterRoleBinding; which role it means can never change. */
export function checkBinding(
  binding: JsonObject,
  old: JsonObject | undefined,
): readonly StatusCause[] {
  const isCluster = binding.kind === "ClusterRoleBinding";
  const kinds = isCluster ? ["ClusterRole"] : ["Role", "ClusterRole"];
  const { roleRef } = binding;
  const causes = [
    ...oneOf(at(roleRef, "apiGroup"), [RBAC_GROUP], "roleRef.apiGroup"),
    ...oneOf(at(roleRef, "kind"), kinds, "roleRef.kind"),
    ...required(at(roleRef, "name"), "roleRef.name"),
    ...listOf(binding.subjects).flatMap((subject, i) => subjectCauses(subject, `subjects[${i}]`)),
  ];
  if (old === undefined || same(old.roleRef, roleRef)) return causes;
  const fields = ["APIGroup", "Kind", "Name"].map((name) => {
    const field = name === "APIGroup" ? "apiGroup" : name.toLowerCase();
    return `${name}:${JSON.stringify(at(roleRef, field) ?? "")}`;
  });
  const message = `Invalid value: rbac.RoleRef{${fields.join(", ")}}: cannot change roleRef`;
  return [...causes, { reason: "FieldValueInvalid", message, field: "roleRef" }];
}

/** Completes a binding: users, groups and roles are of one API group. */
export function completeBinding(binding: JsonObject): void {
  if (isObject(binding.roleRef)) binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of listOf(binding.subjects)) {
    if (!isObject(subject)) continue;
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= RBAC_GROUP;
  }
}

function ruleCauses(rule: unknown, path: string, isNamespaced: boolean): StatusCause[] {
  const has = (name: string) => listOf(at(rule, name)).length > 0;
  const causes: StatusCause[] = [];
  if (!has("verbs")) causes.push(must(`${path}.verbs`, "verbs must contain at least one value"));
  if (has("nonResourceURLs")) {
    const urls = listOf(at(rule, "nonResourceURLs")).map((url) => JSON.stringify(url));
    const wrong = (why: string) =>
      causes.push({
        reason: "FieldValueInvalid",
        message: `Invalid value: [${urls.join(",")}]: ${why}`,
        field: `${path}.nonResourceURLs`,
      });
    if (isNamespaced) wrong("namespaced rules cannot apply to non-resource URLs");
    if (has("apiGroups") || has("resources") || has("resourceNames"))
      wrong("rules cannot apply to both regular resources and non-resource URLs");
    return causes;
  }
  if (!has("apiGroups"))
    causes.push(must(`${path}.apiGroups`, "resource rules must supply at least one api group"));
  if (!has("resources"))
    causes.push(must(`${path}.resources`, "resource rules must supply at least one resource"));
  return causes;
}

function subjectCauses(subject: unknown, path: string): StatusCause[] {
  const kind = textOf(at(subject, "kind") ?? "");
  const causes = required(at(subject, "name"), `${path}.name`);
  if (kind === "ServiceAccount")
    return [
      ...causes,
      ...oneOf(at(subject, "apiGroup") ?? "", [""], `${path}.apiGroup`),
      ...required(at(subject, "namespace"), `${path}.namespace`),
    ];
  return [
    ...causes,
    ...oneOf(kind, ["ServiceAccount", "User", "Group"], `${path}.kind`),
    ...(kind === "User" || kind === "Group"
      ? oneOf(at(subject, "apiGroup"), [RBAC_GROUP], `${path}.apiGroup`)
      : []),
  ];
}

function oneOf(value: unknown, allowed: readonly string[], field: string): StatusCause[] {
  if (allowed.includes(value as string)) return [];
  const list = allowed.map((item) => JSON.stringify(item)).join(", ");
  const shown = JSON.stringify(value ?? "");
  const message = `Unsupported value: ${shown}: supported values: ${list}`;
  return [{ reason: "FieldValueNotSupported", message, field }];
}

function required(value: unknown, field: string): StatusCause[] {
  return typeof value === "string" && value !== "" ? [] : [must(field)];
}

function must(field: string, why = ""): StatusCause {
  const message = why === "" ? "Required value" : `Required value: ${why}`;
  return { reason: "FieldValueRequired", message, field };
}
