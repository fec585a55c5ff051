import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { CertificateAuthority, readKeyPair, type Subject } from "../../pkg/base/certificates.ts";
import { freePort, Program } from "./program.ts";
import { kubeconfigText } from "./scripted-api.ts";

/** What a cluster has besides its API server, all of release 1.20. */
const NAMES = ["kube-controller-manager", "kube-scheduler", "kubemark"] as const;

/** The name of the node. */
export const HOLLOW_NODE = "hollow-1";

/** Why there are no components to be had; "" when there are. */
export function missingComponents(): string {
  const folder = process.env.KUBEBUILDER_ASSETS ?? "";
  if (folder === "") return "KUBEBUILDER_ASSETS is not set";
  const missing = NAMES.filter((name) => !existsSync(path.join(folder, name)));
  return missing.length === 0 ? "" : `KUBEBUILDER_ASSETS has no ${missing.join(", ")}`;
}

/**
 * The real controllers, scheduler and one kubelet (whose containers only pretend to run), with nothing in
 * their flags that makes them easier to serve.
 */
export class Components implements AsyncDisposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "components-"));
  readonly #programs: Program[] = [];

  private constructor() {}

  /** Starts them for the API at `url`, whose keys are in `pki`; each is the user it is in every cluster. */
  static async start(url: string, pki: string): Promise<Components> {
    const components = new Components();
    const authority = await CertificateAuthority.load(await readKeyPair(path.join(pki, "ca")));
    const user = (name: string, subject: Subject) =>
      components.#writeKubeconfig(name, url, authority, subject);
    const [manager, scheduler, kubelet] = await Promise.all([
      user("kube-controller-manager", { commonName: "system:kube-controller-manager" }),
      user("kube-scheduler", { commonName: "system:kube-scheduler" }),
      user("kubemark", {
        commonName: `system:node:${HOLLOW_NODE}`,
        organizations: ["system:nodes"],
      }),
    ]);
    const [ca, key] = [path.join(pki, "ca.crt"), path.join(pki, "ca.key")];
    components.#launch("kube-controller-manager", [
      ...(await components.#common("kube-controller-manager", manager)),
      ...["--use-service-account-credentials=true", `--root-ca-file=${ca}`],
      `--service-account-private-key-file=${path.join(pki, "service-account.key")}`,
      ...[`--cluster-signing-cert-file=${ca}`, `--cluster-signing-key-file=${key}`],
    ]);
    components.#launch("kube-scheduler", await components.#common("kube-scheduler", scheduler));
    components.#launch("kubemark", [
      ...["--morph=kubelet", `--name=${HOLLOW_NODE}`, `--kubeconfig=${kubelet}`],
      ...["--address=127.0.1.1", "--node-ip=127.0.1.1", "--kubelet-read-only-port=0"],
      `--kubelet-port=${await freePort()}`,
      ...[`--root-dir=${components.#file("kubelet")}`, "--pod-cidr=10.244.1.0/24"],
    ]);
    return components;
  }

  /** Throws when one of them has ended. */
  check(): void {
    for (const program of this.#programs) program.check();
  }

  /** The lines of all their logs that `wanted` matches. */
  log(wanted: RegExp): string[] {
    return NAMES.flatMap((name) =>
      readFileSync(this.#file(`${name}.log`), "utf8")
        .split("\n")
        .filter((line) => wanted.test(line))
        .map((line) => `${name}: ${line}`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #common(name: string, kubeconfig: string): Promise<string[]> {
    return [
      ...[`--kubeconfig=${kubeconfig}`, `--authentication-kubeconfig=${kubeconfig}`],
      ...[`--authorization-kubeconfig=${kubeconfig}`, "--bind-address=127.0.0.1", "--port=0"],
      ...[`--secure-port=${await freePort()}`, `--cert-dir=${this.#file(`${name}-certs`)}`, "-v=2"],
    ];
  }

  async #writeKubeconfig(
    name: string,
    url: string,
    authority: CertificateAuthority,
    subject: Subject,
  ): Promise<string> {
    const pair = await authority.issue({ ...subject, usage: "client" });
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const text = kubeconfigText(
      url,
      { "certificate-authority-data": base64(authority.certificate) },
      { "client-certificate-data": base64(pair.certificate), "client-key-data": base64(pair.key) },
    );
    await writeFile(this.#file(`${name}.kubeconfig`), text, { mode: 0o600 });
    return this.#file(`${name}.kubeconfig`);
  }

  #launch(name: (typeof NAMES)[number], flags: readonly string[]): void {
    const file = path.join(process.env.KUBEBUILDER_ASSETS ?? "", name);
    this.#programs.push(new Program(file, flags, this.#file(`${name}.log`)));
  }

  #file(name: string): string {
    return path.join(this.#folder, name);
  }
}
