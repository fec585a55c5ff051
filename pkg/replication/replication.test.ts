import { describe, expect, it } from "vitest";
import { bucketOf, digests, versionOf } from "./digest.ts";
import {
  BadReplicationError,
  BUCKETS,
  type SinkMessage,
  type SourceMessage,
  sinkMessage,
  sourceMessage,
} from "./message.ts";
import { ReplicationSink } from "./sink.ts";
import { type Collection, ReplicationSource } from "./source.ts";

/** Objects in memory; `known` false is a source that has not seen its own objects yet. */
class Objects implements Collection {
  readonly objects = new Map<string, string>();
  known = true;

  entries(): Iterable<readonly [string, string]> | undefined {
    if (!this.known) return undefined;
    return [...this.objects].map(([key, content]) => [key, versionOf(content)] as const);
  }

  get(key: string): { version: string; object: unknown } | undefined {
    const object = this.objects.get(key);
    return object === undefined ? undefined : { version: versionOf(object), object };
  }
}

/** Both ends and the stream between them; what is on its way is lost with the stream. */
class Pair {
  /** By collection, what the following end has kept. */
  readonly kept = new Map<string, Map<string, string>>();
  readonly down: SinkMessage[] = [];
  readonly up: SourceMessage[] = [];
  readonly collections: Map<string, Collection>;
  deletes = 0;
  puts = 0;
  #source!: ReplicationSource;
  #sink!: ReplicationSink;

  constructor(collections: Record<string, Collection>) {
    this.collections = new Map(Object.entries(collections));
    this.begin();
  }

  begin(): void {
    this.up.length = 0;
    this.down.length = 0;
    this.#source = new ReplicationSource(() => this.collections);
    const versions = [...this.kept].map(
      ([name, objects]) =>
        [name, new Map([...objects].map(([key, content]) => [key, versionOf(content)]))] as const,
    );
    this.#sink = new ReplicationSink(new Map(versions));
  }

  get isCompared(): boolean {
    return this.#sink.isCompared;
  }

  mark(collection: string, key: string): void {
    this.#source.mark(collection, key);
  }

  send(): boolean {
    const message = this.#source.next();
    if (message !== undefined) this.up.push(sourceMessage(JSON.parse(JSON.stringify(message))));
    return message !== undefined;
  }

  hearUp(): boolean {
    const message = this.up.shift();
    if (message === undefined) return false;
    for (const step of this.#sink.hear(message)) {
      if (step.kind === "say")
        this.down.push(sinkMessage(JSON.parse(JSON.stringify(step.message))));
      else this.#keep(step);
    }
    return true;
  }

  hearDown(): boolean {
    const message = this.down.shift();
    if (message !== undefined) this.#source.hear(message);
    return message !== undefined;
  }

  settle(): void {
    while (this.send() || this.hearUp() || this.hearDown());
  }

  #keep(step: { kind: "put" | "delete"; collection: string; key: string; object?: unknown }): void {
    const objects = this.kept.get(step.collection) ?? new Map<string, string>();
    this.kept.set(step.collection, objects);
    if (step.kind === "put") {
      this.puts += 1;
      objects.set(step.key, String(step.object));
    } else {
      this.deletes += 1;
      objects.delete(step.key);
    }
  }
}

function of(...pairs: [string, string][]): Objects {
  const objects = new Objects();
  for (const [key, content] of pairs) objects.objects.set(key, content);
  return objects;
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("replication", () => {
  it("brings everything over, and then only what changes", () => {
    const pods = of(["a", "1"], ["b", "2"]);
    const pair = new Pair({ pods });
    pair.settle();
    expect(pair.kept.get("pods")).toEqual(pods.objects);
    expect(pair.isCompared).toBe(true);
    pods.objects.set("b", "3");
    pods.objects.delete("a");
    pair.mark("pods", "a");
    pair.mark("pods", "b");
    pair.settle();
    expect([...(pair.kept.get("pods") ?? [])]).toEqual([["b", "3"]]);
    expect(pair.puts).toBe(3);
  });

  it("says nothing of objects that are the same when a stream begins again", () => {
    const pods = new Objects();
    for (let at = 0; at < 1000; at++) pods.objects.set(`p${at}`, String(at));
    const pair = new Pair({ pods });
    pair.settle();
    pair.begin();
    pods.objects.set("p7", "other");
    pods.objects.delete("p8");
    pods.objects.set("new", "x");
    pair.settle();
    expect([pair.puts, pair.deletes]).toEqual([1002, 1]);
    expect(pair.kept.get("pods")).toEqual(pods.objects);
  });

  it("deletes nothing as long as the other end does not know its own objects", () => {
    const pods = of(["a", "1"]);
    const pair = new Pair({ pods });
    pair.settle();
    pods.known = false;
    pods.objects.clear();
    pair.begin();
    pair.settle();
    expect([...(pair.kept.get("pods") ?? [])]).toEqual([["a", "1"]]);
    expect(pair.isCompared).toBe(false);
    pods.known = true;
    pair.settle();
    expect(pair.kept.get("pods")?.size).toBe(0);
    expect(pair.isCompared).toBe(true);
  });

  it("says nothing of an object as long as it does not know all of them", () => {
    const pods = of(["a", "1"]);
    pods.known = false;
    const source = new ReplicationSource(() => new Map([["pods", pods]]));
    source.mark("pods", "a");
    expect(source.next()).toEqual({ kind: "collections", names: ["pods"] });
    source.mark("pods", "a");
    expect(source.next()).toBeUndefined();
  });

  it("deletes a collection that the other end says it has no more", () => {
    const pair = new Pair({ pods: of(["a", "1"]), nodes: of(["n", "1"]) });
    pair.settle();
    pair.collections.delete("nodes");
    pair.begin();
    pair.settle();
    expect(pair.kept.get("nodes")?.size).toBe(0);
    expect(pair.kept.get("pods")?.size).toBe(1);
  });

  it("follows collections that come and go while the stream lives", () => {
    const pods = of(["a", "1"]);
    const pair = new Pair({ pods });
    pair.settle();
    const nodes = of(["n", "1"]);
    pair.collections.set("nodes", nodes);
    pair.settle();
    expect(pair.kept.get("nodes")?.size).toBe(1);
    nodes.objects.delete("n");
    pair.mark("nodes", "n");
    pair.collections.delete("nodes");
    pair.settle();
    expect(pair.kept.get("nodes")?.size).toBe(0);
    expect(pair.kept.get("pods")?.size).toBe(1);
  });

  it("has the latest only, however often an object changes while nobody reads", () => {
    const pods = of(["a", "0"]);
    const pair = new Pair({ pods });
    pair.settle();
    for (let at = 1; at <= 1000; at++) {
      pods.objects.set("a", String(at));
      pair.mark("pods", "a");
    }
    pair.settle();
    expect([pair.puts, pair.kept.get("pods")?.get("a")]).toEqual([2, "1000"]);
  });

  it("keeps nothing of what it is asked for and does not have", () => {
    const source = new ReplicationSource(() => new Map([["pods", of(["a", "1"])]]));
    while (source.next() !== undefined);
    const bucket = bucketOf("a");
    source.hear({ kind: "differs", collection: "pods", buckets: [bucket] });
    expect(source.next()).toMatchObject({ kind: "listing", bucket });
    const others = Array.from({ length: 100_000 }, (_, at) => `k${at}`);
    const keys = ["a", ...others.filter((key) => bucketOf(key) === bucket)];
    source.hear({ kind: "want", collection: "pods", keys });
    expect(source.next()).toMatchObject({ kind: "put", key: "a" });
    expect(source.next()).toBeUndefined();
    expect(source.waiting("pods")).toBe(0);
  });

  it("ends with a sink that makes it compare or send again and again", () => {
    const source = new ReplicationSource(() => new Map([["pods", of(["a", "1"])]]));
    while (source.next() !== undefined);
    const bucket = bucketOf("a");
    const [collection, keys] = ["pods", ["a"]];
    expect(() => source.hear({ kind: "want", collection, keys })).toThrow(BadReplicationError);
    source.hear({ kind: "differs", collection, buckets: [bucket] });
    expect(() => source.hear({ kind: "want", collection, keys })).toThrow(BadReplicationError);
    source.next();
    source.hear({ kind: "want", collection, keys });
    expect(() => source.hear({ kind: "want", collection, keys })).toThrow(BadReplicationError);
    expect(() => source.hear({ kind: "differs", collection, buckets: [bucket] })).toThrow(
      BadReplicationError,
    );
  });

  it("ends with a source that makes it compare again and again, or under ever new names", () => {
    const buckets = [[1, versionOf("x")]] as const;
    const digest = (collection: string) => ({ kind: "digest", collection, buckets }) as const;
    const sink = new ReplicationSink(new Map([["pods", new Map([["a", versionOf("1")]])]]));
    sink.hear({ kind: "collections", names: ["pods"] });
    sink.hear(digest("pods"));
    expect(() => sink.hear(digest("pods"))).toThrow(BadReplicationError);
    const many = new ReplicationSink(new Map());
    expect(() => {
      for (let at = 0; at < 2000; at++) {
        many.hear({ kind: "collections", names: [`c${at}`] });
        many.hear(digest(`c${at}`));
      }
    }).toThrow(BadReplicationError);
  });

  it("gives every collection its turn", () => {
    const pair = new Pair({ one: of(), other: of() });
    pair.settle();
    for (let at = 0; at < 100; at++) pair.mark("one", `k${at}`);
    pair.mark("other", "k");
    for (let at = 0; at < 3; at++) pair.send();
    expect(pair.up.map((message) => "collection" in message && message.collection)).toContain(
      "other",
    );
  });

  it.each(Array.from({ length: 200 }, (_, seed) => seed))("ends equal, seed %i", (seed) => {
    const chance = random(seed);
    const one = new Objects();
    const other = new Objects();
    one.known = chance() < 0.5;
    const pair = new Pair({ one, other });
    for (let step = 0; step < 400; step++) {
      const what = chance();
      const [name, objects] =
        chance() < 0.5 ? (["one", one] as const) : (["other", other] as const);
      const key = `k${Math.floor(chance() * 30)}`;
      if (what < 0.2) objects.objects.set(key, String(step));
      else if (what < 0.3) objects.objects.delete(key);
      else if (what < 0.32) pair.begin();
      else if (what < 0.34) one.known = true;
      else if (what < 0.6) pair.send();
      else if (what < 0.8) pair.hearUp();
      else pair.hearDown();
      if (what < 0.3) pair.mark(name, key);
    }
    one.known = true;
    pair.settle();
    expect(pair.kept.get("one") ?? new Map()).toEqual(one.objects);
    expect(pair.kept.get("other") ?? new Map()).toEqual(other.objects);
    expect(pair.isCompared).toBe(true);
  });

  it("never takes an object away that was there all the time", () => {
    for (let seed = 0; seed < 100; seed++) {
      const chance = random(seed);
      const pods = of(["stays", "1"]);
      const pair = new Pair({ pods });
      pair.settle();
      for (let step = 0; step < 200; step++) {
        const what = chance();
        if (what < 0.1) pods.objects.set("stays", String(step));
        if (what < 0.1) pair.mark("pods", "stays");
        else if (what < 0.15) pair.begin();
        else if (what < 0.45) pair.send();
        else if (what < 0.75) pair.hearUp();
        else pair.hearDown();
        expect(pair.kept.get("pods")?.has("stays")).toBe(true);
      }
    }
  });
});

describe("digests", () => {
  it("do not depend on the order, and differ with every key and version", () => {
    const entries = Array.from({ length: 100 }, (_, at) => [`k${at}`, versionOf(`${at}`)] as const);
    const one = digests(entries);
    expect(digests([...entries].reverse())).toEqual(one);
    const [first, ...rest] = entries;
    const changed = [[first?.[0] ?? "", versionOf("other")] as const, ...rest];
    expect(digests(changed)).not.toEqual(one);
    expect(digests(rest)).not.toEqual(one);
    expect(new Set(entries.map(([key]) => bucketOf(key))).size).toBeGreaterThan(BUCKETS / 2);
  });
});

describe("a message of the other end", () => {
  const version = versionOf("x");
  it.each([
    null,
    1,
    "put",
    [],
    {},
    { kind: "constructor" },
    { kind: "collections", names: "pods" },
    { kind: "collections", names: Array.from({ length: 1025 }, () => "a") },
    { kind: "digest", collection: "", buckets: [] },
    { kind: "digest", collection: "pods", buckets: [[64, version]] },
    { kind: "digest", collection: "pods", buckets: [[1.5, version]] },
    { kind: "digest", collection: "pods", buckets: [[1, "short"]] },
    { kind: "listing", collection: "pods", bucket: -1, entries: [] },
    { kind: "listing", collection: "pods", bucket: 1, entries: [["k"]] },
    { kind: "put", collection: "pods", key: "k", version },
    { kind: "put", collection: "pods", key: "k".repeat(513), version, object: {} },
    { kind: "gone", collection: "pods", key: 7 },
  ])("is refused when it is %j", (value) => {
    expect(() => sourceMessage(value)).toThrow(BadReplicationError);
  });

  it.each([
    { kind: "put", collection: "pods", key: "k", version, object: {} },
    { kind: "want", collection: "pods", keys: [""] },
    { kind: "differs", collection: "pods", buckets: ["1"] },
  ])("is refused from the end that follows when it is %j", (value) => {
    expect(() => sinkMessage(value)).toThrow(BadReplicationError);
  });
});
