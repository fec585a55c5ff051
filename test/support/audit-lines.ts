import { readFileSync } from "node:fs";

/** What an audit log says of a request. */
export interface AuditLine {
  readonly requestURI: string;
  readonly verb: string;
  readonly user: { readonly username?: string };
  readonly impersonatedUser?: { readonly username?: string };
  readonly responseStatus?: { readonly code?: number };
}

/** Has kube-apiserver write a line for each request, without bodies. */
export const AUDIT_POLICY = {
  ...{ apiVersion: "audit.k8s.io/v1", kind: "Policy", omitStages: ["RequestReceived"] },
  rules: [{ level: "Metadata" }],
};

/** The lines of an audit log that are complete. */
export function auditLines(file: string): AuditLine[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line));
}
