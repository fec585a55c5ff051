import { area, behaviour } from "./behaviour.ts";
import { kept, object } from "./things.ts";

export const schemas = area("schemas", [
  behaviour(
    "drops what it does not know",
    kept(object({ x: { type: "string" } }), { x: "1", y: 2 }),
    { x: "1" },
  ),
  behaviour(
    "drops what it does not know in lists",
    kept({ type: "array", items: object({ x: { type: "string" } }) }, [{ x: "1", y: 2 }]),
    [{ x: "1" }],
  ),
  behaviour(
    "keeps what it does not know where it is told to",
    kept(object({}, { "x-kubernetes-preserve-unknown-fields": true }), { x: { y: [1] } }),
    { x: { y: [1] } },
  ),
  behaviour(
    "drops known fields' unknown parts even there",
    kept(
      object(
        { x: object({ a: { type: "string" } }) },
        { "x-kubernetes-preserve-unknown-fields": true },
      ),
      { x: { a: "1", b: 2 }, z: 3 },
    ),
    { x: { a: "1" }, z: 3 },
  ),
  behaviour(
    "fills in defaults",
    kept(
      object({
        x: { type: "string", default: "d" },
        y: object({ z: { type: "integer", default: 3 } }),
      }),
      { y: {} },
    ),
    { x: "d", y: { z: 3 } },
  ),
  behaviour(
    "fills in a default object and what is in it",
    kept(object({ y: { ...object({ z: { type: "integer", default: 3 } }), default: {} } }), {}),
    { y: { z: 3 } },
  ),
  behaviour(
    "fills in defaults in lists",
    kept({ type: "array", items: object({ x: { type: "string", default: "d" } }) }, [
      {},
      { x: "1" },
    ]),
    [{ x: "d" }, { x: "1" }],
  ),
  behaviour(
    "does not fill in where there is null that is allowed",
    kept(object({ x: { type: "string", default: "d", nullable: true } }), { x: null }),
    { x: null },
  ),
  behaviour(
    "fills in where there is null that is not allowed",
    kept(object({ x: { type: "string", default: "d" } }), { x: null }),
    { x: "d" },
  ),
  behaviour(
    "drops null that is not allowed",
    kept(object({ x: { type: "string" } }), { x: null }),
    {},
  ),
]);
