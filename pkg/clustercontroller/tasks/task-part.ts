import type { Result, Task } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";

/** Most targets in one message; more of them below one child are sent as several. */
export const TARGETS_PER_MESSAGE = 2000;

/** What of a task is for us, and what each child is to be sent. */
export interface TaskParts {
  readonly here: Task | undefined;
  readonly below: readonly { readonly child: ClusterName; readonly part: Task }[];
}

/** Divides a task by the next hop to each of its targets; those without one are left out. */
export function divide(
  task: Task,
  self: ClusterName,
  hop: (target: ClusterName) => ClusterName | undefined,
): TaskParts {
  let here: Task | undefined;
  const byChild = new Map<ClusterName, number[]>();
  for (const [place, target] of task.targets.entries()) {
    if (target === self) {
      here = onlyFor([place], task);
      continue;
    }
    const child = hop(target);
    if (child === undefined) continue;
    const group = byChild.get(child);
    if (group === undefined) byChild.set(child, [place]);
    else group.push(place);
  }
  const below = [...byChild].flatMap(([child, places]) =>
    portions(places).map((portion) => {
      const part = { ...onlyFor(portion, task), hops: task.hops + 1 };
      return { child, part };
    }),
  );
  return { here, below };
}

function portions(places: readonly number[]): readonly (readonly number[])[] {
  if (places.length <= TARGETS_PER_MESSAGE) return [places];
  const count = Math.ceil(places.length / TARGETS_PER_MESSAGE);
  return Array.from({ length: count }, (_, index) =>
    places.slice(index * TARGETS_PER_MESSAGE, (index + 1) * TARGETS_PER_MESSAGE),
  );
}

/** The task for the targets at these places alone. */
function onlyFor(places: readonly number[], task: Task): Task {
  const { targets, proofs } = task;
  return {
    ...task,
    targets: places.map((place) => targets[place] as ClusterName),
    proofs: proofs && places.map((place) => proofs[place] ?? new Uint8Array()),
  };
}

/** The answer to a task that is not executed. */
export function refusal(
  task: Task,
  cluster: ClusterName,
  verdict: "refused" | "expired",
  reason: string,
): Result {
  const { id, origin } = task;
  const text =
    verdict === "expired" ? "The deadline had passed when the task arrived" : REFUSALS[reason];
  return {
    kind: "result",
    id,
    origin,
    cluster,
    verdict,
    code: 0,
    reason,
    truncated: false,
    timestamp: 0,
    body: new TextEncoder().encode(text ?? reason),
  };
}

const REFUSALS: Readonly<Record<string, string>> = {
  NoShim: "This cluster controller has no shim, so nothing can be executed here",
  LedgerFull: "This cluster remembers as many tasks as it may and takes no new ones for now",
};
