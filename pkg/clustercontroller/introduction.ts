import type { Hello, Welcome } from "../wire/message.ts";
import type { LiveCluster } from "./cluster-registry.ts";
import type { Identity } from "./identity.ts";
import type { ClusterControllerOptions } from "./options.ts";
import type { TreeNode } from "./tree-node.ts";

/** What a node says of itself to those above and below it. */
export class Introduction {
  /** Name of the preferred parent, once it is known. */
  home = "";
  /** Whether the present parent is the preferred one. */
  atHome = true;
  /** The port at which children join, once it is known. */
  port = 0;
  readonly #options: ClusterControllerOptions;
  readonly #identity: Identity;
  readonly #node: TreeNode;
  readonly #capabilities: readonly string[];

  constructor(
    options: ClusterControllerOptions,
    identity: Identity,
    node: TreeNode,
    capabilities: readonly string[],
  ) {
    this.#options = options;
    this.#identity = identity;
    this.#node = node;
    this.#capabilities = capabilities;
  }

  /** host:port at which others can join below; an advertised port 0 means: whichever we got. */
  get advertised(): string {
    const { advertise, listen } = this.#options;
    return listen === undefined ? "" : advertise.replace(/:0$/, `:${this.port}`);
  }

  /** This cluster as its own API shows it. */
  get live(): LiveCluster {
    const { name, tags, version } = this.#options;
    const { parent: parentName, path } = this.#node;
    const preferredParent = this.atHome ? "" : this.home;
    return { name, parentName, preferredParent, listen: this.advertised, tags, version, path };
  }

  /** The hello for a new link, with a session larger than any before. */
  hello(): Hello {
    const { name, tags, version, heartbeatMs } = this.#options;
    const { rank, anchored } = this.#node;
    return {
      kind: "hello",
      name,
      instance: this.#identity.instance,
      session: this.#identity.nextSession(),
      tags,
      listen: this.advertised,
      version,
      capabilities: this.#capabilities,
      heartbeatMs,
      preferredParent: this.home,
      rank,
      anchored,
    };
  }

  welcome(): Welcome {
    const { name, version, heartbeatMs } = this.#options;
    const { path, rank, anchored } = this.#node;
    return {
      kind: "welcome",
      name,
      version,
      capabilities: [],
      heartbeatMs,
      path,
      listen: this.advertised,
      rank,
      anchored,
    };
  }
}
