import type { FunctionRow } from "./function-table.ts";
import { CelList, type Opaque, Optional } from "./values.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const NAME_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** What a text must look like: how long it may be, its form, and what to say if it is not so. */
interface Format {
  readonly most: number;
  readonly form: RegExp;
  readonly text: string;
}

const subdomain = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const unlimited = Number.POSITIVE_INFINITY;

/** Each format of the library by its name; a prefix may end in a dash. */
const FORMATS: Readonly<Record<string, Format>> = {
  dns1123Label: { most: 63, form: new RegExp(`^${LABEL}$`), text: LABEL_TEXT },
  dns1123Subdomain: { most: 253, form: subdomain, text: SUBDOMAIN_TEXT },
  dns1035Label: { most: 63, form: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, text: LABEL_1035_TEXT },
  dns1123LabelPrefix: { most: 63, form: /^[a-z0-9]([-a-z0-9]*)?$/, text: LABEL_TEXT },
  dns1123SubdomainPrefix: { most: 253, form: /^[a-z0-9]([-a-z0-9.]*)?$/, text: SUBDOMAIN_TEXT },
  dns1035LabelPrefix: { most: 63, form: /^[a-z]([-a-z0-9]*)?$/, text: LABEL_1035_TEXT },
  qualifiedName: {
    most: 317,
    form: /^([a-z0-9][-a-z0-9.]{0,252}\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/,
    text: NAME_TEXT,
  },
  labelValue: {
    most: 63,
    form: /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
    text: LABEL_VALUE_TEXT,
  },
  uri: { most: unlimited, form: /^[A-Za-z][A-Za-z0-9+.-]*:\S*$|^\/\S*$/, text: "invalid URI" },
  uuid: {
    most: unlimited,
    form: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
    text: "does not match the UUID format",
  },
  byte: {
    most: unlimited,
    form: /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    text: "invalid base64",
  },
  date: { most: unlimited, form: /^\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])$/, text: "invalid date" },
  datetime: {
    most: unlimited,
    form: /^\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
    text: "invalid datetime",
  },
};

/** Named formats and whether a text has them: the problems, if there are any. */
export const FORMAT_FUNCTIONS: readonly FunctionRow[] = [
  ...Object.keys(FORMATS).map(
    (name): FunctionRow => [`format.${name}() format`, (): Opaque => named(name)],
  ),
  [
    "format.named(string) optional<format>",
    (name: string) => (Object.hasOwn(FORMATS, name) ? new Optional(named(name)) : Optional.none),
  ],
  ["format validate(string) optional<list<string>>", validate],
];

function named(name: string): Opaque {
  return { opaque: "format", text: name };
}

function validate({ text: name }: Opaque, text: string): Optional {
  const { most, form, text: why } = FORMATS[name] as Format;
  const problems = [
    ...(text.length > most ? [`must be no more than ${most} characters`] : []),
    ...(form.test(text) ? [] : [why]),
  ];
  return problems.length === 0 ? Optional.none : new Optional(new CelList(problems));
}
