import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort, Program } from "./program.ts";

/** A real kubelet whose containers only pretend to run. */
export class HollowNode implements AsyncDisposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "hollow-node-"));
  readonly #program: Program;

  private constructor(name: string, kubeconfig: string, port: number) {
    const file = path.join(process.env.KUBEBUILDER_ASSETS ?? "", "kubemark");
    const flags = [
      ...["--morph=kubelet", `--name=${name}`, `--kubeconfig=${kubeconfig}`],
      ...["--address=127.0.1.1", "--node-ip=127.0.1.1", "--kubelet-read-only-port=0"],
      ...[`--kubelet-port=${port}`, `--root-dir=${path.join(this.#folder, "root")}`],
    ];
    this.#program = new Program(file, flags, path.join(this.#folder, "log"));
  }

  /** Starts one; the kubeconfig is that of the user `system:node:NAME`. */
  static async start(name: string, kubeconfig: string): Promise<HollowNode> {
    return new HollowNode(name, kubeconfig, await freePort());
  }

  /** Throws when it has ended. */
  check(): void {
    this.#program.check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
