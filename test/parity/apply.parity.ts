import { detailed } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";

const map = (data: object | undefined, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...metadata },
  data,
});

const owners = (body: Any) =>
  (body.metadata.managedFields ?? []).map(
    ({ manager, operation, apiVersion, fieldsType, fieldsV1 }: Any) => ({
      manager,
      operation,
      apiVersion,
      fieldsType,
      fieldsV1,
    }),
  );

export const applying = area("apply", [
  behaviour(
    "creates what is not there",
    async (s) => {
      const { code, body } = await s.apply(s.maps("a"), "me", map({ k: "1" }));
      return [code, body.data, owners(body)];
    },
    [
      201,
      { k: "1" },
      [
        {
          manager: "me",
          operation: "Apply",
          apiVersion: "v1",
          fieldsType: "FieldsV1",
          fieldsV1: { "f:data": { "f:k": {} } },
        },
      ],
    ],
  ),
  behaviour(
    "changes nothing when the same is applied again",
    async (s) => {
      const first = await s.apply(s.maps("a"), "me", map({ k: "1" }));
      const second = await s.apply(s.maps("a"), "me", map({ k: "1" }));
      return [
        second.code,
        first.body.metadata.resourceVersion === second.body.metadata.resourceVersion,
      ];
    },
    [200, true],
  ),
  behaviour(
    "changes and adds its own fields",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      return (await s.apply(s.maps("a"), "me", map({ k: "2", l: "3" }))).body.data;
    },
    { k: "2", l: "3" },
  ),
  behaviour(
    "removes what is no longer applied",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1", l: "2" }));
      const { body } = await s.apply(s.maps("a"), "me", map({ l: "2" }));
      return [body.data, owners(body)];
    },
    [
      { l: "2" },
      [
        {
          manager: "me",
          operation: "Apply",
          apiVersion: "v1",
          fieldsType: "FieldsV1",
          fieldsV1: { "f:data": { "f:l": {} } },
        },
      ],
    ],
  ),
  behaviour(
    "leaves the fields of another manager",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      await s.apply(s.maps("a"), "you", map({ l: "2" }));
      const { body } = await s.apply(s.maps("a"), "me", map({ k: "3" }));
      return [body.data, owners(body).map((o: Any) => [o.manager, o.fieldsV1])];
    },
    [
      { k: "3", l: "2" },
      [
        ["me", { "f:data": { "f:k": {} } }],
        ["you", { "f:data": { "f:l": {} } }],
      ],
    ],
  ),
  behaviour(
    "shares a field on which both agree",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      const { code, body } = await s.apply(s.maps("a"), "you", map({ k: "1" }));
      const left = await s.apply(s.maps("a"), "me", map(undefined));
      return [code, owners(body).length, left.body.data];
    },
    [200, 2, { k: "1" }],
  ),
  behaviour(
    "refuses to take the field of another manager",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      return detailed(await s.apply(s.maps("a"), "you", map({ k: "2" })));
    },
    [
      '409 Conflict: Apply failed with 1 conflict: conflict with "me": .data.k',
      {
        causes: [
          { reason: "FieldManagerConflict", message: 'conflict with "me"', field: ".data.k" },
        ],
      },
    ],
  ),
  behaviour(
    "refuses to take several fields, and names them all",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1", l: "1" }));
      return detailed(await s.apply(s.maps("a"), "you", map({ k: "2", l: "2" })));
    },
    [
      '409 Conflict: Apply failed with 2 conflicts: conflicts with "me":\n- .data.k\n- .data.l',
      {
        causes: [
          { reason: "FieldManagerConflict", message: 'conflict with "me"', field: ".data.k" },
          { reason: "FieldManagerConflict", message: 'conflict with "me"', field: ".data.l" },
        ],
      },
    ],
  ),
  behaviour(
    "takes the field of another manager by force",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      const { body } = await s.apply(s.maps("a"), "you", map({ k: "2" }), "&force=true");
      return [body.data, owners(body).map((o: Any) => [o.manager, o.fieldsV1])];
    },
    [{ k: "2" }, [["you", { "f:data": { "f:k": {} } }]]],
  ),
  behaviour(
    "refuses to take what somebody updated meanwhile",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      await s.patch(`${s.maps("a")}?fieldManager=editor`, "merge", { data: { k: "9" } });
      const answer = await s.apply(s.maps("a"), "me", map({ k: "1" }));
      return [
        answer.code,
        answer.body.details?.causes?.map(({ message, ...rest }: Any) => ({
          ...rest,
          message: message.replace(/ at .*/, ""),
        })),
      ];
    },
    [
      409,
      [
        {
          reason: "FieldManagerConflict",
          field: ".data.k",
          message: 'conflict with "editor" using v1',
        },
      ],
    ],
  ),
  behaviour(
    "remembers who updated what",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      const { body } = await s.patch(`${s.maps("a")}?fieldManager=editor`, "merge", {
        data: { l: "9" },
      });
      return owners(body).map((o: Any) => [o.manager, o.operation, o.fieldsV1]);
    },
    [
      ["me", "Apply", { "f:data": { "f:k": {} } }],
      ["editor", "Update", { "f:data": { "f:l": {} } }],
    ],
  ),
  behaviour(
    "takes nothing from anybody with an empty map",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      const { code, body } = await s.apply(s.maps("a"), "you", map({}));
      const back = await s.apply(s.maps("a"), "me", map({ k: "2" }));
      return [code, body.data, back.code, back.body.data];
    },
    [200, { k: "1" }, 200, { k: "2" }],
  ),
  behaviour(
    "lets go of what somebody else has applied as an empty map",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      await s.apply(s.maps("a"), "you", map({}));
      const { code, body } = await s.apply(s.maps("a"), "me", map(undefined));
      return [code, body.data ?? {}];
    },
    [200, {}],
  ),
  behaviour(
    "applies an empty part of what was created otherwise",
    async (s) => {
      const quota = {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "a" },
        spec: { hard: { pods: "2" } },
      };
      const path = s.core("resourcequotas");
      await s.make(path, quota);
      const { code, body } = await s.apply(`${path}/a`, "you", { ...quota, spec: {} });
      return [code, body.spec];
    },
    [200, { hard: { pods: "2" } }],
  ),
  behaviour(
    "takes an empty namespace that somebody else has created",
    async (s) => {
      const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: `${s.ns}-b` } };
      await s.make("/api/v1/namespaces", body);
      const path = `/api/v1/namespaces/${s.ns}-b`;
      const answer = await s.apply(path, "you", { ...body, spec: {}, status: {} });
      return [answer.code, answer.body.spec];
    },
    [200, { finalizers: ["kubernetes"] }],
  ),
]);
