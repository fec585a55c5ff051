import type { PodWorld } from "../test/support/pod-world.ts";

/** What was measured, of each way. */
export interface Turns {
  readonly ours: number[];
  readonly direct: number[];
}

/** The two ways take turns, so that whatever else the machine does hits both. The first turn only warms up. */
export async function inTurns(
  world: PodWorld,
  repetitions: number,
  measure: (kubeconfig: string) => Promise<number[]>,
): Promise<Turns> {
  const turns: Turns = { ours: [], direct: [] };
  const through = world.through();
  for (let round = 0; round <= repetitions; round++) {
    const direct = await measure(world.direct);
    const ours = await measure(through);
    if (round === 0) continue;
    turns.direct.push(...direct);
    turns.ours.push(...ours);
  }
  return turns;
}
