import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KUBECTL_LINES, type KubectlLine } from "./kubectl-lines.ts";

/** What a line came to. */
export interface LineResult {
  readonly hasFailed: boolean;
  readonly out: string;
  readonly err: string;
}

/** Tells the whole story with one kubectl to the server of a kubeconfig; `folder` is for files. */
export async function tell(
  kubectl: string,
  kubeconfig: string,
  folder: string,
): Promise<ReadonlyMap<KubectlLine, LineResult>> {
  const editor = join(folder, "editor.sh");
  await writeFile(editor, '#!/bin/sh\nsed -i "s/a: .*/a: edited/" "$1"\n');
  await chmod(editor, 0o755);
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubeconfig, KUBE_EDITOR: editor };
  const results = new Map<KubectlLine, LineResult>();
  for (const line of KUBECTL_LINES) results.set(line, await run(kubectl, line, env));
  return results;
}

function run(
  kubectl: string,
  { line, say }: KubectlLine,
  env: NodeJS.ProcessEnv,
): Promise<LineResult> {
  const words = line
    .split(" ")
    .map((word) => (/^--schedule=/.test(word) ? word.replaceAll("_", " ") : word));
  return new Promise((resolve) => {
    const args = ["--namespace=lines", ...words];
    const child = execFile(kubectl, args, { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ hasFailed: error !== null, out: comparable(out), err: comparable(err) }),
    );
    child.stdin?.end(typeof say === "string" ? say : JSON.stringify(say ?? ""));
  });
}

/** What differs from one run to the next is taken out. */
function comparable(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "(uid)")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "(time)")
    .replace(/"?resourceVersion"?: "\d+"/g, "(version)")
    .replace(/(\s)(?:\d+[smhd])+(?=\s|$)/g, "$1(age)")
    .replace(/[ \t]{2,}/g, "  ")
    .trim();
}
