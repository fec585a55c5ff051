import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe } from "vitest";
import {
  CertificateAuthority,
  type KeyPair,
  type Leaf,
  writeKeyPair,
} from "../../pkg/base/certificates.ts";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { AUDIT_POLICY } from "./audit-lines.ts";
import { minorVersion, programFile } from "./control-plane-programs.ts";
import { freePort, Program } from "./program.ts";
import { kubeconfigText } from "./scripted-api.ts";

const READY_LIMIT_MS = 90_000;
const SERVICE_RANGE = "10.96.0.0/16";

/** What runs beside etcd and the API server. */
export interface ControlPlaneOptions {
  readonly controllerManager?: boolean;
  readonly scheduler?: boolean;
  /** Another control plane whose etcd has room for this one's objects too; it must outlive this one. */
  readonly etcdOf?: ControlPlane;
  /** Whether each request is written down, without its body. */
  readonly audit?: boolean;
  /** Further flags of kube-apiserver. */
  readonly apiserverFlags?: readonly string[];
}

/**
 * A real Kubernetes control plane on loopback: etcd and kube-apiserver from KUBEBUILDER_ASSETS (etcd
 * also from PATH), with data, certificates and logs in a folder that goes when it is disposed, or
 * when this process exits.
 */
export class ControlPlane implements AsyncDisposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "control-plane-"));
  readonly #programs = new Map<string, Program>();
  readonly #options: ControlPlaneOptions;
  readonly #removeOnExit = () => this.#remove();
  #etcdPort = 0;
  #apiPort = 0;
  #authority: CertificateAuthority | undefined;

  private constructor(options: ControlPlaneOptions) {
    this.#options = options;
    process.on("exit", this.#removeOnExit);
  }

  /** Resolves when the API answers and objects can be made in its default namespace. */
  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const plane = new ControlPlane(options);
    try {
      await plane.#startAll();
      return plane;
    } catch (error) {
      await plane[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `https://127.0.0.1:${this.#apiPort}`;
  }

  /** The administrator's, with a client certificate. */
  get kubeconfig(): string {
    return this.#file("admin.kubeconfig");
  }

  /** A kubeconfig of somebody else: with a token, or with a client certificate for that name. */
  async kubeconfigOf(name: string, shown: { token: string } | Pick<Leaf, "organizations">) {
    if (this.#authority === undefined) throw new Error("the control plane has not been started");
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const leaf = { commonName: name, ...shown, usage: "client" } as const;
    const pair = "token" in shown ? undefined : await this.#authority.issue(leaf);
    const user = pair && {
      "client-certificate-data": base64(pair.certificate),
      "client-key-data": base64(pair.key),
    };
    const ca = { "certificate-authority-data": base64(this.#authority.certificate) };
    const file = this.#file(`${name.replace(/\W/g, "-")}.kubeconfig`);
    await writeFile(file, kubeconfigText(this.url, ca, user ?? shown), { mode: 0o600 });
    return file;
  }

  /** What a kubelet on loopback serves with, and who has signed the API server that asks it. */
  async kubeletIdentity(node: string): Promise<{ pair: KeyPair; authority: string }> {
    if (this.#authority === undefined) throw new Error("the control plane has not been started");
    const names = { commonName: `system:node:${node}`, hosts: ["127.0.0.1"] };
    const pair = await this.#authority.issue({ ...names, usage: "server" });
    return { pair, authority: this.#authority.certificate };
  }

  /** Where it writes down what it is asked, if it was told to. */
  get auditLog(): string {
    return this.#file("audit.log");
  }

  /** Kills the API server as a crash would. */
  async stopApi(): Promise<void> {
    await this.#programs.get("kube-apiserver")?.kill();
  }

  /** Starts it again with the same data and port. */
  async startApi(): Promise<void> {
    this.#launch("kube-apiserver", this.#apiserverFlags());
    await this.#answers("/readyz");
    await this.#answers("/api/v1/namespaces/default");
  }

  async restart(): Promise<void> {
    await this.stopApi();
    await this.startApi();
  }

  /** Makes etcd forget its history, so that older revisions are answered with 410. */
  async compact(): Promise<void> {
    const { header } = await this.#etcd<{ header: { revision: string } }>("range", { key: "AA==" });
    await this.#etcd("compaction", { revision: header.revision });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#removeOnExit);
    await Promise.all([...this.#programs.values()].map((program) => program.kill()));
    this.#remove();
  }

  async #startAll(): Promise<void> {
    const { controllerManager, scheduler, etcdOf } = this.#options;
    this.#apiPort = await freePort();
    await this.#makeCredentials();
    if (etcdOf === undefined) await this.#startEtcd();
    else this.#etcdPort = etcdOf.#etcdPort;
    await this.startApi();
    if (controllerManager) {
      this.#launch("kube-controller-manager", await this.#managerFlags());
      await this.#answers("/api/v1/namespaces/default/serviceaccounts/default");
    }
    if (scheduler) this.#launch("kube-scheduler", await this.#workerFlags("kube-scheduler"));
  }

  async #startEtcd(): Promise<void> {
    this.#etcdPort = await freePort();
    const client = `http://127.0.0.1:${this.#etcdPort}`;
    const peer = `http://127.0.0.1:${await freePort()}`;
    this.#launch("etcd", [
      ...["--name=test", `--data-dir=${this.#file("etcd")}`, "--logger=zap", "--log-level=warn"],
      ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
      ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
      `--initial-cluster=test=${peer}`,
    ]);
  }

  async #makeCredentials(): Promise<void> {
    const ca = await CertificateAuthority.create("control-plane-test-ca");
    this.#authority = ca;
    const issue = async (name: string, leaf: Leaf) => {
      const pair = await ca.issue(leaf);
      await writeKeyPair(this.#file(name), pair);
      return pair;
    };
    await writeFile(this.#file("ca.crt"), ca.certificate);
    await issue("serving", {
      commonName: "kube-apiserver",
      usage: "server",
      hosts: ["localhost", "127.0.0.1", "10.96.0.1", "kubernetes.default.svc"],
    });
    await issue("kubelet-client", { commonName: "kube-apiserver", usage: "client" });
    await issue("service-account", { commonName: "service-account", usage: "both" });
    const subject = { commonName: "admin", organizations: ["system:masters"] };
    const admin = await issue("admin", { ...subject, usage: "client" });
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const kubeconfig = kubeconfigText(
      this.url,
      { "certificate-authority-data": base64(ca.certificate) },
      {
        "client-certificate-data": base64(admin.certificate),
        "client-key-data": base64(admin.key),
      },
    );
    await writeFile(this.kubeconfig, kubeconfig, { mode: 0o600 });
  }

  #apiserverFlags(): string[] {
    const { controllerManager, audit, apiserverFlags = [] } = this.#options;
    const key = this.#file("service-account");
    return [
      ...[`--etcd-servers=http://127.0.0.1:${this.#etcdPort}`, `--etcd-prefix=/${this.#apiPort}`],
      ...["--bind-address=127.0.0.1", `--secure-port=${this.#apiPort}`],
      // A loopback address is not allowed in Endpoints, so "kubernetes" gets none.
      ...["--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"],
      `--tls-cert-file=${this.#file("serving.crt")}`,
      `--tls-private-key-file=${this.#file("serving.key")}`,
      ...[`--cert-dir=${this.#folder}`, `--client-ca-file=${this.#file("ca.crt")}`],
      `--kubelet-certificate-authority=${this.#file("ca.crt")}`,
      `--kubelet-client-certificate=${this.#file("kubelet-client.crt")}`,
      `--kubelet-client-key=${this.#file("kubelet-client.key")}`,
      "--kubelet-preferred-address-types=InternalIP",
      ...["--authorization-mode=Node,RBAC", "--allow-privileged=true"],
      `--service-cluster-ip-range=${SERVICE_RANGE}`,
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${key}.crt`,
      `--service-account-signing-key-file=${key}.key`,
      // Without the controller manager nobody makes service accounts, and no pod could be made then.
      ...(controllerManager ? [] : ["--disable-admission-plugins=ServiceAccount"]),
      ...(audit ? this.#auditFlags() : []),
      ...apiserverFlags,
    ];
  }

  #auditFlags(): string[] {
    const policy = this.#file("audit-policy.json");
    writeFileSync(policy, JSON.stringify(AUDIT_POLICY));
    return [`--audit-policy-file=${policy}`, `--audit-log-path=${this.auditLog}`];
  }

  async #managerFlags(): Promise<string[]> {
    return [
      ...(await this.#workerFlags("kube-controller-manager")),
      `--service-account-private-key-file=${this.#file("service-account.key")}`,
      ...[`--root-ca-file=${this.#file("ca.crt")}`, "--use-service-account-credentials=true"],
    ];
  }

  async #workerFlags(program: string): Promise<string[]> {
    const kubeconfig = this.kubeconfig;
    return [
      ...[`--kubeconfig=${kubeconfig}`, `--authentication-kubeconfig=${kubeconfig}`],
      ...[`--authorization-kubeconfig=${kubeconfig}`, "--leader-elect=false"],
      ...["--bind-address=127.0.0.1", `--secure-port=${await freePort()}`],
      `--cert-dir=${this.#file(program)}`,
      // Old releases open a second, open port unless told not to; new ones do not know the flag.
      ...((await minorVersion(programFile(program))) < 24 ? ["--port=0"] : []),
    ];
  }

  #launch(name: string, flags: readonly string[]): void {
    this.#programs.set(name, new Program(programFile(name), flags, this.#file(`${name}.log`)));
  }

  async #answers(path: string): Promise<void> {
    await using transport = await KubeconfigTransport.open(this.kubeconfig);
    const late = AbortSignal.timeout(READY_LIMIT_MS);
    for (;;) {
      for (const program of this.#programs.values()) program.check();
      if (late.aborted) throw new Error(`Cannot start a control plane: no answer at ${path}`);
      const response = await transport
        .request({ method: "GET", path }, late)
        .catch(() => undefined);
      await response?.body[Symbol.asyncIterator]().return?.();
      if (response?.status === 200) return;
      await sleep(50);
    }
  }

  async #etcd<T>(call: string, body: object): Promise<T> {
    const url = `http://127.0.0.1:${this.#etcdPort}/v3/kv/${call}`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`Cannot call etcd ${call}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  #file(name: string): string {
    return path.join(this.#folder, name);
  }

  #remove(): void {
    for (const program of this.#programs.values()) program.killNow();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * A suite with a control plane of its own. Without KUBEBUILDER_ASSETS it is skipped, and says so.
 */
export function describeWithControlPlane(
  name: string,
  suite: (plane: () => ControlPlane) => void,
  options: ControlPlaneOptions = {},
): void {
  let plane: ControlPlane | undefined;
  const present = () => {
    if (plane === undefined) throw new Error("the control plane is there only while tests run");
    return plane;
  };
  if ((process.env.KUBEBUILDER_ASSETS ?? "") === "") {
    const why = "KUBEBUILDER_ASSETS is not set (a folder with kube-apiserver and etcd)";
    process.stderr.write(`skipped: ${name}: ${why}\n`);
    describe.skip(`${name} (${why})`, () => suite(present));
    return;
  }
  describe(name, () => {
    beforeAll(async () => {
      plane = await ControlPlane.start(options);
    }, READY_LIMIT_MS);
    afterAll(() => plane?.[Symbol.asyncDispose]());
    suite(present);
  });
}
