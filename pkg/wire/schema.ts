/** Number and type of one field; "[]" after the type means repeated. */
type Field = readonly [number: number, type: string];

/**
 * The protobuf schema (proto3), as docs/protocol.proto spells it out: a test holds both together.
 * Numbers are for ever; a field that is no longer used leaves a gap.
 */
export const SCHEMA: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  Frame: { version: [1, "uint32"], messages: [2, "Envelope[]"] },
  Hello: {
    name: [1, "string"],
    instance: [2, "string"],
    session: [3, "double"],
    tags: [4, "Tag[]"],
    listen: [5, "string"],
    version: [6, "string"],
    capabilities: [7, "string[]"],
    heartbeatMs: [8, "uint32"],
    preferredParent: [9, "string"],
  },
  Welcome: {
    name: [1, "string"],
    version: [2, "string"],
    capabilities: [3, "string[]"],
    heartbeatMs: [4, "uint32"],
    path: [5, "string[]"],
    listen: [6, "string"],
  },
  Path: { path: [1, "string[]"] },
  Route: {
    name: [1, "string"],
    parent: [2, "string"],
    instance: [3, "string"],
    session: [4, "double"],
    tags: [5, "Tag[]"],
    listen: [6, "string"],
    version: [7, "string"],
    preferredParent: [8, "string"],
  },
  Routes: {
    reset: [1, "bool"],
    changed: [2, "Route[]"],
    removed: [3, "string[]"],
    digest: [4, "string"],
  },
  Resync: {},
  Conflict: {
    name: [1, "string"],
    instance: [2, "string"],
    code: [3, "string"],
    text: [4, "string"],
  },
  Neighbour: { name: [1, "string"], listen: [2, "string"] },
  Neighbours: {
    grandparent: [1, "Neighbour[]"],
    aunts: [2, "Neighbour[]"],
    siblings: [3, "Neighbour[]"],
  },
  Task: {
    id: [1, "string"],
    origin: [2, "string"],
    targets: [3, "string[]"],
    ttlMs: [4, "uint32"],
    body: [5, "bytes"],
    startedAt: [6, "double"],
  },
  Result: {
    id: [1, "string"],
    origin: [2, "string"],
    cluster: [3, "string"],
    verdict: [4, "string"],
    code: [5, "uint32"],
    reason: [6, "string"],
    truncated: [7, "bool"],
    timestamp: [8, "double"],
    body: [9, "bytes"],
  },
  Tag: { key: [1, "string"], value: [2, "string"] },
  TaskBody: {
    destination: [1, "string"],
    method: [2, "string"],
    url: [3, "string"],
    body: [4, "string"],
    contentType: [5, "string"],
  },
};

/** Field of Envelope for each kind of message; exactly one of them is set. */
export const KINDS = {
  hello: [1, "Hello"],
  welcome: [2, "Welcome"],
  path: [3, "Path"],
  routes: [4, "Routes"],
  resync: [5, "Resync"],
  conflict: [6, "Conflict"],
  neighbours: [7, "Neighbours"],
  task: [8, "Task"],
  result: [9, "Result"],
} as const satisfies Record<string, Field>;
