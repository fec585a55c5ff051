import { readdir, readFile } from "node:fs/promises";
import https from "node:https";
import { join } from "node:path";
import { parse } from "yaml";
import { temporaryDirectory } from "../pkg/base/temporary-directory.ts";
import { ControlPlane } from "../test/support/control-plane.ts";
import { NodeProgram } from "../test/support/node-program.ts";

/** A Kubernetes API in processes of its own, and how to reach it as an administrator. */
export interface ApiTarget extends AsyncDisposable {
  readonly url: string;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Bytes of resident memory of its processes. */
  memory(): Promise<number>;
}

/** The embedded API with an empty directory. */
export async function embeddedApi(): Promise<ApiTarget> {
  const directory = await temporaryDirectory();
  const flags = ["--data-dir", directory.path, "--listen", "127.0.0.1:0"];
  const program = new NodeProgram("embedded-apiserver", flags);
  await program.says("ready");
  return {
    ...(await reach(join(directory.path, "admin.kubeconfig"))),
    memory: () => residentBytes(program.pid),
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** kube-apiserver and etcd; undefined when KUBEBUILDER_ASSETS does not say where they are. */
export async function realApi(): Promise<ApiTarget | undefined> {
  if ((process.env.KUBEBUILDER_ASSETS ?? "") === "") return undefined;
  const plane = await ControlPlane.start();
  const pids = await childrenNamed(["kube-apiserver", "etcd"]);
  return {
    ...(await reach(plane.kubeconfig)),
    async memory() {
      const sizes = await Promise.all(pids.map(residentBytes));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose](),
  };
}

/** Sends one request and returns how many bytes came back; throws for anything but success. */
export function call(
  target: ApiTarget,
  agent: https.Agent,
  method: string,
  path: string,
  body?: string,
): Promise<number> {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const request = https.request(
      target.url + path,
      { ...target.tls, agent, method, headers },
      (response) => {
        let bytes = 0;
        response.on("data", (piece: Buffer) => {
          bytes += piece.length;
        });
        response.on("error", reject);
        response.on("end", () => {
          if ((response.statusCode ?? 500) < 400) resolve(bytes);
          else reject(new Error(`${method} ${path}: HTTP ${response.statusCode}`));
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

async function reach(kubeconfig: string): Promise<Pick<ApiTarget, "url" | "tls">> {
  const { clusters, users } = parse(await readFile(kubeconfig, "utf8"));
  const { cluster } = clusters[0];
  const { user } = users[0];
  const pem = (text: string) => Buffer.from(text, "base64").toString();
  return {
    url: cluster.server,
    tls: {
      ca: pem(cluster["certificate-authority-data"]),
      cert: pem(user["client-certificate-data"]),
      key: pem(user["client-key-data"]),
    },
  };
}

/** Processes that this one has started. */
async function childrenNamed(names: readonly string[]): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      const isOurs = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) === process.pid;
      return isOurs && names.includes(/^Name:\s+(.+)/m.exec(status)?.[1] ?? "") ? [pid] : [];
    }),
  );
  return found.flat();
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
}
