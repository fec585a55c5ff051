import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";

/** The ports of one cluster of a demonstration. */
export interface ClusterPorts {
  readonly tunnel: number;
  readonly api: number;
  readonly health: number;
}

/**
 * The ports of all clusters: three from `base` on for each, in order, or free ones if `base` is 0. Free
 * ones are remembered in the home directory, because kubeconfigs name them.
 */
export async function portsFor(
  names: readonly string[],
  base: number,
  home: string,
): Promise<ReadonlyMap<string, ClusterPorts>> {
  if (base > 0) {
    return new Map(names.map((name, index) => [name, portsFrom(base + index * 3)]));
  }
  const path = join(home, "ports.json");
  const known = JSON.parse(await readFile(path, "utf8").catch(() => "{}")) as Record<
    string,
    ClusterPorts
  >;
  const missing = names.filter((name) => known[name] === undefined);
  const free = await freePorts(missing.length * 3);
  for (const [index, name] of missing.entries()) {
    const [tunnel = 0, api = 0, health = 0] = free.slice(index * 3);
    known[name] = { tunnel, api, health };
  }
  await writeFile(path, `${JSON.stringify(known, undefined, 2)}\n`);
  return new Map(names.map((name) => [name, known[name] as ClusterPorts]));
}

function portsFrom(first: number): ClusterPorts {
  return { tunnel: first, api: first + 1, health: first + 2 };
}

/** Ports that nobody listens on at this moment; all are held until all are found, so that none comes twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
