import type { ApiTransport } from "../../pkg/apis/api-transport.ts";
import { DIFFERENCES } from "./differences.ts";
import type { Any } from "./request.ts";
import { Space } from "./space.ts";

/** Something that a Kubernetes API does: what is done to it, and the small value that comes of it. */
export interface Behaviour {
  readonly name: string;
  readonly act: (space: Space) => Promise<unknown>;
  /** With names of the space as "(ns)" and "(id)". */
  readonly outcome: unknown;
}

/** Behaviours that belong together. */
export interface Area {
  readonly name: string;
  readonly behaviours: readonly Behaviour[];
}

/** Stands for an outcome that is not the same on both servers: a row of the table of differences. */
export class Difference {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

export function area(name: string, behaviours: readonly Behaviour[]): Area {
  return { name, behaviours };
}

export function behaviour(
  name: string,
  act: (space: Space) => Promise<unknown>,
  outcome: unknown,
): Behaviour {
  return { name, act, outcome };
}

/** The outcome that row `id` of the table of differences says for each server. */
export function differs(id: string): Difference {
  return new Difference(id);
}

/** What `behaviour` of that area should come to on that server. */
export function outcomeOn(
  server: Space["server"],
  area: string,
  { name, outcome }: Behaviour,
): unknown {
  if (!(outcome instanceof Difference)) return outcome;
  const row = DIFFERENCES[outcome.id]?.outcomes[`${area} > ${name}`];
  if (row === undefined) throw new Error(`"${area} > ${name}" is not listed in ${outcome.id}`);
  return server === "embedded" ? row.embedded : row.kubeApiserver;
}

/** What it does come to. */
export async function run(
  behaviour: Behaviour,
  transport: ApiTransport,
  server: Space["server"],
): Promise<unknown> {
  const space = await Space.open(transport, server);
  const found = await behaviour.act(space);
  const text = JSON.stringify(found ?? null);
  return JSON.parse(text.replaceAll(space.ns, "(ns)").replaceAll(space.id, "(id)")) as Any;
}
