import { createHash, randomBytes } from "node:crypto";
import { createReadStream, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { KUBECTLS, Kubectl } from "../test/support/kubectl.ts";
import type { PodWorld } from "../test/support/pod-world.ts";
import { median } from "./quantile.ts";
import type { Row } from "./row.ts";
import { inTurns, type Turns } from "./turns.ts";

const COPIED_BYTES = 200_000_000;

/** How fast files are copied to a pod and back; each copy is compared with its source. */
export async function copyRows(world: PodWorld, repetitions: number): Promise<Row[]> {
  const [kubectl] = KUBECTLS;
  if (kubectl === undefined) {
    process.stderr.write("copies are not measured: no kubectl is found\n");
    return [];
  }
  const source = join(world.tree.folder, "source");
  const sum = writeRandom(source, COPIED_BYTES);
  const copy = async (kubeconfig: string, from: string, to: string, result: string) => {
    const began = performance.now();
    await new Kubectl(kubectl, kubeconfig).ok("cp", from, to);
    const seconds = (performance.now() - began) / 1000;
    if ((await sumOf(result)) !== (await sum)) throw new Error(`The copy ${result} is not intact`);
    return [COPIED_BYTES / 1e6 / seconds];
  };
  const [there, back] = [join(world.tree.folder, "there"), join(world.tree.folder, "back")];
  const up = await inTurns(world, repetitions, (kubeconfig) =>
    copy(kubeconfig, source, `default/modern:${there}`, there),
  );
  const down = await inTurns(world, repetitions, (kubeconfig) =>
    copy(kubeconfig, `default/modern:${source}`, back, back),
  );
  const row = (what: string, { ours, direct }: Turns): Row => ({
    ...{ what, unit: "MB/s", ours: median(ours), yardstick: median(direct) },
  });
  return [
    row("kubectl cp of 200 MB to a pod, median", up),
    row("kubectl cp of 200 MB from a pod, median", down),
  ];
}

function writeRandom(path: string, size: number): Promise<string> {
  const file = openSync(path, "w");
  for (let left = size; left > 0; left -= 1_000_000) writeSync(file, randomBytes(1_000_000));
  return sumOf(path);
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
}
