import { expect, it } from "vitest";
import { duplicateFields } from "./json-duplicates.ts";

it.each([
  ['{"a":1,"b":{"a":1}}', []],
  ['{"a":1,"a":2}', ["a"]],
  ['{"a":[{"b":1},{"b":1,"c":{"d":1,"d":2}}]}', ["a[1].c.d"]],
  ['{"a":"{\\"x\\":1,\\"x\\":2}", "b" : "a" , "\\u0061":3}', ["a"]],
  ['[1,"a","a",{"a":"a"}]', []],
])("finds fields that are there twice in %s", (text, paths) => {
  expect(duplicateFields(text)).toEqual(paths);
});
