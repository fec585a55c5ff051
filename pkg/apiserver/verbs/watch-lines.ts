import { apiVersionOf } from "../../apis/object.ts";
import type { StatusError } from "../../apis/status.ts";
import { type Operation, served, servedText } from "../request/operation.ts";
import { StoredObject, type StoreEvent } from "../store/store.ts";
import { type View, viewName, viewObject, viewOf } from "../table/view.ts";
import { type ObjectTest, requestTest } from "./selectors.ts";

type EventType = StoreEvent["type"];

/** Turns changes into the lines of one watch. */
export class WatchLines {
  readonly #operation: Operation;
  readonly #view: View;
  readonly #shape: string;
  readonly #test: ObjectTest | undefined;
  /** A table tells its columns once. */
  #isFirst = true;

  constructor(operation: Operation) {
    const { type, headers, query } = operation;
    this.#operation = operation;
    this.#view = viewOf(headers.accept, query);
    this.#shape = viewName(this.#view, type);
    this.#test = requestTest(type, query);
  }

  /** Whether the first line has to be made first, because it tells the columns. */
  get areTables(): boolean {
    return this.#view.as === "table";
  }

  /** The line of a change; undefined when this watch does not see it. Shared with all watches that see it alike. */
  live(event: StoreEvent): Uint8Array | undefined {
    const type = this.#typeOf(event);
    if (type === undefined) return undefined;
    const stored = shownState(event, type);
    if (this.areTables && this.#isFirst) return this.#write(type, stored);
    return event.render(`${type} ${this.#shape}`, () => this.#text(type, stored, false));
  }

  /** The same for a change of the past, which nobody shares. */
  replayed(event: StoreEvent): Uint8Array | undefined {
    const type = this.#typeOf(event);
    return type && this.#write(type, shownState(event, type));
  }

  /** The line of an object that is there when the watch begins. */
  initial(stored: StoredObject): Uint8Array | undefined {
    return this.#isMeant(stored) ? this.#write("ADDED", stored) : undefined;
  }

  #write(type: EventType, stored: StoredObject): Uint8Array {
    const first = this.#isFirst;
    this.#isFirst = false;
    return Buffer.from(this.#text(type, stored, first));
  }

  #text(type: EventType, stored: StoredObject, first: boolean): string {
    const kind = this.#operation.type;
    const object = served(kind, stored);
    const text = viewObject(this.#view, kind, object, () => servedText(kind, stored), first);
    return `{"type":"${type}","object":${text}}\n`;
  }

  /** An object that begins or ceases to be meant by the selectors comes or goes for this watch. */
  #typeOf({ type, stored, previous }: StoreEvent): EventType | undefined {
    if (!this.#isInNamespace(stored)) return undefined;
    if (this.#test === undefined) return type;
    const was = previous !== undefined && this.#isMeant(previous);
    const is = type !== "DELETED" && this.#isMeant(stored);
    if (is) return was ? "MODIFIED" : "ADDED";
    return was ? "DELETED" : undefined;
  }

  #isMeant(stored: StoredObject): boolean {
    if (!this.#isInNamespace(stored)) return false;
    return this.#test === undefined || this.#test(served(this.#operation.type, stored));
  }

  #isInNamespace({ key }: StoredObject): boolean {
    const { namespace } = this.#operation;
    return namespace === "" || key.namespace === namespace;
  }
}

/** The line that says: nothing new up to `revision`. `initial` marks the end of the initial objects. */
export function bookmarkLine(
  { type, headers, query }: Operation,
  initial: boolean,
  revision: number,
): Uint8Array {
  const annotations = initial ? { "k8s.io/initial-events-end": "true" } : undefined;
  const metadata = {
    resourceVersion: String(revision),
    creationTimestamp: null,
    annotations,
  };
  // Clients decode every event as what they asked for, also one that says nothing but a revision.
  const view = viewOf(headers.accept, query);
  const shape = {
    object: { kind: type.kind, apiVersion: apiVersionOf(type) },
    metadata: { kind: "PartialObjectMetadata", apiVersion: versionOf(view) },
    table: { kind: "Table", apiVersion: versionOf(view), columnDefinitions: null, rows: [] },
  }[view.as];
  const object = { ...shape, metadata };
  return Buffer.from(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
}

/** The line with which a watch ends because of `error`. */
export function errorLine({ status }: StatusError): Uint8Array {
  return Buffer.from(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
}

/** What ceased to be meant by a selector is shown as it was when it still was, at the new revision. */
function shownState({ type: change, stored, previous }: StoreEvent, type: EventType): StoredObject {
  if (type !== "DELETED" || change === "DELETED" || previous === undefined) return stored;
  const { resourceVersion } = stored.object.metadata;
  const metadata = { ...previous.object.metadata, resourceVersion };
  const object = { ...previous.object, metadata };
  return new StoredObject(stored.key, stored.revision, JSON.stringify(object));
}

function versionOf(view: View): string {
  return view.as === "object" ? "" : view.version;
}
