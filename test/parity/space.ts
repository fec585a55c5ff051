import { randomInt } from "node:crypto";
import type { ApiTransport } from "../../pkg/apis/api-transport.ts";
import { eventually } from "../support/eventually.ts";
import { type Answer, type Any, request } from "./request.ts";

/** What a body is when a Content-Type is named for it. */
const PATCHES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** The group of the custom kind that every behaviour may use. */
export const WIDGET_GROUP = "parity.example.com";

/** A namespace of its own for one behaviour, and short words for the requests it makes. */
export class Space {
  readonly transport: ApiTransport;
  /** The namespace. */
  readonly ns: string;
  /** Part of the names of cluster-scoped objects, unlike anybody else's. */
  readonly id: string;
  readonly server: "embedded" | "kube-apiserver";

  private constructor(transport: ApiTransport, server: Space["server"]) {
    const suffix = Array.from({ length: 8 }, () => "bcdfghjklmnpqrstvwxz"[randomInt(20)]).join("");
    this.transport = transport;
    this.server = server;
    this.id = `id${suffix}`;
    this.ns = `ns${suffix}`;
  }

  static async open(transport: ApiTransport, server: Space["server"]): Promise<Space> {
    const space = new Space(transport, server);
    const { code } = await space.post("/api/v1/namespaces", { metadata: { name: space.ns } });
    if (code !== 201) throw new Error(`Cannot make namespace ${space.ns}: HTTP ${code}`);
    return space;
  }

  /** The path of a core resource in the namespace, for example `core("pods", "a", "status")`. */
  core(...parts: readonly string[]): string {
    return [`/api/v1/namespaces/${this.ns}`, ...parts].join("/");
  }

  /** The same in a group: `in("apps/v1", "deployments")`. */
  in(groupVersion: string, ...parts: readonly string[]): string {
    return [`/apis/${groupVersion}/namespaces/${this.ns}`, ...parts].join("/");
  }

  /** The path of ConfigMaps: the plainest kind. */
  maps(...parts: readonly string[]): string {
    return this.core("configmaps", ...parts);
  }

  /** The path of the shared custom kind. */
  widgets(...parts: readonly string[]): string {
    return this.in(`${WIDGET_GROUP}/v1`, "widgets", ...parts);
  }

  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer> {
    return this.call("GET", path, undefined, headers);
  }

  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer> {
    return this.call("POST", path, body, headers);
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.call("PUT", path, body);
  }

  patch(path: string, how: keyof typeof PATCHES, body: unknown): Promise<Answer> {
    return this.call("PATCH", path, body, { "content-type": PATCHES[how] });
  }

  delete(path: string, options?: unknown): Promise<Answer> {
    return this.call("DELETE", path, options);
  }

  /** Server-side apply as `manager`. */
  apply(path: string, manager: string, body: object, query = ""): Promise<Answer> {
    return this.patch(`${path}?fieldManager=${manager}${query}`, "apply", body);
  }

  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    return request(this.transport, method, path, body, headers);
  }

  /** Posts objects that must be made, and returns them. */
  async make(path: string, ...bodies: readonly object[]): Promise<Any[]> {
    const made: Any[] = [];
    for (const body of bodies) {
      const answer = await this.post(path, body);
      if (answer.code !== 201) throw new Error(`Cannot make it: ${JSON.stringify(answer.body)}`);
      made.push(answer.body);
    }
    return made;
  }

  /** A definition of a kind of this behaviour alone, in the group `<id>.example.com`, once it is served and established. */
  async define(spec: object, path: string): Promise<void> {
    const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const name = `things.${this.id}.example.com`;
    await this.make(definitions, {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name },
      spec,
    });
    await this.served(path);
    // A kube-apiserver serves a kind whose names it has accepted a moment before.
    await eventually(`${name} is established`, async () => {
      const { body } = await this.get(`${definitions}/${name}`);
      return body.status.conditions?.some(
        ({ type, status }: Any) => type === "Established" && status === "True",
      );
    });
  }

  /** Waits until a collection is there. */
  async served(path: string): Promise<void> {
    await eventually(`${path} is served`, async () => (await this.get(path)).code === 200);
  }
}
