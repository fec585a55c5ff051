import { causes, said, valueless } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import { WIDGET_GROUP } from "./space.ts";

const WIDGET = { apiVersion: `${WIDGET_GROUP}/v1`, kind: "Widget" };
const map = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata } });

export const referring = area("references and keys", [
  behaviour(
    "refuses an owner reference without uid",
    async (s) => {
      const ref = { apiVersion: "v1", kind: "Pod", name: "p", uid: "" };
      return causes(await s.post(s.maps(), map("a", { ownerReferences: [ref] })));
    },
    ['metadata.ownerReferences.uid FieldValueInvalid: Invalid value: "": uid must not be empty'],
  ),
  behaviour(
    "refuses an owner reference without everything",
    async (s) =>
      causes(
        await s.post(
          s.maps(),
          map("a", { ownerReferences: [{ apiVersion: "", kind: "", name: "", uid: "" }] }),
        ),
      ),
    [
      'metadata.ownerReferences.apiVersion FieldValueInvalid: Invalid value: "": version must not be empty',
      'metadata.ownerReferences.kind FieldValueInvalid: Invalid value: "": kind must not be empty',
      'metadata.ownerReferences.name FieldValueInvalid: Invalid value: "": name must not be empty',
      'metadata.ownerReferences.uid FieldValueInvalid: Invalid value: "": uid must not be empty',
    ],
  ),
  behaviour(
    "refuses two controllers",
    async (s) => {
      const ref = (name: string) => ({
        apiVersion: "v1",
        kind: "Pod",
        name,
        uid: name,
        controller: true,
      });
      return valueless(await s.post(s.maps(), map("a", { ownerReferences: [ref("p"), ref("q")] })));
    },
    [
      'metadata.ownerReferences FieldValueInvalid: Invalid value: …: Only one reference can have Controller set to true. Found "true" in references for p and q',
    ],
  ),
  behaviour(
    "refuses an Event as owner",
    async (s) => {
      const ref = { apiVersion: "v1", kind: "Event", name: "e", uid: "u" };
      return valueless(await s.post(s.maps(), map("a", { ownerReferences: [ref] })));
    },
    [
      "metadata.ownerReferences FieldValueInvalid: Invalid value: …: /v1, Kind=Event is disallowed from being an owner",
    ],
  ),
  behaviour(
    "refuses a key of a ConfigMap with a space",
    async (s) => causes(await s.post(s.maps(), { ...map("a"), data: { "a b": "c" } })),
    [
      "data[a b] FieldValueInvalid: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ),
  behaviour(
    "refuses a key that data and binaryData both have",
    async (s) =>
      causes(await s.post(s.maps(), { ...map("a"), data: { k: "c" }, binaryData: { k: "eA==" } })),
    ['data[k] FieldValueInvalid: Invalid value: "k": duplicate of key present in binaryData'],
  ),
  behaviour(
    "refuses a key of a Secret with a slash",
    async (s) => causes(await s.post(s.core("secrets"), { ...map("a"), data: { "a/b": "eA==" } })),
    [
      "data[a/b] FieldValueInvalid: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ),
  behaviour(
    "refuses a ConfigMap of more than a MiB",
    async (s) =>
      said(await s.post(s.maps(), { ...map("a"), data: { k: "x".repeat(1_048_577) } })).slice(
        0,
        90,
      ),
    '422 Invalid: ConfigMap "a" is invalid: []: Too long: must have at most 1048576 bytes',
  ),
  behaviour(
    "leaves out lists and maps of metadata with nothing in them",
    async (s) => {
      const empty = { labels: {}, annotations: {}, ownerReferences: [], finalizers: [] };
      const made = await s.post(s.maps(), map("a", empty));
      await s.post(s.widgets(), { ...map("b", empty), ...WIDGET });
      const owner = { apiVersion: "v1", kind: "ConfigMap", name: "a", uid: "u" };
      await s.patch(s.maps("a"), "strategic", { metadata: { ownerReferences: [owner] } });
      const freed = await s.patch(s.maps("a"), "strategic", {
        metadata: { ownerReferences: [{ $patch: "delete", uid: "u" }], labels: {} },
      });
      const widget = await s.get(s.widgets("b"));
      return [made, freed, widget].map(({ body }) =>
        Object.keys(empty).filter((name) => Object.hasOwn(body.metadata, name)),
      );
    },
    [[], [], []],
  ),
]);
