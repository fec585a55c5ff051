import { StatusError } from "../../apis/status.ts";
import type { User } from "../request/operation.ts";
import { parseResourcePath } from "../request/request-path.ts";
import type { ServerRequest } from "../request/server-request.ts";

/** The group whose members may do everything. */
export const ADMIN_GROUP = "system:masters";

/** Who calls from inside of this process. */
export const LOCAL_ADMIN: User = { name: "system:admin", groups: [ADMIN_GROUP] };

/** Throws 401 for a nobody, and 403 for somebody who may not do what `request` asks. */
export function authorize(request: ServerRequest, parts: readonly string[]): void {
  const { user, method } = request;
  if (user === undefined) throw StatusError.of("Unauthorized", "Unauthorized");
  if (user.groups.includes(ADMIN_GROUP)) return;
  const verb = method === "GET" ? "get" : method.toLowerCase();
  const at = parseResourcePath(parts);
  if (at === undefined) {
    const path = `/${parts.join("/")}`;
    const message = `forbidden: User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}`;
    throw StatusError.of("Forbidden", message, {});
  }
  const { group, plural, namespace, name } = at;
  const resource = group === "" ? plural : `${plural}.${group}`;
  const subject = name === "" ? resource : `${resource} ${JSON.stringify(name)}`;
  const scope = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  throw StatusError.of(
    "Forbidden",
    `${subject} is forbidden: User ${JSON.stringify(user.name)} cannot ${verb} resource "${plural}" in API group "${group}" ${scope}`,
    { name: name || undefined, group: group || undefined, kind: plural },
  );
}
