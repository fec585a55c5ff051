import { stringify } from "yaml";
import { SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import type { KeyPair } from "../../base/certificates.ts";

/** The text of a kubeconfig for the cluster `name` at `url`, with all certificates inside. */
export function kubeconfig(name: string, url: string, ca: string, user: KeyPair): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": base64(ca) } }],
    contexts: [
      { name, context: { cluster: name, user: `${name}-admin`, namespace: SYSTEM_NAMESPACE } },
    ],
    users: [
      {
        name: `${name}-admin`,
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
