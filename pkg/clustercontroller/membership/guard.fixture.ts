import { certificateRequest, newEd25519Key } from "../../base/certificate-request.ts";
import { type Logger, silentLog } from "../../base/log.ts";
import { type Metrics, noMetrics } from "../../base/metrics.ts";
import type { Grant } from "../../trust/cluster-certificate.ts";
import { Credentials } from "../../trust/credentials.ts";
import { sessionStatement } from "../../trust/statements.ts";
import type { TreeAuthority } from "../../trust/tree-authority.ts";
import type { Peer } from "../../tunnel/peer.ts";
import type { Hello, Route } from "../../wire/message.ts";
import { type ClusterName, clusterName } from "../../wire/names.ts";
import { Guard } from "./guard.ts";

/** The credentials of a cluster that joined the tree of `authority`. */
export async function memberOf(
  authority: TreeAuthority,
  name: string,
  over: Partial<Grant> = {},
): Promise<Credentials> {
  const grant = { name: clusterName(name), parent: true, origin: true, tags: ["*"], ...over };
  const key = await newEd25519Key();
  const chain = await authority.issue(await certificateRequest(key, name), grant, 30);
  return Credentials.open({ key, chain, trust: authority.trust });
}

/** Who TLS says a cluster is. */
export function peerOf({ name, certificate }: Credentials): Peer {
  return { name, certificate: certificate.der };
}

/** The hello of a cluster to `parent`, with its proof. */
export function helloTo(own: Credentials, parent: string, over: Partial<Hello> = {}): Hello {
  const hello: Hello = {
    kind: "hello",
    name: own.name,
    instance: `i-${own.name}`,
    session: 1,
    tags: {},
    listen: "",
    version: "test",
    capabilities: [],
    heartbeatMs: 1000,
    preferredParent: "",
    rank: 0,
    anchored: false,
    ...("tags" in over ? { tags: over.tags ?? {} } : {}),
    ...("listen" in over ? { listen: over.listen ?? "" } : {}),
  };
  const claim = { ...hello, parent: clusterName(parent) };
  const proof = own.sign(sessionStatement(claim));
  return { ...hello, certificate: own.certificate.der, proof, ...over };
}

/** The route of a cluster below `parent`: as it said in its hello, with its proof, then changed. */
export function routeBelow(
  own: Credentials,
  parent: string,
  over: Partial<Route> = {},
  said: Partial<Hello> = {},
): Route {
  const { name, instance, session, tags, listen, version, preferredParent, certificate, proof } =
    helloTo(own, parent, said);
  const known = { name, instance, session, tags, listen, version, preferredParent };
  return { ...known, parent: clusterName(parent), certificate, proof, ...over };
}

/** A guard with all that it logged and counted. */
export class TestGuard {
  readonly guard: Guard;
  readonly codes: string[] = [];
  readonly lines: string[] = [];
  readonly forgotten = new Set<string>();
  trustChanges = 0;

  constructor(credentials: Credentials, routes: ReadonlyMap<ClusterName, Route> = new Map()) {
    const log: Logger = {
      ...silentLog,
      warn: (_: object, line: string) => void this.lines.push(line),
    };
    const metrics: Metrics = {
      ...noMetrics,
      count: (_, labels = {}) => void this.codes.push(String(labels.code)),
    };
    this.guard = new Guard({
      self: credentials.name,
      credentials,
      log,
      metrics,
      route: (name) => routes.get(name),
      isForgotten: ({ id }) => this.forgotten.has(id),
      latestTime: () => 0,
      onTrust: () => {
        this.trustChanges++;
      },
    });
  }
}
