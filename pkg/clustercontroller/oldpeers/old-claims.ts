import { createHash } from "node:crypto";
import { TrustError } from "../../trust/trust-error.ts";
import type { Peer } from "../../tunnel/peer.ts";
import type { Hello, Result, Route } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import type { Adoption } from "./adoption.ts";

/** How a cluster that runs OTE-Stack 2020 is shown in this tree. */
export const OLD_VERSION = "ote-v1";

/** What claims are made of. */
export interface OldClaimsParts {
  readonly self: ClusterName;
  /** Of the cluster that makes them. */
  readonly instance: string;
  readonly heartbeatMs: number;
  /** Absent in a tree without identities. */
  readonly adoption: Adoption | undefined;
  /** The names from the top of the tree to this cluster. */
  readonly path: () => readonly ClusterName[];
  /** A number larger than any before. */
  readonly nextSession: () => number;
}

/** Says in the words of our tree, and if it has identities provably, where clusters are that cannot say it themselves. */
export class OldClaims {
  readonly #parts: OldClaimsParts;

  constructor(parts: OldClaimsParts) {
    this.#parts = parts;
  }

  /** The hello of an old child. Rejects with an error whose code may be told. */
  async hello(
    name: ClusterName,
  ): Promise<{ readonly hello: Hello; readonly peer: Peer | undefined }> {
    const { self, heartbeatMs } = this.#parts;
    const { parent: _, ...route } = await this.route(name, self);
    const { certificate } = route;
    const hello: Hello = {
      ...route,
      kind: "hello",
      capabilities: [],
      heartbeatMs,
      rank: 0,
      anchored: false,
    };
    return { hello, peer: certificate && { name, certificate } };
  }

  /** The place of an old cluster. Rejects with an error whose code may be told. */
  async route(name: ClusterName, parent: ClusterName): Promise<Route> {
    const { adoption, path, nextSession } = this.#parts;
    if (path().includes(name)) {
      const text = `Cannot take "${name}" for an old cluster: a cluster of that name is above it`;
      throw new TrustError("NAME_TAKEN", text);
    }
    const identity = await adoption?.adopt(name);
    const instance = this.#instanceOf(name);
    const session = nextSession();
    const known = { name, parent, instance, session, tags: {}, version: OLD_VERSION };
    // Only other old clusters could join below it, and they are told by NeighborRoute.
    const route: Route = { ...known, listen: "", preferredParent: "" };
    if (identity === undefined) return route;
    const certificate = identity.certificate.der;
    return { ...route, certificate, proof: identity.proof(route) };
  }

  /** Whether the cluster was removed since that was said. */
  isRevoked({ name, certificate }: Route): boolean {
    return certificate !== undefined && this.#parts.adoption?.present(name) === undefined;
  }

  signed(result: Result): Result {
    return this.#parts.adoption?.present(result.cluster)?.signed(result) ?? result;
  }

  /** The same for one name at each start, and another one at each cluster that adopts. */
  #instanceOf(name: ClusterName): string {
    const text = `${this.#parts.instance}/${name}`;
    return createHash("sha256").update(text).digest("hex").slice(0, 32);
  }
}
