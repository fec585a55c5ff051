import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ApiTransport } from "../../apis/api-transport.ts";
import type { KubeObject } from "../../apis/object.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { EmbeddedApi } from "../embedded-api.ts";
import { restoreBackup } from "./restore.ts";

const BACKUP = "/ote/v1/backup";
const MAPS = "/api/v1/namespaces/default/configmaps";

function open(dataDir: string): Promise<EmbeddedApi> {
  const options = { name: "test", dataDir, listen: "127.0.0.1:0", crds: [] };
  return EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics });
}

async function call(transport: ApiTransport, method: string, path: string, body?: object) {
  const text = body && JSON.stringify(body);
  const response = await transport.request(
    { method, path, body: text },
    AbortSignal.timeout(10_000),
  );
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body) pieces.push(piece);
  return { status: response.status, bytes: Buffer.concat(pieces) };
}

const get = async (transport: ApiTransport, path: string) =>
  JSON.parse((await call(transport, "GET", path)).bytes.toString());

/** A backup with a few objects, in a file. */
async function backupIn(directory: string): Promise<string> {
  await using api = await open(join(directory, "source"));
  for (const name of ["a", "b"])
    await call(api.transport, "POST", MAPS, { metadata: { name }, data: { text: "\u2028é\n" } });
  const file = join(directory, "backup");
  await writeFile(file, (await call(api.transport, "GET", BACKUP)).bytes);
  return file;
}

describe("A backup", () => {
  it("is of one moment while writes go on, and is a whole API when it is restored", async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, "backup");
    let latest = "";
    {
      await using api = await open(join(directory.path, "source"));
      await call(api.transport, "POST", MAPS, { metadata: { name: "first" }, data: { n: "0" } });
      await call(api.transport, "POST", MAPS, { metadata: { name: "second" }, data: { n: "0" } });
      let isWriting = true;
      const writer = (async () => {
        for (let n = 1; isWriting; n++)
          for (const name of ["first", "second"])
            await call(api.transport, "PUT", `${MAPS}/${name}`, {
              metadata: { name },
              data: { n: String(n), filler: "x".repeat(100_000) },
            });
      })();
      const { bytes } = await call(api.transport, "GET", BACKUP);
      isWriting = false;
      await writer;
      await writeFile(file, bytes);
      latest = (await get(api.transport, MAPS)).metadata.resourceVersion;
    }
    const dataDir = join(directory.path, "restored");
    const { revision } = await restoreBackup(file, dataDir);
    expect(revision).toBeGreaterThan(Number(latest));
    await using api = await open(dataDir);
    const list = await get(api.transport, MAPS);
    const [first, second] = list.items.map((item: { data: { n: string } }) => Number(item.data.n));
    expect([0, 1]).toContain(first - second);
    const made = await call(api.transport, "POST", MAPS, { metadata: { name: "later" } });
    const later = JSON.parse(made.bytes.toString()) as KubeObject;
    expect(Number(later.metadata.resourceVersion)).toBeGreaterThan(revision);
    const watch = await get(api.transport, `${MAPS}?watch=1&resourceVersion=${latest}`);
    expect(watch).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } });
  });

  it("restores every text as it was, and lets old kubeconfigs in when the keys are put there first", async () => {
    await using directory = await temporaryDirectory();
    const file = await backupIn(directory.path);
    const dataDir = join(directory.path, "restored");
    await mkdir(join(dataDir, "pki"), { recursive: true });
    const keys = join(directory.path, "source", "pki");
    for (const name of await readdir(keys))
      await copyFile(join(keys, name), join(dataDir, "pki", name));
    await restoreBackup(file, dataDir);
    await using api = await open(dataDir);
    expect((await get(api.transport, `${MAPS}/a`)).data).toEqual({ text: "\u2028é\n" });
    expect(await readFile(join(dataDir, "pki", "ca.crt"))).toEqual(
      await readFile(join(keys, "ca.crt")),
    );
  });

  it.each([
    ["cut off in a line", (bytes: Buffer) => bytes.subarray(0, bytes.length - 40)],
    [
      "cut off after a line",
      (bytes: Buffer) => bytes.subarray(0, bytes.lastIndexOf(10, bytes.length - 2) + 1),
    ],
    ["empty", () => Buffer.alloc(0)],
    ["changed in one bit", (bytes: Buffer) => Buffer.from(bytes.toString().replace('"a"', '"c"'))],
    ["something else", () => Buffer.from('{"kind":"List"}\n{}\n')],
    ["not even text", () => Buffer.from([0, 255, 254, 10, 1])],
  ])("is refused when it is %s, and leaves nothing behind", async (_, damage) => {
    await using directory = await temporaryDirectory();
    const file = await backupIn(directory.path);
    await writeFile(file, damage(await readFile(file)));
    const dataDir = join(directory.path, "restored");
    await expect(restoreBackup(file, dataDir)).rejects.toMatchObject({
      code: "BACKUP_DAMAGED",
      message: expect.stringContaining(file),
    });
    await expect(readdir(dataDir)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is not restored over what is there", async () => {
    await using directory = await temporaryDirectory();
    const file = await backupIn(directory.path);
    const dataDir = join(directory.path, "source");
    const before = await readFile(join(dataDir, "store.mdb"));
    await expect(restoreBackup(file, dataDir)).rejects.toMatchObject({
      code: "DATA_DIR_NOT_EMPTY",
    });
    expect(await readFile(join(dataDir, "store.mdb"))).toEqual(before);
  });

  it("is only for those whose role names its path", async () => {
    await using directory = await temporaryDirectory();
    await using api = await open(directory.path);
    const guest = api.transportFor({ name: "keeper", groups: ["system:authenticated"] });
    expect((await call(guest, "GET", BACKUP)).status).toBe(403);
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    await call(api.transport, "POST", `${rbac}/clusterroles`, {
      metadata: { name: "keeper" },
      rules: [{ nonResourceURLs: [BACKUP], verbs: ["get"] }],
    });
    await call(api.transport, "POST", `${rbac}/clusterrolebindings`, {
      metadata: { name: "keeper" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "keeper" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "keeper" }],
    });
    expect((await call(guest, "GET", BACKUP)).status).toBe(200);
    expect((await call(guest, "POST", BACKUP)).status).toBe(403);
    expect((await call(api.transport, "POST", BACKUP)).status).toBe(405);
  });
});
