import { names, said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Space } from "./space.ts";

const map = (name: string, labels: object = {}) => ({ metadata: { name, labels } });

async function some(s: Space): Promise<void> {
  await s.make(
    s.maps(),
    map("a", { x: "1", y: "2" }),
    map("b", { x: "2" }),
    map("c", { z: "" }),
    map("d"),
  );
}

const selected = (selector: string) => async (s: Space) => {
  await some(s);
  const answer = await s.get(`${s.maps()}?labelSelector=${encodeURIComponent(selector)}`);
  return answer.code === 200 ? names(answer) : said(answer);
};

const picked = (selector: string) => async (s: Space) => {
  await some(s);
  const answer = await s.get(`${s.maps()}?fieldSelector=${encodeURIComponent(selector)}`);
  return answer.code === 200 ? names(answer) : said(answer);
};

export const selecting = area("selectors", [
  behaviour("selects with =", selected("x=1"), ["a"]),
  behaviour("selects with ==", selected("x==2"), ["b"]),
  behaviour("selects with !=", selected("x!=1"), ["b", "c", "d"]),
  behaviour("selects with in", selected("x in (1,2)"), ["a", "b"]),
  behaviour("selects with notin", selected("x notin (1)"), ["b", "c", "d"]),
  behaviour("selects what has a label", selected("x"), ["a", "b"]),
  behaviour("selects what has no such label", selected("!x"), ["c", "d"]),
  behaviour("selects with several at once", selected("x,y=2"), ["a"]),
  behaviour("selects with > of numbers", selected("x>1"), ["b"]),
  behaviour("selects an empty value", selected("z="), ["c"]),
  behaviour("does not mind spaces", selected(" x = 1 , y in ( 2 ) "), ["a"]),
  behaviour(
    "refuses half a set",
    selected("x in (1"),
    "400 BadRequest: unable to parse requirement: found '', expected: ',' or ')'",
  ),
  behaviour(
    "refuses a set without in",
    selected("x (1)"),
    "400 BadRequest: unable to parse requirement: found '(', expected: '=', '!=', '==', 'in', notin'",
  ),
  behaviour(
    "refuses an operator without key",
    selected("=1"),
    "400 BadRequest: found '=', expected: !, identifier, or 'end of string'",
  ),
  behaviour(
    "refuses a value with a slash",
    selected("x=a/b"),
    "400 BadRequest: unable to parse requirement: invalid label value: \"a/b\": at key: \"x\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ),
  behaviour(
    "refuses > of a word",
    selected("x>a"),
    "400 BadRequest: unable to parse requirement: for 'Gt', 'Lt' operators, the value must be an integer",
  ),
  behaviour("picks by metadata.name", picked("metadata.name=b"), ["b"]),
  behaviour("picks by metadata.name with !=", picked("metadata.name!=b"), ["a", "c", "d"]),
  behaviour("picks by metadata.namespace", picked("metadata.namespace=none"), []),
  behaviour("picks with several at once", picked("metadata.name!=a,metadata.name!=b"), ["c", "d"]),
  behaviour(
    "refuses a field that cannot be picked by",
    picked("data.k=v"),
    '400 BadRequest: "data.k" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ),
  behaviour(
    "refuses a field selector without operator",
    picked("metadata.name"),
    "400 BadRequest: invalid selector: 'metadata.name'; can't understand 'metadata.name'",
  ),
  behaviour(
    "refuses an unknown field of a custom kind",
    async (s) => said(await s.get(`${s.widgets()}?fieldSelector=spec.color%3Dred`)),
    "400 BadRequest: field label not supported: spec.color",
  ),
  behaviour(
    "picks Secrets by type",
    async (s) => {
      await s.make(s.core("secrets"), { ...map("a"), type: "example.com/x" }, map("b"));
      return names(await s.get(`${s.core("secrets")}?fieldSelector=type%3DOpaque`));
    },
    ["b"],
  ),
  behaviour(
    "picks Pods by node and phase",
    async (s) => {
      const containers = [{ name: "c", image: "i" }];
      await s.make(
        s.core("pods"),
        { ...map("a"), spec: { containers, nodeName: "n" } },
        { ...map("b"), spec: { containers } },
      );
      return [
        names(await s.get(`${s.core("pods")}?fieldSelector=spec.nodeName%3Dn`)),
        names(await s.get(`${s.core("pods")}?fieldSelector=spec.nodeName%3D`)),
        names(
          await s.get(`${s.core("pods")}?fieldSelector=status.phase%3DPending,metadata.name%3Db`),
        ),
      ];
    },
    [["a"], ["b"], ["b"]],
  ),
  behaviour(
    "picks Events by the object they are about",
    async (s) => {
      const event = (name: string, about: string) => ({
        metadata: { name },
        involvedObject: { kind: "Pod", namespace: s.ns, name: about },
        reason: "r",
        message: "m",
        type: "Normal",
      });
      await s.make(s.core("events"), event("e1", "p"), event("e2", "q"));
      return names(
        await s.get(`${s.core("events")}?fieldSelector=involvedObject.name%3Dq,type%3DNormal`),
      );
    },
    ["e2"],
  ),
]);
