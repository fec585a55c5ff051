import type { Neighbour, Neighbours, Route } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";

/** How many neighbours of one sort a child is told: enough to survive a disaster, few enough for any width. */
const MAX_TOLD = 8;

/**
 * Whom `child` may join should its parent be lost. The lists are short and start behind the child's own
 * place in the order of names, so that the children of a lost parent spread over the others.
 */
export function neighboursOf(
  child: ClusterName,
  children: Iterable<Route>,
  above: { readonly parent: Neighbour | undefined; readonly siblings: readonly Neighbour[] },
): Neighbours {
  const siblings = [...children].filter(({ name, listen }) => name !== child && listen !== "");
  return {
    kind: "neighbours",
    grandparent: above.parent === undefined ? [] : [above.parent],
    aunts: spread(child, above.siblings),
    siblings: spread(child, siblings),
  };
}

function spread(child: ClusterName, all: readonly Neighbour[]): Neighbour[] {
  const sorted = all
    .map(({ name, listen }) => ({ name, listen }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const start = sorted.findIndex(({ name }) => name > child);
  const turned = start < 0 ? sorted : [...sorted.slice(start), ...sorted.slice(0, start)];
  return turned.slice(0, MAX_TOLD);
}
