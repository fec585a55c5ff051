import { describe, expect, it } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { StreamEndedError } from "../../tunnel/streams/stream-ended-error.ts";
import { clusterName } from "../../wire/names.ts";
import { EachOnline } from "./each-online.ts";

const shop = clusterName("shop");
const path = [clusterName("root"), shop];

async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve));
}

describe("talking to each cluster that is online", () => {
  it("begins when there is a way, once, and again when that is news and it had ended", async () => {
    let online = false;
    const ends: (() => void)[] = [];
    const each = new EachOnline({
      log: silentLog,
      metrics: noMetrics,
      what: "test",
      path: () => (online ? path : undefined),
      once: () => new Promise<undefined>((resolve) => ends.push(() => resolve(undefined))),
    });
    each.changed([shop]);
    await turns(3);
    expect(ends).toHaveLength(0);
    online = true;
    each.changed([shop]);
    each.changed([shop]);
    await turns(3);
    expect([ends.length, each.has("shop")]).toEqual([1, true]);
    online = false;
    ends[0]?.();
    await each.end();
    expect(each.has("shop")).toBe(false);
  });

  it("leaves a cluster alone that has no such service, until there is news of it", async () => {
    let asked = 0;
    const each = new EachOnline({
      log: silentLog,
      metrics: noMetrics,
      what: "test",
      path: () => path,
      once: async () => {
        asked += 1;
        return new StreamEndedError("NO_SERVICE", "none");
      },
    });
    each.changed([shop]);
    await turns(20);
    expect(asked).toBe(1);
    each.changed([shop]);
    await eventually("it is asked again", () => asked === 2);
    await each.end();
  });
});
