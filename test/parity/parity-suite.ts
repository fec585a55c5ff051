import { beforeAll, describe, expect, it } from "vitest";
import type { ApiTransport } from "../../pkg/apis/api-transport.ts";
import { AREAS } from "./areas.ts";
import { Difference, outcomeOn, run } from "./behaviour.ts";
import { DIFFERENCES } from "./differences.ts";
import { request } from "./request.ts";
import type { Space } from "./space.ts";
import { prepare } from "./widget.ts";

/** The server that the listed differences speak of; other releases say some things otherwise. */
const JUDGED_MINOR = "20";

/** All behaviours on one server, which `open` gives a way to. */
export function describeParity(server: Space["server"], open: () => ApiTransport): void {
  let isJudged = true;
  beforeAll(async () => {
    await prepare(open());
    isJudged = server === "embedded" || (await minorOf(open())) === JUDGED_MINOR;
  });
  describe.each([...AREAS])("$name", ({ name, behaviours }) => {
    it.concurrent.each([...behaviours])("$name", async (behaviour) => {
      const found = await run(behaviour, open(), server);
      if (behaviour.outcome instanceof Difference && !isJudged) return;
      expect(found).toEqual(outcomeOn(server, name, behaviour));
    });
  });
}

/** That the table of differences is true to the suite and to its page. */
export function describeDifferences(page: string): void {
  const listed = Object.entries(DIFFERENCES).flatMap(([id, { outcomes }]) =>
    Object.entries(outcomes).map(([behaviour, outcome]) => ({ id, behaviour, outcome })),
  );
  const known = AREAS.flatMap(({ name, behaviours }) =>
    behaviours
      .filter(({ outcome }) => outcome instanceof Difference)
      .map((behaviour) => `${name} > ${behaviour.name}`),
  );
  const explained = [...page.matchAll(/^\| `([a-z0-9-]+)` *\|/gm)].map(([, id]) => id);
  it.each(listed)("$behaviour: $id is a difference", ({ behaviour, outcome }) => {
    expect(known).toContain(behaviour);
    expect(outcome.embedded).not.toEqual(outcome.kubeApiserver);
  });
  it.each(Object.keys(DIFFERENCES))("docs/api-parity.md explains %s", (id) => {
    expect(explained).toContain(id);
  });
  it("docs/api-parity.md explains nothing else", () => {
    expect(explained.filter((id) => !Object.hasOwn(DIFFERENCES, id ?? ""))).toEqual([]);
  });
}

async function minorOf(transport: ApiTransport): Promise<string> {
  const { body } = await request(transport, "GET", "/version");
  return String(body.minor);
}
