import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
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

/** Below the range from which the system gives ports to connections, so that none of these is given away. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Ports that nobody listens on at this moment. */
async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
