#!/usr/bin/env node
import { homedir } from "node:os";
import { join } from "node:path";
import { OTE_CRDS } from "../pkg/apis/crds.ts";
import { EmbeddedApi } from "../pkg/apiserver/embedded-api.ts";
import { APISERVER_METRICS } from "../pkg/apiserver/metrics.ts";
import { restoreBackup } from "../pkg/apiserver/store/restore.ts";
import { type Address, formatAddress } from "../pkg/wire/address.ts";
import { EMBEDDED_APISERVER_ROWS } from "./embedded-apiserver-options.ts";
import { type CommonOptions, parseOptions } from "./option-table.ts";
import { runProgram } from "./program.ts";
import { VERSION } from "./version.ts";

interface Options extends CommonOptions {
  readonly name: string;
  readonly listen: Address;
  readonly dataDir?: string;
  readonly kubeConfig?: string;
  readonly apiTokenFile?: string;
  readonly apiAuditLog?: string;
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  readonly oteCrds?: boolean;
  readonly restore?: string;
}

await runProgram<Options>({
  name: "embedded-apiserver",
  options: (argv) =>
    parseOptions<Options>("embedded-apiserver", EMBEDDED_APISERVER_ROWS, argv, VERSION),
  metrics: APISERVER_METRICS,
  start: async ({ options, scope, log, metrics }) => {
    const { name, listen, oteCrds, restore } = options;
    const { apiTokenFile: tokenFile, apiAuditLog: auditLog } = options;
    const dataDir = options.dataDir ?? join(homedir(), ".ote-stack", `${name}-api`);
    const crds = oteCrds === true ? OTE_CRDS : [];
    if (restore !== undefined) {
      log.info({ dataDir, ...(await restoreBackup(restore, dataDir)) }, "restored");
      return "done";
    }
    const limits = {
      reads: options.maxRequestsInflight,
      writes: options.maxMutatingRequestsInflight,
    };
    const api = scope.use(
      await EmbeddedApi.open(
        { name, dataDir, listen: formatAddress(listen), crds, tokenFile, auditLog, limits },
        { log, metrics },
      ),
    );
    const path = options.kubeConfig ?? join(dataDir, "admin.kubeconfig");
    await api.writeKubeconfig(path);
    log.info({ url: api.url, kubeconfig: path }, "embedded API is up");
    return undefined;
  },
});
