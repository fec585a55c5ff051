import type { ApiResponse } from "../../apis/api-transport.ts";
import { apiVersionOf } from "../../apis/object.ts";
import { StatusError } from "../../apis/status.ts";
import { errorCode } from "../../base/errors.ts";
import { isObject, type JsonObject } from "../request/json.ts";
import {
  keptIn,
  keyOf,
  type Operation,
  type Outcome,
  served,
  servedText,
  shown,
} from "../request/operation.ts";
import { numberOf } from "../request/query.ts";
import { badRequest, expired, notFound } from "../request/refusals.ts";
import { type StoredObject, storeId } from "../store/store.ts";
import { viewList, viewOf } from "../table/view.ts";
import { checkListOptions } from "./list-options.ts";
import { requestTest } from "./selectors.ts";

/** Items that are turned into text before others get their turn. */
const CHUNK = 200;

/** A place in a list: after the object `after` as everything was at `revision`. */
interface Place {
  readonly revision: number;
  readonly after: string;
}

/** GET of one object. */
export function get(operation: Operation): Outcome {
  const { store, type, name } = operation;
  const stored = store.get(keyOf(operation, name));
  if (stored === undefined) throw notFound(type, name);
  return shown(operation, 200, stored);
}

/** GET of a collection, or of one page of it; all pages are of the same revision. */
export function list(operation: Operation): Outcome {
  const { store, type, namespace, query } = operation;
  checkListOptions(query);
  const place = placeOf(query);
  const revision = place?.revision ?? exactRevision(operation) ?? store.revision;
  const all = itemsAt(operation, revision, namespace === "" ? undefined : namespace);
  const test = requestTest(type, query);
  const first = place === undefined ? 0 : firstAfter(all, place.after);
  const { page, next } = pageOf(all, first, numberOf(query, "limit") ?? 0, (stored) =>
    test === undefined ? true : test(served(type, stored)),
  );
  const metadata: JsonObject = { resourceVersion: String(revision) };
  const last = all[next - 1];
  if (next < all.length && last !== undefined) {
    metadata.continue = placeText({ revision, after: storeId(last.key) });
    if (test === undefined) metadata.remainingItemCount = all.length - next;
  }
  return { kind: "response", response: respond(operation, page, metadata) };
}

/** Up to `limit` (0: any number) of the objects from `first` on that are meant, and where the next page begins. */
function pageOf(
  all: readonly StoredObject[],
  first: number,
  limit: number,
  isMeant: (stored: StoredObject) => boolean,
): { readonly page: readonly StoredObject[]; readonly next: number } {
  const page: StoredObject[] = [];
  for (let next = first; next < all.length; next++) {
    if (limit > 0 && page.length === limit) return { page, next };
    const stored = all[next] as StoredObject;
    if (isMeant(stored)) page.push(stored);
  }
  return { page, next: all.length };
}

function respond(
  { type, headers, query }: Operation,
  page: readonly StoredObject[],
  metadata: JsonObject,
): ApiResponse {
  const view = viewOf(headers.accept, query);
  const { head, item } = viewList(view, type, apiVersionOf(type), metadata);
  const text = (stored: StoredObject) => item(served(type, stored), () => servedText(type, stored));
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: chunks(head, page, text),
  };
}

async function* chunks(
  head: string,
  page: readonly StoredObject[],
  text: (stored: StoredObject) => string,
): AsyncGenerator<Uint8Array> {
  let part = head;
  for (const [i, stored] of page.entries()) {
    part += i === 0 ? text(stored) : `,${text(stored)}`;
    if (i % CHUNK !== CHUNK - 1) continue;
    yield Buffer.from(part);
    part = "";
    // Thousands of objects take long to write; a watch or a heartbeat must not wait for all of them.
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield Buffer.from(`${part}]}\n`);
}

function itemsAt(
  { store, type }: Operation,
  revision: number,
  namespace: string | undefined,
): readonly StoredObject[] {
  try {
    return store.listAt(keptIn(type), namespace, revision);
  } catch (error) {
    if (errorCode(error) !== "REVISION_GONE") throw error;
    throw expired(
      "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
    );
  }
}

/** Callers may ask for a state not older than one they know; only what is yet to come cannot be had. */
function exactRevision({ store, query }: Operation): number | undefined {
  const revision = numberOf(query, "resourceVersion") ?? 0;
  if (revision > store.revision)
    throw StatusError.of(
      "Timeout",
      `Too large resource version: ${revision}, current: ${store.revision}`,
      {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
        retryAfterSeconds: 1,
      },
    );
  return query.get("resourceVersionMatch") === "Exact" && revision > 0 ? revision : undefined;
}

function firstAfter(all: readonly StoredObject[], id: string): number {
  const found = all.findIndex(({ key }) => storeId(key) > id);
  return found < 0 ? all.length : found;
}

function placeText(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function placeOf(query: URLSearchParams): Place | undefined {
  const text = query.get("continue") ?? "";
  if (text === "") return undefined;
  try {
    const place = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown;
    if (isObject(place) && Number.isSafeInteger(place.revision) && typeof place.after === "string")
      return { revision: Number(place.revision), after: place.after };
  } catch {
    // Falls through: not a place of ours.
  }
  throw badRequest("invalid continue token: continue key is not valid");
}
