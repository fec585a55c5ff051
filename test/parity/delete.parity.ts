import { causes, detailed, said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import { widget } from "./widget.ts";

const map = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata } });

const HOLD = "example.com/hold";

const held = { finalizers: [HOLD] };

const RELEASE = [{ op: "remove", path: "/metadata/finalizers" }];

export const deleting = area("delete", [
  behaviour(
    "answers with a Status that names what is gone",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      const { code, body } = await s.delete(s.maps("a"));
      const { uid, ...details } = body.details;
      return [code, body.kind, body.status, details, uid === made.metadata.uid];
    },
    [200, "Status", "Success", { name: "a", kind: "configmaps" }, true],
  ),
  behaviour(
    "does the same for a custom object",
    async (s) => {
      await s.make(s.widgets(), widget("a"));
      const { code, body } = await s.delete(s.widgets("a"));
      const { uid, ...details } = body.details;
      return [code, body.kind, body.status, details];
    },
    [200, "Status", "Success", { name: "a", group: "parity.example.com", kind: "widgets" }],
  ),
  behaviour(
    "finds nothing the second time",
    async (s) => {
      await s.make(s.maps(), map("a"));
      await s.delete(s.maps("a"));
      return detailed(await s.delete(s.maps("a")));
    },
    ['404 NotFound: configmaps "a" not found', { name: "a", kind: "configmaps" }],
  ),
  behaviour(
    "lets a new object take the name at once, as another one",
    async (s) => {
      const [first] = await s.make(s.maps(), map("a"));
      await s.delete(s.maps("a"));
      const [second] = await s.make(s.maps(), map("a"));
      return first.metadata.uid === second.metadata.uid;
    },
    false,
  ),
  behaviour(
    "only marks an object that has finalizers, and answers with it",
    async (s) => {
      await s.make(s.maps(), map("a", held));
      const { code, body } = await s.delete(s.maps("a"));
      const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = body.metadata;
      return [
        code,
        body.kind,
        deletionTimestamp !== undefined,
        deletionGracePeriodSeconds,
        finalizers,
      ];
    },
    [200, "ConfigMap", true, 0, ["example.com/hold"]],
  ),
  behaviour(
    "marks a custom object the same way",
    async (s) => {
      await s.make(s.widgets(), widget("a", {}, held));
      const { code, body } = await s.delete(s.widgets("a"));
      const { deletionGracePeriodSeconds, generation } = body.metadata;
      return [code, body.kind, deletionGracePeriodSeconds, generation];
    },
    [200, "Widget", 0, 2],
  ),
  behaviour(
    "keeps the mark when it is deleted again",
    async (s) => {
      await s.make(s.maps(), map("a", held));
      const first = await s.delete(s.maps("a"));
      const second = await s.delete(s.maps("a"));
      const same =
        first.body.metadata.resourceVersion === second.body.metadata.resourceVersion &&
        first.body.metadata.deletionTimestamp === second.body.metadata.deletionTimestamp;
      return [second.code, second.body.kind, same];
    },
    [200, "ConfigMap", true],
  ),
  behaviour(
    "ends the object when the last finalizer goes by a patch",
    async (s) => {
      await s.make(s.maps(), map("a", held));
      await s.delete(s.maps("a"));
      const { code, body } = await s.patch(s.maps("a"), "json", RELEASE);
      return [code, body.kind, said(await s.get(s.maps("a")))];
    },
    [200, "ConfigMap", '404 NotFound: configmaps "a" not found'],
  ),
  behaviour(
    "ends the object when the last finalizer goes by an update",
    async (s) => {
      await s.make(s.widgets(), widget("a", {}, { finalizers: [HOLD, "example.com/too"] }));
      const { body } = await s.delete(s.widgets("a"));
      const one = { ...body, metadata: { ...body.metadata, finalizers: [HOLD] } };
      const left = await s.put(s.widgets("a"), one);
      const none = { ...left.body, metadata: { ...left.body.metadata, finalizers: [] } };
      const over = await s.put(s.widgets("a"), none);
      return [left.code, over.code, said(await s.get(s.widgets("a")))];
    },
    [200, 200, '404 NotFound: widgets.parity.example.com "a" not found'],
  ),
  behaviour(
    "does not take new finalizers for what is being deleted",
    async (s) => {
      await s.make(s.maps(), map("a", held));
      await s.delete(s.maps("a"));
      const add = [{ op: "add", path: "/metadata/finalizers/-", value: "example.com/more" }];
      return said(await s.patch(s.maps("a"), "json", add));
    },
    '422 Invalid: ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}',
  ),
  behaviour(
    "refuses a name that is still being deleted",
    async (s) => {
      await s.make(s.maps(), map("a", held));
      await s.delete(s.maps("a"));
      return said(await s.post(s.maps(), map("a")));
    },
    '409 AlreadyExists: object is being deleted: configmaps "a" already exists',
  ),
  behaviour(
    "refuses a finalizer without a domain",
    async (s) => causes(await s.post(s.maps(), map("a", { finalizers: ["hold"] }))),
    [
      'metadata.finalizers[0] FieldValueInvalid: Invalid value: "hold": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ),
]);
