import { join } from "node:path";
import { type Logger, silentLog } from "../pkg/base/log.ts";
import { MemoryRecordStore } from "../pkg/base/memory-record-store.ts";
import { noMetrics } from "../pkg/base/metrics.ts";
import { Scope } from "../pkg/base/scope.ts";
import { ClusterController } from "../pkg/clustercontroller/cluster-controller.ts";
import { KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import { parseReport } from "../pkg/reporting/report-modes.ts";
import { Reporter } from "../pkg/reporting/reporter.ts";
import { Credentials } from "../pkg/trust/credentials.ts";
import { IdentityFiles, type KeptIdentity } from "../pkg/trust/identity-files.ts";
import { clusterName } from "../pkg/wire/names.ts";

/** What a process is told that plays many children. */
export interface ChildrenOrder {
  readonly identities: Readonly<Record<string, KeptIdentity>>;
  readonly parent: string;
  readonly folder: string;
  /** The API whose objects each of them reports; none if absent. */
  readonly kubeconfig?: string | undefined;
}

/** What a child has lived through; `at` is milliseconds since 1970. */
export interface ChildEvent {
  readonly name: string;
  readonly what: "joined" | "lost" | "refused";
  /** The parent's name, or why it was lost or could not be joined. */
  readonly detail: string;
  readonly at: number;
}

const HEARTBEAT_MS = 1000;

const WORDS: Readonly<Record<string, ChildEvent["what"]>> = {
  "joined parent": "joined",
  "lost parent": "lost",
  "cannot join parent, will try others": "refused",
};

if (process.send !== undefined && process.argv[2] === "children") {
  process.once("disconnect", () => process.exit());
  process.once("message", (order: ChildrenOrder) => void play(order));
}

/** Runs a whole controller for each identity; tells what happened whenever it is asked. */
async function play({ identities, parent, folder, kubeconfig }: ChildrenOrder): Promise<void> {
  let events: ChildEvent[] = [];
  const scope = new Scope(silentLog);
  const transport = kubeconfig && scope.use(await KubeconfigTransport.open(kubeconfig));
  const modes = parseReport("deployments");
  for (const [name, identity] of Object.entries(identities)) {
    const note = (fields: object, message: string): void => {
      const what = WORDS[message];
      const { parent: whom, code } = fields as { parent?: string; code?: string };
      const detail = (what === "joined" ? whom : code) ?? "";
      if (what !== undefined) events.push({ name, what, detail, at: Date.now() });
    };
    const log: Logger = { ...silentLog, info: note, warn: note, error: note, child: () => log };
    const options = {
      ...{ name: clusterName(name), tags: {}, version: "bench", advertise: "" },
      ...{ listen: undefined, parents: [parent], heartbeatMs: HEARTBEAT_MS },
    };
    const files = new IdentityFiles(join(folder, name));
    await ClusterController.start(scope, options, {
      ...{ log, metrics: noMetrics, store: new MemoryRecordStore() },
      identity: { credentials: Credentials.open(identity), files },
      reporter: transport
        ? new Reporter({ transport, modes, intervalMs: 60_000, log: silentLog })
        : undefined,
    });
  }
  process.on("message", () => {
    process.send?.(events);
    events = [];
  });
  process.send?.("started");
}
