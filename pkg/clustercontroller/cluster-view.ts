import type { Selectable } from "../topology/selector.ts";
import type { ClusterName } from "../wire/names.ts";
import type { LiveCluster } from "./cluster-registry.ts";
import type { Introduction } from "./introduction.ts";
import type { Membership } from "./membership/membership.ts";
import type { ClusterControllerOptions } from "./options.ts";
import type { TreeNode } from "./tree-node.ts";

/** The clusters that are online as the API of a node should show them. */
export class ClusterView {
  readonly #options: ClusterControllerOptions;
  readonly #node: TreeNode;
  readonly #introduction: Introduction;
  readonly #membership: Membership | undefined;

  constructor(
    options: ClusterControllerOptions,
    node: TreeNode,
    introduction: Introduction,
    membership: Membership | undefined,
  ) {
    this.#options = options;
    this.#node = node;
    this.#introduction = introduction;
    this.#membership = membership;
  }

  /** What is known of a cluster; undefined if there is no way to it, or it was removed. */
  live(name: ClusterName): LiveCluster | undefined {
    const node = this.#node;
    if (name === node.name) return this.#introduction.live;
    const route = node.route(name);
    if (route === undefined || this.#membership?.isRevoked(route.certificate)) return undefined;
    return {
      ...route,
      parentName: route.parent,
      path: [...node.path, ...node.hopsTo(name)],
    };
  }

  /** This cluster and all below it. */
  *online(): Iterable<Selectable> {
    yield this.#options;
    yield* this.#node.routes();
  }
}
