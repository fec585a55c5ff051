import { resolve } from "node:path";
import type { OptionRow } from "./option-table.ts";

/** The settings of programs that execute tasks for destination "helm". */
export const HELM_ROWS: readonly OptionRow[] = [
  {
    flags: "--helm <file>",
    env: "OTE_HELM",
    meaning: 'the program Helm 3 for tasks with destination "helm"; a name is looked for on PATH',
    default: "helm",
    parse: (text) => (text.includes("/") ? resolve(text) : text),
  },
  {
    flags: "--helm-plain-http",
    env: "OTE_HELM_PLAIN_HTTP",
    meaning: "let tasks name charts and repositories by http:, which anybody on the way can change",
  },
];
