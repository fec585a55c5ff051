import { COMMON_ROWS, type OptionRow, seconds } from "./option-table.ts";

/** Every setting of the demonstration. */
export const DEMO_ROWS: readonly OptionRow[] = [
  {
    flags: "--home <directory>",
    env: "OTE_DEMO_HOME",
    meaning: "where its state, logs and kubeconfigs are kept",
    default: ".ote",
  },
  {
    flags: "--port-base <port>",
    env: "OTE_DEMO_PORT_BASE",
    meaning:
      "first port; each cluster takes three from there on; 0 takes free ones and remembers them",
    default: "18080",
    parse: parsePort,
  },
  {
    flags: "--clusters <file>",
    env: "OTE_DEMO_CLUSTERS",
    meaning: "YAML list of {name, parent, tags, api} instead of the seven clusters",
  },
  {
    flags: "--restart-after <seconds>",
    env: "OTE_DEMO_RESTART_AFTER",
    meaning: "when a process that died is started again",
    default: "20",
    parse: seconds(0, 86_400),
  },
  ...COMMON_ROWS.filter((row) => row.flags.startsWith("--log-level")),
];

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_000) throw new SyntaxError("it must be 0 to 65000");
  return port;
}
