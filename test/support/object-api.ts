import { eventually } from "./eventually.ts";
import { type Answer, json, ScriptedApi, type SeenRequest, status } from "./scripted-api.ts";

/** Where a write is stopped on its way: it has not taken effect yet, or it has and nobody knows. */
export type HoldPoint = "before" | "after";

/**
 * A small Kubernetes API that keeps the objects it is sent, counts how often each write took effect,
 * and can hold writes back, so that whoever waits for the answer can be killed meanwhile.
 */
export class ObjectApi implements AsyncDisposable {
  readonly api: ScriptedApi;
  readonly #objects = new Map<string, object>();
  readonly #effects = new Map<string, number>();
  /** Told the name of each object as its write takes effect. */
  onEffect: (name: string) => void = () => {};
  #hold: HoldPoint | undefined;
  #held = 0;
  #most = 0;
  #release: (goOn: boolean) => void = () => {};
  #gate: Promise<boolean> = Promise.resolve(true);

  private constructor(api: ScriptedApi) {
    this.api = api;
    api.answer = (request) => this.#answer(request);
  }

  static async listen(host?: string): Promise<ObjectApi> {
    return new ObjectApi(await ScriptedApi.listen(host));
  }

  get kubeconfig(): string {
    return this.api.kubeconfig;
  }

  /** How often a write with that object's name took effect. */
  effects(name: string): number {
    return this.#effects.get(name) ?? 0;
  }

  /** Most writes that were held at the same time. */
  get mostHeld(): number {
    return this.#most;
  }

  /** How many writes are held now. */
  get held(): number {
    return this.#held;
  }

  /** From now on every write waits at that point. */
  hold(point: HoldPoint): void {
    this.#hold = point;
    this.#gate = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Held writes go on, or are forgotten as by an API that lost their connection; new ones pass. */
  release(what: "go on" | "forget" = "go on"): void {
    this.#hold = undefined;
    this.#release(what === "go on");
  }

  /** Resolves when that many writes are held. */
  async holds(count = 1): Promise<void> {
    await eventually(`the API holds ${count} writes`, () => this.#held >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release("forget");
    await this.api[Symbol.asyncDispose]();
  }

  async #answer(request: SeenRequest): Promise<Answer> {
    const { method, url } = request;
    if (method === "GET") {
      const object = this.#objects.get(nameIn(url));
      return object === undefined ? status(404, "NotFound") : json(object);
    }
    if (this.#hold === "before" && !(await this.#wait())) return "reset";
    const answer = this.#write(request);
    if (this.#hold === "after" && !(await this.#wait())) return "reset";
    return answer;
  }

  async #wait(): Promise<boolean> {
    this.#held++;
    this.#most = Math.max(this.#most, this.#held);
    const goOn = await this.#gate;
    this.#held--;
    return goOn;
  }

  #write({ method, url, body }: SeenRequest): Answer {
    const object = JSON.parse(body === "" ? "{}" : body) as { metadata?: { name?: string } };
    const name = method === "POST" ? (object.metadata?.name ?? "") : nameIn(url);
    if (method === "POST" && this.#objects.has(name)) return status(409, "AlreadyExists");
    this.#effects.set(name, this.effects(name) + 1);
    this.onEffect(name);
    const creationTimestamp = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const kept = { ...object, metadata: { ...object.metadata, name, creationTimestamp } };
    this.#objects.set(name, kept);
    return json(kept, method === "POST" ? 201 : 200);
  }
}

function nameIn(url: string): string {
  return url.split("?")[0]?.split("/").at(-1) ?? "";
}
