import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

/** Where a program of the control plane is: in KUBEBUILDER_ASSETS, and etcd also on PATH. */
export function programFile(name: string): string {
  const folders = [process.env.KUBEBUILDER_ASSETS ?? "", ...(process.env.PATH ?? "").split(":")];
  const file = (name === "etcd" ? folders : folders.slice(0, 1))
    .map((folder) => path.join(folder, name))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error(`Cannot start a control plane: there is no ${name}`);
  return file;
}

/** The minor release of a program of Kubernetes. */
export async function minorVersion(file: string): Promise<number> {
  const child = spawn(file, ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return Number(/v\d+\.(\d+)/.exec(text)?.[1]);
}
