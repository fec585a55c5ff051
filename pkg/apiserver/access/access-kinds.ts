import { at, listOf, textOf } from "../request/json.ts";
import type { Schema } from "../schema/schema.ts";
import type { BuiltinRow } from "../types/builtin-row.ts";
import { AGE, NAME } from "../types/column-parts.ts";
import type { Column } from "../types/served-type.ts";
import { checkBinding, checkClusterRole, checkRole, completeBinding } from "./role-checks.ts";

const RBAC = { group: "rbac.authorization.k8s.io", names: "path" } as const;
const REVIEW = { verbs: ["create"], cluster: true } as const;
const AUTHORIZATION = {
  ...REVIEW,
  group: "authorization.k8s.io",
  fields: ["spec", "status"],
  versions: ["v1", "v1beta1"],
};
const AUTHENTICATION = { ...REVIEW, group: "authentication.k8s.io" };

const texts: Schema = { type: "array", items: { type: "string" } };
const text: Schema = { type: "string" };
const rules: Schema = {
  type: "array",
  items: {
    type: "object",
    properties: {
      verbs: texts,
      apiGroups: texts,
      resources: texts,
      resourceNames: texts,
      nonResourceURLs: texts,
    },
  },
};
const ROLE_COLUMNS: readonly Column[] = [
  NAME,
  { name: "Created At", type: "date", cell: (role) => at(role, "metadata", "creationTimestamp") },
];
const BINDING_COLUMNS: readonly Column[] = [
  NAME,
  {
    name: "Role",
    type: "string",
    cell: ({ roleRef }) => `${textOf(at(roleRef, "kind"))}/${textOf(at(roleRef, "name"))}`,
  },
  AGE,
  subjectColumn("Users", "User"),
  subjectColumn("Groups", "Group"),
  subjectColumn("ServiceAccounts", "ServiceAccount"),
];
const reference = { apiGroup: text, kind: text, name: text };
const BINDING = {
  ...RBAC,
  fields: ["subjects", "roleRef"],
  exact: {
    roleRef: { type: "object", properties: reference } as Schema,
    subjects: {
      type: "array",
      items: { type: "object", properties: { ...reference, namespace: text } },
    } as Schema,
  },
  columns: BINDING_COLUMNS,
  complete: completeBinding,
  check: checkBinding,
};

/** The kinds that say, and ask, who may do what. */
export const ACCESS_ROWS: readonly BuiltinRow[] = [
  {
    ...RBAC,
    kind: "Role",
    fields: ["rules"],
    exact: { rules },
    columns: ROLE_COLUMNS,
    check: checkRole,
  },
  {
    ...RBAC,
    kind: "ClusterRole",
    cluster: true,
    fields: ["aggregationRule", "rules"],
    exact: { rules },
    columns: ROLE_COLUMNS,
    check: checkClusterRole,
  },
  { ...BINDING, kind: "RoleBinding" },
  { ...BINDING, kind: "ClusterRoleBinding", cluster: true },
  { ...AUTHORIZATION, kind: "SelfSubjectAccessReview" },
  { ...AUTHORIZATION, kind: "SubjectAccessReview" },
  { ...AUTHORIZATION, kind: "LocalSubjectAccessReview", cluster: false },
  { ...AUTHORIZATION, kind: "SelfSubjectRulesReview" },
  { ...AUTHENTICATION, kind: "TokenReview", fields: ["spec", "status"] },
  { ...AUTHENTICATION, kind: "SelfSubjectReview", fields: ["status"] },
];

function subjectColumn(name: string, kind: string): Column {
  return {
    name,
    type: "string",
    priority: 1,
    cell: ({ subjects }) =>
      listOf(subjects)
        .filter((subject) => at(subject, "kind") === kind)
        .map((subject) => {
          const home = at(subject, "namespace");
          const called = textOf(at(subject, "name"));
          return kind === "ServiceAccount" ? `${textOf(home ?? "")}/${called}` : called;
        })
        .join(", "),
  };
}
