import { causes, detailed, said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import { widget } from "./widget.ts";

const map = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata } });

const LONG = "x".repeat(64);

export const naming = area("names", [
  behaviour("refuses upper case", async (s) => detailed(await s.post(s.maps(), map("Big"))), [
    "422 Invalid: ConfigMap \"Big\" is invalid: metadata.name: Invalid value: \"Big\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    {
      name: "Big",
      kind: "ConfigMap",
      causes: [
        {
          reason: "FieldValueInvalid",
          message:
            "Invalid value: \"Big\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
          field: "metadata.name",
        },
      ],
    },
  ]),
  behaviour("refuses an underscore", async (s) => causes(await s.post(s.maps(), map("a_b"))), [
    "metadata.name FieldValueInvalid: Invalid value: \"a_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ]),
  behaviour("refuses a leading dash", async (s) => causes(await s.post(s.maps(), map("-a"))), [
    "metadata.name FieldValueInvalid: Invalid value: \"-a\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ]),
  behaviour("takes dots", async (s) => said(await s.post(s.maps(), map("a.b"))), "201 ConfigMap"),
  behaviour("refuses two dots", async (s) => causes(await s.post(s.maps(), map("a..b"))), [
    "metadata.name FieldValueInvalid: Invalid value: \"a..b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ]),
  behaviour(
    "takes 253 characters",
    async (s) => said(await s.post(s.maps(), map("x".repeat(253)))),
    "201 ConfigMap",
  ),
  behaviour(
    "refuses 254 characters",
    async (s) =>
      causes(await s.post(s.maps(), map("x".repeat(254)))).map((text) =>
        text.replace(/x{9,}/, "LONG"),
      ),
    ['metadata.name FieldValueInvalid: Invalid value: "LONG": must be no more than 253 characters'],
  ),
  behaviour(
    "refuses a custom object's bad name",
    async (s) => detailed(await s.post(s.widgets(), widget("Big"))),
    [
      "422 Invalid: Widget.parity.example.com \"Big\" is invalid: metadata.name: Invalid value: \"Big\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      {
        name: "Big",
        group: "parity.example.com",
        kind: "Widget",
        causes: [
          {
            reason: "FieldValueInvalid",
            message:
              "Invalid value: \"Big\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
            field: "metadata.name",
          },
        ],
      },
    ],
  ),
  behaviour(
    "refuses a dot in a Namespace's name",
    async (s) => causes(await s.post("/api/v1/namespaces", map("a.b"))),
    [
      "metadata.name FieldValueInvalid: Invalid value: \"a.b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  ),
  behaviour(
    "refuses 64 characters of a Namespace's name",
    async (s) =>
      causes(await s.post("/api/v1/namespaces", map(LONG))).map((text) =>
        text.replace(LONG, "LONG"),
      ),
    ['metadata.name FieldValueInvalid: Invalid value: "LONG": must be no more than 63 characters'],
  ),
  behaviour(
    "refuses a Service whose name begins with a digit",
    async (s) =>
      causes(await s.post(s.core("services"), { ...map("1a"), spec: { ports: [{ port: 80 }] } })),
    [
      "metadata.name FieldValueInvalid: Invalid value: \"1a\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  ),
  behaviour(
    "takes a colon in the name of a ClusterRole",
    async (s) =>
      said(await s.post("/apis/rbac.authorization.k8s.io/v1/clusterroles", map(`system:${s.id}`))),
    "201 ClusterRole",
  ),
  behaviour(
    "refuses a slash in the name of a ClusterRole",
    async (s) =>
      causes(await s.post("/apis/rbac.authorization.k8s.io/v1/clusterroles", map("a/b"))),
    ["metadata.name FieldValueInvalid: Invalid value: \"a/b\": may not contain '/'"],
  ),
  behaviour(
    "refuses a percent sign in the name of a Role",
    async (s) => causes(await s.post(s.in("rbac.authorization.k8s.io/v1", "roles"), map("a%b"))),
    ["metadata.name FieldValueInvalid: Invalid value: \"a%b\": may not contain '%'"],
  ),
]);
