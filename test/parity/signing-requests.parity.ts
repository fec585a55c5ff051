import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

/** A PEM request for "sample", whose key nobody has. */
const REQUEST = [
  "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIc01JR1NBZ0VBTURBeEhUQWJCZ05WQkFvTUZITjVjM1Js",
  "YlRwaGRYUm9aVzUwYVdOaGRHVmtNUTh3RFFZRApWUVFEREFaellXMXdiR1V3V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPUFFN",
  "QkJ3TkNBQVNKYzVaMUhFZG5zbU12CjdDajdTLzEvWEFmQXlDbXFjYy9hdnNqV1BPL2ZsbEI5eWhQRFJ4QlVMWitoc3h0T09p",
  "TVdybkN6NkJpalRSRG0KMXdkU3E5STdvQUF3Q2dZSUtvWkl6ajBFQXdJRFNRQXdSZ0loQUlUOXVDQWtKOU1QZDlnK3h3VTJR",
  "YUpMSGI0RwpkM0crYlhTRVBJb053cXV0QWlFQWorSWIwa0F2eW1OaUFHeFVSaTQxWUpwTGdhMVVCUFlUQkdVN2lyS3VsY0k9",
  "Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=",
].join("");
const SIGNER = "kubernetes.io/kube-apiserver-client";

const requests = (...parts: string[]) =>
  ["/apis/certificates.k8s.io/v1/certificatesigningrequests", ...parts].join("/");
const wish = (s: Space, spec: object = {}) => ({
  metadata: { name: s.id },
  spec: { request: REQUEST, signerName: SIGNER, usages: ["client auth"], ...spec },
});
const approved = { type: "Approved", status: "True", reason: "Test", message: "m" };

/** The request as it is now, with `change` made to it, sent to that subresource. */
async function put(s: Space, part: string, change: (request: Any) => void) {
  const { body } = await s.get(requests(s.id));
  change(body);
  return s.put([requests(s.id), part].filter(Boolean).join("/"), body);
}

const conditions = ({ body }: Any) => (body.status?.conditions ?? []).map(({ type }: Any) => type);

export const signingRequests = area("signing requests", [
  behaviour(
    "writes down who asks, whoever the caller claims to be",
    async (s) => {
      const claim = { username: "forged", groups: ["forged"], uid: "forged" };
      const [{ spec }] = (await s.make(requests(), wish(s, claim))) as [Any];
      return [spec.username, ...spec.groups, spec.uid].includes("forged");
    },
    false,
  ),
  behaviour(
    "wants a signer and usages",
    async (s) => {
      const answer = await s.post(requests(), wish(s, { signerName: "", usages: [] }));
      return [answer.code, answer.body.details.causes.map(({ field }: Any) => field).sort()];
    },
    [422, ["spec.signerName", "spec.usages"]],
  ),
  behaviour(
    "begins without any decision",
    async (s) => {
      const status = { conditions: [approved], certificate: "eA==" };
      const made = await s.post(requests(), { ...wish(s), status });
      return [conditions(made), made.body.status?.certificate ?? null];
    },
    [[], null],
  ),
  behaviour(
    "changes neither wish nor decision by an update",
    async (s) => {
      await s.make(requests(), wish(s));
      const { code, body } = await put(s, "", (request) => {
        request.spec.usages = ["server auth"];
        request.status = { conditions: [approved] };
        request.metadata.labels = { a: "b" };
      });
      return [code, body.spec.usages, body.metadata.labels, conditions({ body })];
    },
    [200, ["client auth"], { a: "b" }, []],
  ),
  behaviour(
    "is approved through a path of its own, which changes nothing else",
    async (s) => {
      await s.make(requests(), wish(s));
      const answer = await put(s, "approval", (request) => {
        request.spec.usages = ["server auth"];
        request.status = { conditions: [approved], certificate: "eA==" };
      });
      const { spec, status } = answer.body;
      return [answer.code, spec.usages, conditions(answer), status.certificate ?? null];
    },
    [200, ["client auth"], ["Approved"], null],
  ),
  behaviour(
    "shows itself at that path",
    async (s) => {
      await s.make(requests(), wish(s));
      const { code, body } = await s.get(requests(s.id, "approval"));
      return [code, body.kind, body.metadata.name];
    },
    [200, "CertificateSigningRequest", "(id)"],
  ),
  behaviour(
    "knows no other paths",
    async (s) => {
      await s.make(requests(), wish(s));
      const parts = ["denial", "constructor", "scale"];
      return Promise.all(parts.map(async (part) => (await s.get(requests(s.id, part))).code));
    },
    [404, 404, 404],
  ),
]);
