import { CuttingProxy } from "./cutting-proxy.ts";
import { eventually } from "./eventually.ts";
import { ProcessTree, type TreeMember } from "./process-tree.ts";
import { freePort } from "./program.ts";

/** What the three members of such a tree have besides their places. */
export interface CutOffMembers {
  readonly root?: TreeMember;
  readonly region?: TreeMember;
  readonly edge: TreeMember;
}

/** A root, a region, and an edge whose ways to both of them can be cut and given back. */
export class CutOffEdge implements AsyncDisposable {
  readonly tree: ProcessTree;
  readonly #proxies: readonly CuttingProxy[];

  private constructor(tree: ProcessTree, proxies: readonly CuttingProxy[]) {
    this.tree = tree;
    this.#proxies = proxies;
  }

  /** Resolves when the root shows all three online. */
  static async start({ root = {}, region = {}, edge }: CutOffMembers): Promise<CutOffEdge> {
    const [top, middle] = [await freePort(), await freePort()];
    const proxies = [await CuttingProxy.listen(top), await CuttingProxy.listen(middle)];
    const [toRoot, toRegion] = proxies.map(({ port }) => `127.0.0.1:${port}`);
    const listens = (port: number, shown = "") => [
      ...["--tunnel-listen", `127.0.0.1:${port}`, "--advertise", shown],
    ];
    const tree = await ProcessTree.start({
      root: { ...root, flags: [...listens(top, toRoot), ...(root.flags ?? [])] },
      region: {
        ...{ parent: "root", ...region },
        flags: [
          ...listens(middle, toRegion),
          // Only the edge goes through what can be cut.
          ...["--parent-cluster", `127.0.0.1:${top}`, ...(region.flags ?? [])],
        ],
      },
      edge: {
        ...{ parent: "region", ...edge },
        flags: ["--parent-cluster", toRegion ?? "", ...(edge.flags ?? [])],
      },
    });
    return new CutOffEdge(tree, proxies);
  }

  /** Nobody reaches the edge any more; resolves when the root knows. */
  async cut(): Promise<void> {
    for (const proxy of this.#proxies) proxy.close();
    await this.#is("offline");
  }

  /** Everybody can reach it again; resolves when the root does. */
  async restore(): Promise<void> {
    for (const proxy of this.#proxies) proxy.restore();
    await this.tree.online("edge");
  }

  /** Bytes to and from the edge so far. */
  get bytes(): number {
    return this.#proxies.reduce((sum, proxy) => sum + proxy.bytes, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tree[Symbol.asyncDispose]();
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
  }

  async #is(status: string): Promise<void> {
    await eventually(`the edge is ${status}`, async () => {
      const edge = (await this.tree.clusters()).get("edge");
      return edge?.status?.status === status;
    });
  }
}
