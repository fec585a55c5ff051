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

const FORMS: Readonly<Record<Exclude<NameRule, "path">, Form>> = {
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
  service: {
    pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    longest: 63,
    text: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  },
};

const KEY_FORM = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${WORD}')`;
const KEY_NAME: Form = { pattern: new RegExp(`^${WORD}$`), longest: 63, text: KEY_FORM };

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
  return causesOf(value, nameProblems(String(value), rule), field);
}

/** What is wrong with `value` as a metadata.generateName; a dash at its end is fine. */
export function prefixCauses(value: unknown, rule: NameRule, field: string): StatusCause[] {
  if (value === undefined || value === "") return [];
  const text = String(value);
  const masked = text.length > 1 && text.endsWith("-") ? `${text.slice(0, -2)}a` : text;
  return causesOf(value, nameProblems(rule === "path" ? text : masked, rule), field);
}

function nameProblems(value: string, rule: NameRule): readonly string[] {
  if (rule !== "path") return problemsOf(value, FORMS[rule]);
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return ["/", "%"]
    .filter((sign) => value.includes(sign))
    .map((sign) => `may not contain '${sign}'`);
}

/** What is wrong with `value` as a "prefix/name" key of labels, annotations or finalizers. */
export function keyCauses(value: string, field: string): StatusCause[] {
  return causesOf(value, keyProblems(value), field);
}

/** What is wrong with `value` as such a key, in words. */
export function keyProblems(value: string): readonly string[] {
  const parts = value.split("/");
  if (parts.length > 2)
    return [
      `a qualified name ${KEY_FORM} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const [prefix, name = ""] = parts.length === 2 ? parts : [undefined, value];
  const problems =
    prefix === "" ? ["must be non-empty"] : prefix && problemsOf(prefix, FORMS.subdomain);
  return [
    ...(problems || []).map((problem) => `prefix part ${problem}`),
    ...(name === "" ? ["name part must be non-empty"] : []),
    ...problemsOf(name, KEY_NAME).map((problem) => `name part ${problem}`),
  ];
}

/** What is wrong with `value` as the value of a label. */
export function labelValueCauses(value: string, field: string): StatusCause[] {
  return causesOf(value, labelValueProblems(value), field);
}

/** What is wrong with `value` as the value of a label, in words. */
export function labelValueProblems(value: string): readonly string[] {
  return problemsOf(value, LABEL_VALUE);
}

/** A name that begins with `prefix` and that nobody has yet, in all likelihood. */
export function generatedName(prefix: string): string {
  const alphabet = "bcdfghjklmnpqrstvwxz2456789";
  const suffix = Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]);
  return `${prefix.slice(0, 58)}${suffix.join("")}`;
}

function problemsOf(value: string, form: Form): readonly string[] {
  return [
    ...(value.length > form.longest ? [`must be no more than ${form.longest} characters`] : []),
    ...(form.pattern.test(value.slice(0, form.longest)) ? [] : [form.text]),
  ];
}

function causesOf(value: unknown, problems: readonly string[], field: string): StatusCause[] {
  return problems.map((text) => ({
    reason: "FieldValueInvalid",
    message: `Invalid value: ${JSON.stringify(value)}: ${text}`,
    field,
  }));
}
