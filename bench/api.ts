import https from "node:https";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiTarget, call } from "./api-target.ts";
import { median } from "./quantile.ts";

/** What one API can do. */
export interface ApiFigures {
  /** Objects created in a second. */
  readonly createsAlone: number;
  readonly createsBy32: number;
  /** Milliseconds, medians. */
  readonly firstPage: number;
  readonly wholeList: number;
  readonly fanOut: Readonly<Record<number, FanOutFigures>>;
  /** Bytes with all objects there. */
  readonly memory: number;
}

/** What watchers get. */
export interface FanOutFigures {
  /** Events delivered in a second, of changes made as fast as possible. */
  readonly eventsPerSecond: number;
  /** Milliseconds from the request of a change to the event, of changes made now and then. */
  readonly p99: number;
}

/** Objects there are when lists, watches and memory are looked at. */
export const OBJECTS = 10_000;
export const WATCHERS = [100, 1000] as const;

const MAPS = "/api/v1/namespaces/default/configmaps";
const CREATING_MS = 4000;
const LISTS = 9;
/** Changes of a burst, and of the calm time in which latency is looked at. */
const BURST = 100;
const CALM = 40;
const CALM_MS = 50;
const TEXT = "x".repeat(800);

/** Measures one API from empty to `OBJECTS` objects. */
export async function apiFigures(target: ApiTarget): Promise<ApiFigures> {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 64 });
  let made = 0;
  const create = () => {
    const body = JSON.stringify({ metadata: { name: `map-${made++}` }, data: { text: TEXT } });
    return call(target, agent, "POST", MAPS, body);
  };
  const creates = async (writers: number): Promise<number> => {
    const [from, began] = [made, performance.now()];
    await inParallel(writers, () => performance.now() - began < CREATING_MS, create);
    return ((made - from) * 1000) / (performance.now() - began);
  };
  try {
    // The first seconds of a process are its compiler's.
    await creates(8);
    const createsAlone = await creates(1);
    const createsBy32 = await creates(32);
    await fillUp(target, agent, made);
    await sleep(2000);
    const memory = await target.memory();
    const firstPage = await medianOf(LISTS * 3, () =>
      call(target, agent, "GET", `${MAPS}?limit=500`),
    );
    const wholeList = await medianOf(LISTS, () => call(target, agent, "GET", MAPS));
    const fanOut: Record<number, FanOutFigures> = {};
    for (const watchers of WATCHERS) fanOut[watchers] = await watched(target, agent, watchers);
    return { createsAlone, createsBy32, firstPage, wholeList, fanOut, memory };
  } finally {
    agent.destroy();
  }
}

/** Makes it exactly `OBJECTS`, whatever was created before. */
async function fillUp(target: ApiTarget, agent: https.Agent, made: number): Promise<void> {
  let name = made;
  const create = () => {
    const body = JSON.stringify({ metadata: { name: `map-${name++}` }, data: { text: TEXT } });
    return call(target, agent, "POST", MAPS, body);
  };
  await inParallel(16, () => name < OBJECTS, create);
  const remove = () => call(target, agent, "DELETE", `${MAPS}/map-${--name}`);
  await inParallel(16, () => name > OBJECTS, remove);
}

async function watched(
  target: ApiTarget,
  agent: https.Agent,
  watchers: number,
): Promise<FanOutFigures> {
  const audience = await Audience.gather(target, watchers);
  const change = (n: number) => {
    const name = `map-${n % 50}`;
    const data = { text: TEXT, at: `@${performance.now().toFixed(3)}@` };
    return call(
      target,
      agent,
      "PUT",
      `${MAPS}/${name}`,
      JSON.stringify({ metadata: { name }, data }),
    );
  };
  try {
    await audience.hear(BURST, () => inParallel(16, counter(BURST), change));
    const began = performance.now();
    await audience.hear(BURST, () => inParallel(16, counter(BURST), change));
    const eventsPerSecond = (BURST * watchers * 1000) / (performance.now() - began);
    audience.delays.length = 0;
    await audience.hear(CALM, async () => {
      for (let n = 0; n < CALM; n++) {
        await change(n);
        await sleep(CALM_MS);
      }
    });
    const delays = audience.delays.sort((a, b) => a - b);
    return { eventsPerSecond, p99: delays[Math.floor(delays.length * 0.99)] ?? Number.NaN };
  } finally {
    audience.leave();
  }
}

/** Watchers with a connection each. */
class Audience {
  /** Milliseconds from each change to each event. */
  readonly delays: number[] = [];
  readonly #agent = new https.Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  #watchers = 0;
  #heard = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #done: () => void = () => {};

  static async gather(target: ApiTarget, watchers: number): Promise<Audience> {
    const audience = new Audience();
    const path = `${MAPS}?watch=1&resourceVersion=${await revision(target, audience.#agent)}`;
    let next = 0;
    await inParallel(
      20,
      () => next < watchers,
      () => {
        next++;
        return audience.#join(target, path);
      },
    );
    return audience;
  }

  /** Resolves when all watchers have heard of `changes` changes that `make` makes. */
  async hear(changes: number, make: () => Promise<unknown>): Promise<void> {
    this.#heard = 0;
    this.#wanted = changes * this.#watchers;
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    await Promise.all([make(), done]);
  }

  leave(): void {
    this.#agent.destroy();
  }

  #join(target: ApiTarget, path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = https.request(
        target.url + path,
        { ...target.tls, agent: this.#agent },
        (response) => {
          this.#watchers++;
          response.on("data", (piece: Buffer) => this.#listen(piece));
          response.on("error", () => {});
          resolve();
        },
      );
      request.on("error", reject);
      request.end();
    });
  }

  /** A mark in two pieces would only be missed by the delays. */
  #listen(piece: Buffer): void {
    const text = piece.toString("latin1");
    const now = performance.now();
    for (const [, at] of text.matchAll(/"@([\d.]+)@"/g)) this.delays.push(now - Number(at));
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) this.#heard++;
    if (this.#heard >= this.#wanted) this.#done();
  }
}

function revision(target: ApiTarget, agent: https.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { ...target.tls, agent };
    const request = https.get(`${target.url}${MAPS}?limit=1`, options, async (response) => {
      let text = "";
      for await (const piece of response) text += String(piece);
      resolve(JSON.parse(text).metadata.resourceVersion);
    });
    request.on("error", reject);
  });
}

/** True `times` times. */
function counter(times: number): () => boolean {
  let left = times;
  return () => left-- > 0;
}

async function inParallel(
  workers: number,
  goesOn: () => boolean,
  work: (n: number) => Promise<unknown>,
): Promise<void> {
  let n = 0;
  const worker = async () => {
    while (goesOn()) await work(n++);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

async function medianOf(times: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await work();
    taken.push(performance.now() - began);
  }
  return median(taken);
}
