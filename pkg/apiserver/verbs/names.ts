import { randomInt } from "node:crypto";
import type { StatusCause } from "../../apis/status.ts";
import type { NameRule } from "../types/served-type.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const WORD = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

interface Form {
  readonly pattern: RegExp;
  readonly longest: number;
  readonly text: string;
}

const FORMS: Readonly<Record<NameRule, Form>> = {
  subdomain: {
    pattern: new RegExp(`^${SUBDOMAIN}$`),
    longest: 253,
    text: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`,
  },
  label: {
    pattern: new RegExp(`^${LABEL}$`),
    longest: 63,
    text: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
  },
  path: { pattern: /^(?!\.{1,2}$)[^/%]+$/, longest: 253, text: "may not contain '/' or '%'" },
};

const KEY_NAME: Form = {
  pattern: new RegExp(`^${WORD}$`),
  longest: 63,
  text: `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${WORD}')`,
};

const LABEL_VALUE: Form = {
  pattern: new RegExp(`^(${WORD})?$`),
  longest: 63,
  text: `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${WORD})?')`,
};

/** What is wrong with `value` as a metadata.name. */
export function nameCauses(value: unknown, rule: NameRule, field: string): StatusCause[] {
  if (value === undefined || value === "")
    return [
      {
        reason: "FieldValueRequired",
        message: "Required value: name or generateName is required",
        field,
      },
    ];
  return formCauses(value, FORMS[rule], field);
}

/** What is wrong with `value` as a "prefix/name" key of labels, annotations or finalizers. */
export function keyCauses(value: string, field: string): StatusCause[] {
  const slash = value.indexOf("/");
  if (slash < 0) return formCauses(value, KEY_NAME, field);
  return [
    ...formCauses(value.slice(0, slash), FORMS.subdomain, field, "prefix part "),
    ...formCauses(value.slice(slash + 1), KEY_NAME, field),
  ];
}

/** What is wrong with `value` as the value of a label. */
export function labelValueCauses(value: string, field: string): StatusCause[] {
  return formCauses(value, LABEL_VALUE, field);
}

/** A name that begins with `prefix` and that nobody has yet, in all likelihood. */
export function generatedName(prefix: string): string {
  const alphabet = "bcdfghjklmnpqrstvwxz2456789";
  const suffix = Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]);
  return `${prefix.slice(0, 58)}${suffix.join("")}`;
}

function formCauses(value: unknown, form: Form, field: string, prefix = ""): StatusCause[] {
  const problems: string[] = [];
  if (typeof value !== "string") problems.push("must be a string");
  else {
    if (value.length > form.longest)
      problems.push(`must be no more than ${form.longest} characters`);
    if (!form.pattern.test(value.slice(0, form.longest))) problems.push(form.text);
  }
  return problems.map((text) => ({
    reason: "FieldValueInvalid",
    message: `Invalid value: ${JSON.stringify(value)}: ${prefix}${text}`,
    field,
  }));
}
