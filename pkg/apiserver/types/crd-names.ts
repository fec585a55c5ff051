import { at, type JsonObject, listOf, objectOf, same, textOf } from "../request/json.ts";

/** The part of a definition's status that says which of its names it has. */
export interface NamesStatus {
  readonly acceptedNames: JsonObject;
  readonly conditions: readonly JsonObject[];
}

/** The names that definitions of one group have: those of resources and those of kinds. */
interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** Whether the kinds of a definition are served: its names were accepted once. */
export function isEstablished(definition: unknown): boolean {
  return conditionOf(definition, "Established")?.status === "True";
}

/** Whether all names of a definition are its own. */
export function areNamesAccepted(definition: unknown): boolean {
  return conditionOf(definition, "NamesAccepted")?.status === "True";
}

/** Which of its names the definition `object`, with the status it has, gets beside `others` of its group. */
export function judgeNames(object: JsonObject, others: readonly unknown[]): NamesStatus {
  const wanted = objectOf(at(object, "spec", "names"));
  const had = objectOf(at(object, "status", "acceptedNames"));
  const taken = takenBy(others.filter((other) => isRival(object, other)));
  const acceptedNames: JsonObject = { ...had };
  let conflict: JsonObject | undefined;
  for (const { name, reason, of } of NAMES) {
    const problems = problemsOf(wanted[name], had[name], taken[of]);
    if (problems.length === 0) copy(acceptedNames, wanted, name);
    else conflict = { reason, message: joined(problems) };
  }
  copy(acceptedNames, wanted, "categories");
  const accepted = condition(object, "NamesAccepted", conflict === undefined, {
    reason: "NoConflicts",
    message: "no conflicts found",
    ...conflict,
  });
  return { acceptedNames, conditions: [accepted, established(object, conflict === undefined)] };
}

/** The last conflict of a definition is the one that its condition tells, so their order counts. */
const NAMES = [
  { name: "plural", reason: "PluralConflict", of: "resources" },
  { name: "singular", reason: "SingularConflict", of: "resources" },
  { name: "shortNames", reason: "ShortNamesConflict", of: "resources" },
  { name: "kind", reason: "KindConflict", of: "kinds" },
  { name: "listKind", reason: "ListKindConflict", of: "kinds" },
] as const;

function isRival(object: JsonObject, other: unknown): boolean {
  return (
    at(other, "spec", "group") === at(object, "spec", "group") &&
    at(other, "metadata", "name") !== at(object, "metadata", "name")
  );
}

function takenBy(others: readonly unknown[]): TakenNames {
  const accepted = others.map((other) => objectOf(at(other, "status", "acceptedNames")));
  return {
    resources: new Set(
      accepted.flatMap(({ plural, singular, shortNames }) =>
        [plural, singular, ...listOf(shortNames)].map(String),
      ),
    ),
    kinds: new Set(accepted.flatMap(({ kind, listKind }) => [kind, listKind].map(String))),
  };
}

/** What keeps a definition from getting a name, or several; what it has already it keeps. */
function problemsOf(wanted: unknown, had: unknown, taken: ReadonlySet<string>): readonly string[] {
  if (same(wanted, had)) return [];
  return [wanted]
    .flat()
    .filter((name) => typeof name === "string" && taken.has(name))
    .map((name) => `"${name}" is already in use`);
}

function joined(problems: readonly string[]): string {
  return problems.length === 1 ? (problems[0] ?? "") : `[${problems.join(", ")}]`;
}

function copy(to: JsonObject, from: JsonObject, name: string): void {
  if (from[name] === undefined) delete to[name];
  else to[name] = from[name];
}

function established(object: JsonObject, isAccepted: boolean): JsonObject {
  const known = conditionOf(object, "Established");
  if (known?.status === "True") return known;
  return condition(
    object,
    "Established",
    isAccepted,
    isAccepted
      ? {
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        }
      : { reason: "NotAccepted", message: "not all names are accepted" },
  );
}

function conditionOf(object: unknown, type: string): JsonObject | undefined {
  const found = listOf(at(object, "status", "conditions")).find(
    (item) => at(item, "type") === type,
  );
  return found === undefined ? undefined : objectOf(found);
}

/** A condition; its time stays when only the words change. */
function condition(
  object: JsonObject,
  type: string,
  holds: boolean,
  words: JsonObject,
): JsonObject {
  const status = holds ? "True" : "False";
  const known = conditionOf(object, type);
  const lastTransitionTime =
    known?.status === status
      ? textOf(known.lastTransitionTime)
      : `${new Date().toISOString().slice(0, 19)}Z`;
  return { type, status, lastTransitionTime, ...words };
}
