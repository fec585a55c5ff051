import type { KubeObject, ResourceType } from "../../pkg/apis/object.ts";
import { Informer } from "../../pkg/kube/informer.ts";
import type { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import { mirrorNamespace, mirrorType } from "../../pkg/reporting/mirror-objects.ts";

/** Everything that happens to the mirror of one cluster from a moment on. */
export class MirrorWatch implements AsyncDisposable {
  /** As "MODIFIED pods default/web-1", in the order in which it was seen. */
  readonly changes: string[] = [];
  readonly #ended = new AbortController();
  readonly #jobs: Promise<void>[] = [];

  private constructor() {}

  /** Resolves when it sees the mirror as it is. */
  static async start(
    centre: TransportResourceClient,
    cluster: string,
    plurals: readonly string[],
  ): Promise<MirrorWatch> {
    const watch = new MirrorWatch();
    const known = plurals.map((plural) => watch.#follow(centre, cluster, plural));
    await Promise.all(known);
    watch.changes.length = 0;
    return watch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#jobs);
  }

  #follow(centre: TransportResourceClient, cluster: string, plural: string): Promise<void> {
    const informer = new Informer<KubeObject>(centre, mirrorType(plural) as ResourceType, {
      namespace: mirrorNamespace(cluster),
      onChange: (key, now, before) => {
        const what = now === undefined ? "DELETED" : before === undefined ? "ADDED" : "MODIFIED";
        const name = (now ?? before)?.metadata.annotations?.["ote.baidu.com/key"] ?? key;
        this.changes.push(`${what} ${plural} ${name}`);
      },
    });
    this.#jobs.push(informer.run(this.#ended.signal));
    return informer.synced;
  }
}
