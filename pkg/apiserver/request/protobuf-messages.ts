import * as admissionregistration from "../protobuf-messages/admissionregistration.ts";
import * as apiextensions from "../protobuf-messages/apiextensions.ts";
import * as apiregistration from "../protobuf-messages/apiregistration.ts";
import * as apps from "../protobuf-messages/apps.ts";
import * as authentication from "../protobuf-messages/authentication.ts";
import * as authorization from "../protobuf-messages/authorization.ts";
import * as autoscaling from "../protobuf-messages/autoscaling.ts";
import * as batch from "../protobuf-messages/batch.ts";
import * as certificates from "../protobuf-messages/certificates.ts";
import * as coordination from "../protobuf-messages/coordination.ts";
import * as core from "../protobuf-messages/core.ts";
import * as discovery from "../protobuf-messages/discovery.ts";
import * as events from "../protobuf-messages/events.ts";
import * as extensions from "../protobuf-messages/extensions.ts";
import * as meta from "../protobuf-messages/meta.ts";
import * as networking from "../protobuf-messages/networking.ts";
import * as node from "../protobuf-messages/node.ts";
import * as policy from "../protobuf-messages/policy.ts";
import * as rbac from "../protobuf-messages/rbac.ts";
import * as scheduling from "../protobuf-messages/scheduling.ts";
import * as storage from "../protobuf-messages/storage.ts";
import { SPECIALS } from "./protobuf-specials.ts";

/** One field of a message. */
export interface Field {
  /** Its JSON name; INLINE when the fields of its message stand among those of its owner. */
  readonly name: string;
  /** A word that the reader knows, like "int"; else the name of a message. */
  readonly type: string;
  readonly many: "" | "[]" | "{}";
  /** Whether a zero or an empty text is a value, and not only the absence of one. */
  readonly keepsZero: boolean;
  /** The apiVersion in whose table the field stands; its message is looked for there first. */
  readonly home: string;
}

/** A message: its fields by number. */
export type Message = ReadonlyMap<number, Field>;

export const INLINE = "...";

const META = "meta.k8s.io/v1";
/** The tables of a group: texts with one message a line, by version in capitals. */
type Group = Readonly<Record<string, string>>;
const GROUPS: Readonly<Record<string, Group>> = {
  "": core,
  "admissionregistration.k8s.io": admissionregistration,
  "apiextensions.k8s.io": apiextensions,
  "apiregistration.k8s.io": apiregistration,
  apps,
  "authentication.k8s.io": authentication,
  "authorization.k8s.io": authorization,
  autoscaling,
  batch,
  "certificates.k8s.io": certificates,
  "coordination.k8s.io": coordination,
  "discovery.k8s.io": discovery,
  "events.k8s.io": events,
  extensions,
  "meta.k8s.io": meta,
  "networking.k8s.io": networking,
  "node.k8s.io": node,
  policy,
  "rbac.authorization.k8s.io": rbac,
  "scheduling.k8s.io": scheduling,
  "storage.k8s.io": storage,
};

/** Lines by apiVersion and name, and messages by line: both are read when first needed. */
const lines = new Map<string, ReadonlyMap<string, string>>();
const messages = new Map<string, Message>();

/** The message of a kind, or undefined when there is none. */
export function messageOfKind(apiVersion: string, kind: string): Message | undefined {
  // Every group has the same options, under its own name.
  return messageIn(kind === "DeleteOptions" ? META : apiVersion, kind);
}

/** The message that is the type of `field`. */
export function messageOfField({ home, type }: Field): Message {
  const at = type.indexOf(":");
  const found =
    at < 0
      ? (special(home, type) ?? messageIn(home, type) ?? messageIn(META, type))
      : messageIn(type.slice(0, at), type.slice(at + 1));
  if (found === undefined) throw new Error(`Cannot find message "${type}" of ${home}`);
  return found;
}

/** The apiVersion and name of the message that is the type of `field`, which is no plain one. */
export function messageName({ home, type }: Field): readonly [home: string, name: string] {
  const at = type.indexOf(":");
  if (at >= 0) return [type.slice(0, at), type.slice(at + 1)];
  return [linesOf(home).has(type) ? home : META, type];
}

function special(home: string, type: string): Message | undefined {
  const known = Object.hasOwn(SPECIALS, type) ? SPECIALS[type] : undefined;
  return known && parsed(home, type, known.fields);
}

function messageIn(apiVersion: string, name: string): Message | undefined {
  const line = linesOf(apiVersion).get(name);
  return line === undefined ? undefined : parsed(apiVersion, name, line);
}

function parsed(home: string, name: string, line: string): Message {
  const id = `${home}:${name}`;
  const message = messages.get(id) ?? parseMessage(home, line);
  messages.set(id, message);
  return message;
}

function linesOf(apiVersion: string): ReadonlyMap<string, string> {
  const known = lines.get(apiVersion);
  if (known !== undefined) return known;
  const text = tableOf(apiVersion);
  if (text === undefined) return new Map();
  const table = new Map(
    text
      .trim()
      .split("\n")
      .map((line): [string, string] => {
        const end = line.indexOf(":");
        return [line.slice(0, end), line.slice(end + 1)];
      }),
  );
  lines.set(apiVersion, table);
  return table;
}

function tableOf(apiVersion: string): string | undefined {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const tables = Object.hasOwn(GROUPS, group) ? GROUPS[group] : undefined;
  const name = version.toUpperCase();
  return tables !== undefined && Object.hasOwn(tables, name) ? tables[name] : undefined;
}

/** Fields as "1 a, 2 b int, 3 c int!, 4 d Other[], 5 e text{}, 6 ... Inline"; see Field for what they mean. */
function parseMessage(home: string, text: string): Message {
  const rows = text.trim() === "" ? [] : text.trim().split(", ");
  return new Map(
    rows.map((row) => {
      const [number, name = "", words = "text"] = row.split(" ");
      const [, type = "", mark = ""] = /^(.*?)(!|\[\]|\{\})?$/.exec(words) ?? [];
      const many = mark === "[]" || mark === "{}" ? mark : "";
      return [Number(number), { name, type, many, keepsZero: mark !== "", home }];
    }),
  );
}
