import { causes, detailed, said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import { widget } from "./widget.ts";

const map = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata } });

const LONG = "x".repeat(64);

export const labelling = area("labels", [
  behaviour(
    "refuses a label key with a space",
    async (s) => detailed(await s.post(s.maps(), map("a", { labels: { "a b": "c" } }))),
    [
      "422 Invalid: ConfigMap \"a\" is invalid: metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      {
        name: "a",
        kind: "ConfigMap",
        causes: [
          {
            reason: "FieldValueInvalid",
            message:
              "Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            field: "metadata.labels",
          },
        ],
      },
    ],
  ),
  behaviour(
    "refuses a label key of 64 characters",
    async (s) =>
      causes(await s.post(s.maps(), map("a", { labels: { [LONG]: "c" } }))).map((text) =>
        text.replace(LONG, "LONG"),
      ),
    [
      'metadata.labels FieldValueInvalid: Invalid value: "LONG": name part must be no more than 63 characters',
    ],
  ),
  behaviour(
    "refuses an empty label key",
    async (s) => causes(await s.post(s.maps(), map("a", { labels: { "": "c" } }))),
    [
      'metadata.labels FieldValueInvalid: Invalid value: "": name part must be non-empty',
      "metadata.labels FieldValueInvalid: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ),
  behaviour(
    "refuses a label key with a bad prefix",
    async (s) => causes(await s.post(s.maps(), map("a", { labels: { "A_/b": "c" } }))),
    [
      "metadata.labels FieldValueInvalid: Invalid value: \"A_/b\": prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ),
  behaviour(
    "refuses a label key with two slashes",
    async (s) => causes(await s.post(s.maps(), map("a", { labels: { "a/b/c": "c" } }))),
    [
      "metadata.labels FieldValueInvalid: Invalid value: \"a/b/c\": a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ],
  ),
  behaviour(
    "refuses a label key with nothing before the slash",
    async (s) => causes(await s.post(s.maps(), map("a", { labels: { "/b": "c" } }))),
    ['metadata.labels FieldValueInvalid: Invalid value: "/b": prefix part must be non-empty'],
  ),
  behaviour(
    "refuses a label value with a slash",
    async (s) => causes(await s.post(s.maps(), map("a", { labels: { a: "b/c" } }))),
    [
      "metadata.labels FieldValueInvalid: Invalid value: \"b/c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ),
  behaviour(
    "refuses a label value of 64 characters",
    async (s) =>
      causes(await s.post(s.maps(), map("a", { labels: { a: LONG } }))).map((text) =>
        text.replace(LONG, "LONG"),
      ),
    [
      'metadata.labels FieldValueInvalid: Invalid value: "LONG": must be no more than 63 characters',
    ],
  ),
  behaviour(
    "takes an empty label value",
    async (s) => said(await s.post(s.maps(), map("a", { labels: { a: "" } }))),
    "201 ConfigMap",
  ),
  behaviour(
    "says of several bad labels all",
    async (s) => said(await s.post(s.maps(), map("a", { labels: { "b c": "d/e" } }))),
    "422 Invalid: ConfigMap \"a\" is invalid: [metadata.labels: Invalid value: \"b c\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), metadata.labels: Invalid value: \"d/e\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')]",
  ),
  behaviour(
    "refuses a label value that is a number",
    async (s) => said(await s.post(s.maps(), map("a", { labels: { a: 1 } }))).slice(0, 60),
    '400 BadRequest: ConfigMap in version "v1" cannot be handled ',
  ),
  behaviour(
    "refuses a custom object's bad label",
    async (s) => causes(await s.post(s.widgets(), widget("a", {}, { labels: { a: "b/c" } }))),
    [
      "metadata.labels FieldValueInvalid: Invalid value: \"b/c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ),
  behaviour(
    "refuses an annotation key with a space",
    async (s) => causes(await s.post(s.maps(), map("a", { annotations: { "a b": "c" } }))),
    [
      "metadata.annotations FieldValueInvalid: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ),
  behaviour(
    "takes any annotation value",
    async (s) => said(await s.post(s.maps(), map("a", { annotations: { a: "b/c d\n{}" } }))),
    "201 ConfigMap",
  ),
  behaviour(
    "takes upper case in an annotation key",
    async (s) =>
      said(await s.post(s.maps(), map("a", { annotations: { "Example.com/Key": "c" } }))),
    "201 ConfigMap",
  ),
  behaviour(
    "refuses annotations of more than 256 KiB",
    async (s) =>
      detailed(await s.post(s.maps(), map("a", { annotations: { a: "x".repeat(262_144) } }))),
    differs("limit-texts"),
  ),
]);
