import { EventEmitter, once } from "node:events";
import { describe, expect, it } from "vitest";
import { ApiUnreachableError } from "../apis/api-transport.ts";
import type { KubeList, KubeObject, ResourceType, WatchEvent } from "../apis/object.ts";
import { StatusError } from "../apis/status.ts";
import { Informer, type InformerOptions } from "./informer.ts";

const WIDGETS: ResourceType = {
  group: "example.com",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  namespaced: true,
};

function widget(name: string, resourceVersion: string, uid = name): KubeObject {
  const metadata = { name, namespace: "default", uid, resourceVersion };
  return { apiVersion: "example.com/v1", kind: "Widget", metadata };
}

type Step = WatchEvent | Error | "end";

/** An API whose lists and watches are written down; it tells when the script has been played. */
class ScriptedCollection {
  readonly asked: string[] = [];
  readonly #script: (readonly KubeObject[] | Error | { watch: readonly Step[] })[];
  readonly #played = new EventEmitter();
  readonly played = once(this.#played, "end");

  constructor(...script: (readonly KubeObject[] | Error | { watch: readonly Step[] })[]) {
    this.#script = script;
  }

  async list<T extends KubeObject>(): Promise<KubeList<T>> {
    this.asked.push("list");
    const step = this.#script.shift();
    if (step instanceof Error) throw step;
    if (!Array.isArray(step)) throw new Error("the script has no list here");
    const metadata = { resourceVersion: "10" };
    return { apiVersion: "example.com/v1", kind: "WidgetList", metadata, items: step as T[] };
  }

  async *watch<T extends KubeObject>(
    _type: ResourceType,
    { resourceVersion }: { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    this.asked.push(`watch ${resourceVersion}`);
    const step = this.#script.shift();
    if (step === undefined) {
      this.#played.emit("end");
      if (!signal.aborted) await once(signal, "abort");
      return;
    }
    if (step instanceof Error) throw step;
    if (!("watch" in step)) throw new Error("the script has no watch here");
    for (const event of step.watch) {
      if (event === "end") return;
      if (event instanceof Error) throw event;
      yield event as WatchEvent<T>;
    }
  }
}

const event = (type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject) => ({ type, object });
const unreachable = () => new ApiUnreachableError("test", "refused");
const expired = () => StatusError.of("Expired", "too old");

/** Plays the script and says what the informer told, asked and knew at its end. */
async function play(api: ScriptedCollection, options: InformerOptions<KubeObject> = {}) {
  const told: string[] = [];
  const version = (object: KubeObject | undefined) => object?.metadata.resourceVersion ?? "-";
  const informer = new Informer<KubeObject>(api, WIDGETS, {
    retry: { first: 1, longest: 4 },
    onChange: (key, now, before) => told.push(`${key} ${version(before)}>${version(now)}`),
    ...options,
  });
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  await informer.synced;
  await api.played;
  const known = [...informer.objects.values()].map((object) => object.metadata.name);
  stop.abort();
  await running;
  return { told, known, asked: api.asked };
}

describe("Informer", () => {
  it("keeps a list up to date and tells each change with what was before", async () => {
    const api = new ScriptedCollection([widget("a", "1")], {
      watch: [
        event("ADDED", widget("b", "11")),
        event("MODIFIED", widget("a", "12")),
        event("DELETED", widget("b", "13")),
        "end",
      ],
    });
    expect(await play(api)).toEqual({
      told: ["default/a ->1", "default/b ->11", "default/a 1>12", "default/b 11>-"],
      known: ["a"],
      asked: ["list", "watch 10", "watch 13"],
    });
  });

  it("goes on from the last bookmark after a stream that broke", async () => {
    const api = new ScriptedCollection([widget("a", "1")], {
      watch: [{ type: "BOOKMARK", object: widget("", "20") }, unreachable()],
    });
    expect((await play(api)).asked).toEqual(["list", "watch 10", "watch 20"]);
  });

  it("says nothing about events that are delivered again", async () => {
    const again = event("MODIFIED", widget("a", "12"));
    const api = new ScriptedCollection(
      [widget("a", "1")],
      { watch: [again, unreachable()] },
      { watch: [again, again, event("DELETED", widget("c", "13")), "end"] },
    );
    expect((await play(api)).told).toEqual(["default/a ->1", "default/a 1>12"]);
  });

  it("lists again when its revision is gone, and finds what was deleted and replaced meanwhile", async () => {
    const api = new ScriptedCollection(
      [widget("a", "1"), widget("b", "2"), widget("c", "3")],
      { watch: [expired()] },
      [widget("b", "2"), widget("c", "30", "another"), widget("d", "31")],
    );
    expect(await play(api)).toEqual({
      told: [
        "default/a ->1",
        "default/b ->2",
        "default/c ->3",
        "default/c 3>30",
        "default/d ->31",
        "default/a 1>-",
      ],
      known: ["b", "c", "d"],
      asked: ["list", "watch 10", "list", "watch 10"],
    });
  });

  it("keeps the successor when the end of an earlier object of that name is told late", async () => {
    const api = new ScriptedCollection([widget("a", "9", "second")], {
      watch: [event("DELETED", widget("a", "5", "first")), "end"],
    });
    expect((await play(api)).known).toEqual(["a"]);
  });

  it("lists again after the API was away, and keeps what it knew until then", async () => {
    const api = new ScriptedCollection(
      unreachable(),
      [widget("a", "1")],
      { watch: [event("MODIFIED", widget("a", "11")), unreachable()] },
      unreachable(),
      unreachable(),
      StatusError.of("ServiceUnavailable", "starting"),
      [widget("a", "11")],
    );
    const { asked, told } = await play(api);
    expect(asked).toEqual([
      ...["list", "list", "watch 10", "watch 11", "list", "list", "list", "watch 10"],
    ]);
    expect(told).toEqual(["default/a ->1", "default/a 1>11"]);
  });

  it("keeps objects trimmed, and survives a listener that throws", async () => {
    const kept: KubeObject[] = [];
    const api = new ScriptedCollection([widget("a", "1")], {
      watch: [event("MODIFIED", widget("a", "2")), "end"],
    });
    await play(api, {
      trim: (object) => ({ ...object, kind: "Small" }),
      onChange: (_key, object) => {
        if (object !== undefined) kept.push(object);
        throw new Error("listener");
      },
    });
    expect(kept.map(({ kind }) => kind)).toEqual(["Small", "Small"]);
  });

  it("ends, and counts as synced, when it is stopped before it ever reached the API", async () => {
    const stop = new AbortController();
    const informer = new Informer(
      {
        list: async () => {
          stop.abort();
          throw unreachable();
        },
        watch: () => {
          throw new Error("must not be asked");
        },
      },
      WIDGETS,
    );
    await informer.run(stop.signal);
    await informer.synced;
    expect(informer.objects.size).toBe(0);
  });
});
