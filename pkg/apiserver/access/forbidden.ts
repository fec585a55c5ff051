import { StatusError } from "../../apis/status.ts";
import type { User } from "../request/operation.ts";
import type { Attributes } from "./attributes.ts";

/** The refusal of what `wanted` says, in the words of a real server. */
export function forbidden(user: User, wanted: Attributes, reason: string): StatusError {
  const what = `${escaped(sentence(user, wanted))}${reason === "" ? "" : `: ${reason}`}`;
  if (wanted.kind === "path") return StatusError.of("Forbidden", `forbidden: ${what}`, {});
  const { group, resource, name } = wanted;
  const qualified = group === "" ? resource : `${resource}.${group}`;
  const subject = name === "" ? qualified : `${qualified} ${JSON.stringify(name)}`;
  return StatusError.of("Forbidden", `${subject} is forbidden: ${what}`, {
    name: name || undefined,
    group: group || undefined,
    kind: resource,
  });
}

function sentence({ name: user }: User, wanted: Attributes): string {
  const who = `User ${JSON.stringify(user)} cannot ${wanted.verb}`;
  if (wanted.kind === "path") return `${who} path ${JSON.stringify(wanted.path)}`;
  const { resource, subresource, group, namespace } = wanted;
  const what = subresource === "" ? resource : `${resource}/${subresource}`;
  const where =
    namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}

/** The answer may be looked at in a browser. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
