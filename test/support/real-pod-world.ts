import { join } from "node:path";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { type AuditLine, auditLines } from "./audit-lines.ts";
import { ControlPlane } from "./control-plane.ts";
import { type PodUser, podUser, type WantedUser } from "./pod-user.ts";
import { type PlaneOfTier, PodWorld } from "./pod-world.ts";

/**
 * A pod world in which root, region and edge each have a kube-apiserver and an etcd of their own, and clusters
 * are reached by the entry of the root. That and the edge's API server write down what they are asked.
 */
export class RealPodWorld implements AsyncDisposable {
  readonly pods: PodWorld;
  readonly #planes: PlaneOfTier;
  readonly #entryLog: string;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    { planes, pods, entryLog }: { planes: PlaneOfTier; pods: PodWorld; entryLog: string },
    parts: AsyncDisposableStack,
  ) {
    this.pods = pods;
    this.#planes = planes;
    this.#entryLog = entryLog;
    this.#parts = parts;
  }

  /** With this control plane, which must outlive it, as that of the root. */
  static async start(root: ControlPlane): Promise<RealPodWorld> {
    await using parts = new AsyncDisposableStack();
    const plane = async (audit: boolean) => parts.use(await ControlPlane.start({ audit }));
    const [region, edge] = await Promise.all([plane(false), plane(true)]);
    const planes = { root, region, edge };
    const entryLog = join(parts.use(await temporaryDirectory()).path, "audit.log");
    const pods = parts.use(await PodWorld.startReal(planes, entryLog));
    return new RealPodWorld({ planes, pods, entryLog }, parts.move());
  }

  /** Makes somebody known who may reach one cluster, and work with the pods of the edge. */
  user(wanted: WantedUser): Promise<PodUser> {
    return podUser(this.pods, this.#planes, wanted);
  }

  /** What the entry was asked so far. */
  entryAudit(): AuditLine[] {
    return auditLines(this.#entryLog);
  }

  /** What the edge's API server was asked so far. */
  edgeAudit(): AuditLine[] {
    return auditLines(this.#planes.edge.auditLog);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}
