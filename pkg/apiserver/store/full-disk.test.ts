import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ApiTransport } from "../../apis/api-transport.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { EmbeddedApi } from "../embedded-api.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const DISK_BYTES = 6 << 20;
const FILLER_BYTES = 1 << 20;

/** Mounts a disk of its own at `path`; says why not, if that cannot be. */
function mountSmallDisk(path: string): string | undefined {
  try {
    mkdirSync(path);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", path], {
      stdio: "pipe",
    });
    return undefined;
  } catch (error) {
    return `cannot mount a small disk, which only root may: ${String(error).split("\n")[0]}`;
  }
}

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
  return { status: response.status, object: JSON.parse(Buffer.concat(pieces).toString()) };
}

const create = (transport: ApiTransport, name: string) =>
  call(transport, "POST", MAPS, { metadata: { name }, data: { text: "x".repeat(50_000) } });

async function names(transport: ApiTransport): Promise<string[]> {
  const { object } = await call(transport, "GET", MAPS);
  return object.items.map((item: { metadata: { name: string } }) => item.metadata.name).sort();
}

/** Creates objects until that fails, and returns the names that were acknowledged. */
async function fillDisk(transport: ApiTransport) {
  const created: string[] = [];
  for (let n = 100; ; n++) {
    const answer = await create(transport, `map-${n}`);
    if (answer.status !== 201) return { created, answer };
    created.push(`map-${n}`);
  }
}

describe("An embedded API on a disk that fills up", () => {
  it("refuses writes with one clear Status, reads on, loses nothing, and writes when there is room", async (context) => {
    await using directory = await temporaryDirectory();
    const disk = join(directory.path, "disk");
    const why = mountSmallDisk(disk);
    if (why !== undefined) {
      process.stderr.write(`skipped: a full disk: ${why}\n`);
      context.skip(why);
    }
    try {
      await writeFile(join(disk, "filler"), Buffer.alloc(FILLER_BYTES));
      await checkFullDisk(disk);
    } finally {
      execFileSync("umount", ["--lazy", disk]);
    }
  });
});

async function checkFullDisk(disk: string): Promise<void> {
  const dataDir = join(disk, "api");
  let created: readonly string[] = [];
  {
    await using api = await open(dataDir);
    const filled = await fillDisk(api.transport);
    created = filled.created;
    expect(filled.answer).toMatchObject({
      status: 503,
      object: {
        kind: "Status",
        reason: "ServiceUnavailable",
        message: expect.stringContaining("there is no space left"),
        details: { causes: [{ reason: "STORE_FULL" }] },
      },
    });
    expect(await names(api.transport)).toEqual(created);
  }
  await using api = await open(dataDir);
  const watching = new AbortController();
  const { resourceVersion } = (await call(api.transport, "GET", MAPS)).object.metadata;
  const path = `${MAPS}?watch=1&resourceVersion=${resourceVersion}`;
  const watch = await api.transport.request({ method: "GET", path }, watching.signal);
  expect((await create(api.transport, "refused")).status).toBe(503);
  expect(await names(api.transport)).toEqual(created);
  await rm(join(disk, "filler"));
  expect((await create(api.transport, "accepted")).status).toBe(201);
  for await (const line of watch.body) {
    expect(JSON.parse(Buffer.from(line).toString()).object.metadata.name).toBe("accepted");
    break;
  }
  watching.abort();
  expect(await names(api.transport)).toEqual(["accepted", ...created]);
}
