import { stringify } from "yaml";
import { SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import type { KeyPair } from "../../base/certificates.ts";

/** The text of a kubeconfig for the cluster `name` at `url`, with all certificates inside; `as` names its user. */
export function kubeconfig(
  { name, url, ca }: { readonly name: string; readonly url: string; readonly ca: string },
  as: string,
  user: KeyPair,
): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": base64(ca) } }],
    contexts: [
      { name, context: { cluster: name, user: `${name}-${as}`, namespace: SYSTEM_NAMESPACE } },
    ],
    users: [
      {
        name: `${name}-${as}`,
        user: {
          "client-certificate-data": base64(user.certificate),
          "client-key-data": base64(user.key),
        },
      },
    ],
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
