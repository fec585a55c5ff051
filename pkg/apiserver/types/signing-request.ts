import type { StatusCause } from "../../apis/status.ts";
import { required } from "../kinds/causes.ts";
import { at, child, type JsonObject, listOf, objectOf, textOf } from "../request/json.ts";
import type { User } from "../request/user.ts";
import type { BuiltinRow } from "./builtin-row.ts";
import { AGE, NAME } from "./column-parts.ts";

/** Somebody's wish for a certificate. Who asks is written by the server, and whether it is approved has a path of its own. */
export const SIGNING_REQUEST: BuiltinRow = {
  group: "certificates.k8s.io",
  kind: "CertificateSigningRequest",
  cluster: true,
  short: ["csr"],
  fields: ["spec", "status"],
  select: ["spec.signerName"],
  parts: { approval: ["status", "conditions"] },
  sign,
  complete: (request, old) => {
    if (old !== undefined) request.spec = old.spec;
  },
  check,
  columns: [
    NAME,
    AGE,
    column("SignerName", (request) => at(request, "spec", "signerName") ?? "<none>"),
    column("Requestor", (request) => at(request, "spec", "username") ?? ""),
    column("Condition", condition),
  ],
};

function sign(request: JsonObject, { name, uid, groups, extra }: User): void {
  const spec = child(request, "spec");
  for (const field of ["uid", "extra"]) delete spec[field];
  Object.assign(spec, { username: name, groups });
  if (uid !== undefined) spec.uid = uid;
  if (extra !== undefined) spec.extra = extra;
}

function check(request: JsonObject): readonly StatusCause[] {
  const spec = objectOf(request.spec);
  return [
    ...(textOf(spec.request ?? "") === "" ? [required("spec.request")] : []),
    ...(textOf(spec.signerName ?? "") === "" ? [required("spec.signerName")] : []),
    ...(listOf(spec.usages).length === 0 ? [required("spec.usages")] : []),
  ];
}

/** For example "Pending" or "Approved,Issued". */
function condition(request: JsonObject): string {
  const types = listOf(at(request, "status", "conditions")).map((item) => at(item, "type"));
  const words = ["Denied", "Approved", "Failed"].filter((word) => types.includes(word));
  const issued = textOf(at(request, "status", "certificate") ?? "") === "" ? [] : ["Issued"];
  return [...(words.length === 0 ? ["Pending"] : words), ...issued].join(",");
}

function column(name: string, cell: (request: JsonObject) => unknown) {
  return { name, type: "string", cell };
}
