import { causes, detailed, reason, said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import type { Any } from "./request.ts";
import { widget } from "./widget.ts";

const map = (name: string, more: object = {}) => ({ metadata: { name, ...more } });

export const creating = area("create", [
  behaviour(
    "adds to an object what only the server says",
    async (s) => {
      const { code, body } = await s.post(s.maps(), map("a"));
      const { uid, creationTimestamp, resourceVersion, managedFields, ...metadata } = body.metadata;
      return [code, body.kind, body.apiVersion, metadata, /^[0-9a-f-]{36}$/.test(uid)];
    },
    [201, "ConfigMap", "v1", { name: "a", namespace: "(ns)" }, true],
  ),
  behaviour(
    "does not believe what a caller says of uid, times and generation",
    async (s) => {
      const forged = {
        uid: "mine",
        creationTimestamp: "2001-01-01T00:00:00Z",
        generation: 7,
        selfLink: "/x",
        deletionTimestamp: "2001-01-01T00:00:00Z",
        deletionGracePeriodSeconds: 5,
      };
      const { body } = await s.post(s.maps(), map("a", forged));
      const { metadata } = body;
      return [
        metadata.uid === "mine",
        metadata.creationTimestamp > "2001-01-02",
        metadata.generation ?? null,
        metadata.deletionTimestamp ?? null,
        metadata.deletionGracePeriodSeconds ?? null,
      ];
    },
    [false, true, 7, null, null],
  ),
  behaviour(
    "makes up the end of a name",
    async (s) => {
      const { code, body } = await s.post(s.maps(), { metadata: { generateName: "pre-" } });
      const { name, generateName } = body.metadata;
      return [code, generateName, /^pre-[a-z0-9]{5}$/.test(name)];
    },
    [201, "pre-", true],
  ),
  behaviour(
    "cuts a long generateName so that the name fits",
    async (s) => {
      const { body } = await s.post(s.maps(), { metadata: { generateName: "x".repeat(80) } });
      return [body.metadata.name.length, body.metadata.generateName.length];
    },
    [63, 80],
  ),
  behaviour(
    "prefers name to generateName",
    async (s) => (await s.post(s.maps(), map("a", { generateName: "b-" }))).body.metadata.name,
    "a",
  ),
  behaviour(
    "refuses an object without any name",
    async (s) => detailed(await s.post(s.maps(), {})),
    [
      '422 Invalid: ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      {
        kind: "ConfigMap",
        causes: [
          {
            reason: "FieldValueRequired",
            message: "Required value: name or generateName is required",
            field: "metadata.name",
          },
        ],
      },
    ],
  ),
  behaviour(
    "refuses a bad generateName",
    async (s) =>
      causes(await s.post(s.maps(), { metadata: { generateName: "Bad_" } })).map((c) =>
        c.slice(0, 40),
      ),
    ["metadata.generateName FieldValueInvalid:", "metadata.name FieldValueInvalid: Invalid"],
  ),
  behaviour(
    "refuses a name that is taken",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return detailed(await s.post(s.maps(), map("a")));
    },
    ['409 AlreadyExists: configmaps "a" already exists', { name: "a", kind: "configmaps" }],
  ),
  behaviour(
    "refuses a name that is taken of a kind in a group",
    async (s) => {
      await s.make(s.widgets(), widget("a"));
      return detailed(await s.post(s.widgets(), widget("a")));
    },
    [
      '409 AlreadyExists: widgets.parity.example.com "a" already exists',
      { name: "a", group: "parity.example.com", kind: "widgets" },
    ],
  ),
  behaviour(
    "refuses a resourceVersion",
    async (s) => said(await s.post(s.maps(), map("a", { resourceVersion: "1" }))),
    "500 resourceVersion should not be set on objects to be created",
  ),
  behaviour(
    "refuses a resourceVersion of a custom object",
    async (s) => said(await s.post(s.widgets(), widget("a", {}, { resourceVersion: "1" }))),
    "500 resourceVersion should not be set on objects to be created",
  ),
  behaviour(
    "refuses the namespace of another path",
    async (s) => said(await s.post(s.maps(), map("a", { namespace: "other" }))),
    "400 BadRequest: the namespace of the provided object does not match the namespace sent on the request",
  ),
  behaviour(
    "takes the namespace of the path",
    async (s) => (await s.post(s.maps(), map("a"))).body.metadata.namespace,
    "(ns)",
  ),
  behaviour(
    "refuses a namespace for an object that has none",
    async (s) =>
      said(
        await s.post("/apis/rbac.authorization.k8s.io/v1/clusterroles", {
          metadata: { name: s.id, namespace: "x" },
        }),
      ),
    "201 ClusterRole",
  ),
  behaviour(
    "refuses another kind",
    async (s) =>
      said(await s.post(s.maps(), { kind: "Secret", apiVersion: "v1", metadata: { name: "a" } })),
    differs("foreign-kind-text"),
  ),
  behaviour(
    "refuses another version",
    async (s) =>
      said(
        await s.post(s.maps(), { kind: "ConfigMap", apiVersion: "v2", metadata: { name: "a" } }),
      ),
    differs("foreign-kind-text"),
  ),
  behaviour(
    "refuses another kind for a custom one",
    async (s) => said(await s.post(s.widgets(), { ...widget("a"), kind: "Gadget" })),
    '422 Invalid: Gadget.parity.example.com "a" is invalid: kind: Invalid value: "Gadget": must be Widget',
  ),
  behaviour(
    "refuses another version for a custom one",
    async (s) =>
      said(await s.post(s.widgets(), { ...widget("a"), apiVersion: "parity.example.com/v1beta1" })),
    "400 BadRequest: the API version in the data (parity.example.com/v1beta1) does not match the expected API version (parity.example.com/v1)",
  ),
  behaviour(
    "wants a custom object to say its kind",
    async (s) => reason(await s.post(s.widgets(), { metadata: { name: "a" } })),
    "400 BadRequest",
  ),
  behaviour(
    "refuses a namespace that is not there",
    async (s) => detailed(await s.post("/api/v1/namespaces/not-there/configmaps", map("a"))),
    ['404 NotFound: namespaces "not-there" not found', { name: "not-there", kind: "namespaces" }],
  ),
  behaviour(
    "refuses a namespace that is ending",
    async (s) => {
      await s.make(s.maps(), map("holder", { finalizers: ["example.com/hold"] }));
      await s.delete(`/api/v1/namespaces/${s.ns}`);
      const answer = await s.post(s.maps(), map("a"));
      return [said(answer), answer.body.details?.causes?.[0]?.reason ?? null];
    },
    [
      '403 Forbidden: configmaps "a" is forbidden: unable to create new content in namespace (ns) because it is being terminated',
      "NamespaceTerminating",
    ],
  ),
  behaviour(
    "says with dryRun what would be made",
    async (s) => {
      const { code, body } = await s.post(`${s.maps()}?dryRun=All`, map("a"));
      const { name, uid, creationTimestamp, resourceVersion } = body.metadata;
      return [
        code,
        name,
        uid !== undefined,
        creationTimestamp !== undefined,
        resourceVersion ?? null,
        said(await s.get(s.maps("a"))),
      ];
    },
    [201, "a", true, true, null, '404 NotFound: configmaps "a" not found'],
  ),
  behaviour(
    "refuses with dryRun what is taken",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.post(`${s.maps()}?dryRun=All`, map("a")));
    },
    '409 AlreadyExists: configmaps "a" already exists',
  ),
  behaviour(
    "refuses a dryRun it does not know",
    async (s) => detailed(await s.post(`${s.maps()}?dryRun=some`, map("a"))),
    [
      '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"some"}: supported values: "All"',
      {
        group: "meta.k8s.io",
        kind: "CreateOptions",
        causes: [
          {
            reason: "FieldValueNotSupported",
            message: 'Unsupported value: []string{"some"}: supported values: "All"',
            field: "dryRun",
          },
        ],
      },
    ],
  ),
  behaviour(
    "drops status of a kind with /status",
    async (s) =>
      (await s.post(s.widgets(), { ...widget("a"), status: { phase: "x" } })).body.status ?? null,
    null,
  ),
  behaviour(
    "starts generation at one where it counts",
    async (s) => [
      (await s.post(s.widgets(), widget("a"))).body.metadata.generation,
      (await s.post(s.maps(), map("a"))).body.metadata.generation ?? null,
    ],
    [1, null],
  ),
  behaviour(
    "shows the object under its path and in its list",
    async (s) => {
      const [made] = await s.make(s.maps(), { ...map("a"), data: { k: "v" } });
      const read = await s.get(s.maps("a"));
      const list = await s.get(s.maps());
      return [
        read.body.metadata.uid === made.metadata.uid,
        read.body.data,
        list.body.items.length,
        list.body.kind,
        list.body.items[0].kind ?? null,
      ];
    },
    differs("kind-of-items"),
  ),
  behaviour(
    "says that there is no such object",
    async (s) => detailed(await s.get(s.maps("none"))),
    ['404 NotFound: configmaps "none" not found', { name: "none", kind: "configmaps" }],
  ),
  behaviour(
    "says that there is no such custom object",
    async (s) => detailed(await s.get(s.widgets("none"))),
    [
      '404 NotFound: widgets.parity.example.com "none" not found',
      { name: "none", group: "parity.example.com", kind: "widgets" },
    ],
  ),
  behaviour(
    "creates an object that only comes with owner references",
    async (s) => {
      const [owner] = await s.make(s.maps(), map("owner"));
      const ref = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid };
      const { body } = await s.post(s.maps(), map("a", { ownerReferences: [ref] }));
      return body.metadata.ownerReferences.map(({ uid, ...rest }: Any) => [rest, uid === ref.uid]);
    },
    [[{ apiVersion: "v1", kind: "ConfigMap", name: "owner" }, true]],
  ),
]);
