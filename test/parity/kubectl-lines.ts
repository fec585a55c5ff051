/** One kubectl command of a story; `say` stands on its standard input. */
export interface KubectlLine {
  readonly line: string;
  readonly say?: object | string | undefined;
  /** Whether it must fail. */
  readonly fails?: true | undefined;
  /** What of its output is not compared, as the releases of the servers differ. */
  readonly loose?: true | undefined;
  /** Whether kubectl itself prints its lines in an order that is another one each time. */
  readonly shuffled?: true | undefined;
}

const labels = { app: "web" };
const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i:1" }] } };
const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", labels },
  spec: { replicas: 2, selector: { matchLabels: labels }, template },
};
const map = (name: string, data: object, more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...more },
  data,
});
const list = (...items: object[]) => ({ apiVersion: "v1", kind: "List", items });
const NODE = { apiVersion: "v1", kind: "Node", metadata: { name: "lines-node" } };
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "bare", labels: { app: "bare" } },
  spec: { nodeName: "lines-node", containers: [{ name: "c", image: "i:1" }] },
};
const REQUEST = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  metadata: { name: "reader" },
  rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }],
};
const typo = {
  ...DEPLOYMENT,
  spec: {
    ...DEPLOYMENT.spec,
    template: { ...template, spec: { containers: [{ name: "c", imagee: "i" }] } },
  },
};

const does = (line: string, say?: object | string): KubectlLine => ({ line, say });
const loosely = (line: string, say?: object | string): KubectlLine => ({ line, say, loose: true });
const shuffled = (line: string): KubectlLine => ({ line, shuffled: true });
const fails = (line: string, say?: object | string): KubectlLine => ({ line, say, fails: true });
const failsLoosely = (line: string, say?: object | string): KubectlLine => ({
  ...fails(line, say),
  loose: true,
});

/** A story with every command that people use, in one namespace of its own. */
export const KUBECTL_LINES: readonly KubectlLine[] = [
  // What is there.
  loosely("version"),
  loosely("cluster-info"),
  loosely("api-resources"),
  loosely("api-versions"),
  does("api-resources --api-group=apps -o name"),
  does("api-resources --api-group=rbac.authorization.k8s.io --no-headers"),
  does("get --raw /healthz"),
  loosely("config view --minify -o jsonpath={.contexts[0].name}"),
  loosely("explain deployments.spec.template.spec.containers"),
  loosely("explain pods --recursive"),
  failsLoosely("explain deployments.spec.unheard"),
  failsLoosely("top nodes"),
  // Creating and showing.
  does("create namespace lines"),
  does("create configmap one --from-literal=a=1 --from-literal=b=2"),
  fails("create configmap one --from-literal=a=1"),
  does("create secret generic hidden --from-literal=p=x"),
  does("create serviceaccount robot"),
  does("create role viewer --verb=get,list --resource=pods"),
  does("create rolebinding viewers --role=viewer --serviceaccount=lines:robot"),
  does("create quota few --hard=pods=5"),
  does("create -f -", REQUEST),
  does("create configmap tried --from-literal=a=1 --dry-run=client -o jsonpath={.data}"),
  does("create configmap tried --from-literal=a=1 --dry-run=server -o name"),
  fails("get configmap tried"),
  does("get configmap one -o jsonpath={.data}"),
  does("get configmap one -o name"),
  does("get configmap one -o custom-columns=NAME:.metadata.name,A:.data.a"),
  does("get configmap one --show-labels --no-headers"),
  does("get secret hidden -o wide"),
  shuffled("describe configmap one"),
  does("describe secret hidden"),
  does("describe role viewer"),
  does("describe rolebinding viewers"),
  does("get role,rolebinding -o name"),
  fails("get nothing-of-the-sort"),
  fails("get configmap missing"),
  does("get configmap missing --ignore-not-found"),
  does("auth can-i create pods"),
  failsLoosely("auth can-i create pods --as=nobody"),
  does("auth can-i list pods --as=system:serviceaccount:lines:robot"),
  loosely("auth can-i --list"),
  // Applying.
  does("apply -f -", DEPLOYMENT),
  does("apply -f -", DEPLOYMENT),
  does("diff -f -", DEPLOYMENT),
  failsLoosely("diff -f -", { ...DEPLOYMENT, spec: { ...DEPLOYMENT.spec, replicas: 3 } }),
  failsLoosely("apply --validate=true -f -", typo),
  does("apply --server-side --field-manager=lines -f -", map("served", { a: "1" })),
  fails("apply --server-side --field-manager=other -f -", map("served", { a: "2" })),
  does(
    "apply --server-side --field-manager=other --force-conflicts -f -",
    map("served", { a: "2" }),
  ),
  loosely(
    "apply --prune -l set=s -f -",
    list(map("p1", {}, { labels: { set: "s" } }), map("p2", {}, { labels: { set: "s" } })),
  ),
  loosely("apply --prune -l set=s -f -", list(map("p1", {}, { labels: { set: "s" } }))),
  does("get configmap -l set=s -o name"),
  does("apply view-last-applied deployment/web -o json"),
  // Changing.
  does("scale deployment web --replicas=3"),
  fails("scale deployment web --replicas=1 --current-replicas=9"),
  does("label configmap one tier=edge"),
  fails("label configmap one tier=cloud"),
  does("label configmap one tier=cloud --overwrite"),
  does("label configmap one tier-"),
  does("annotate configmap one note=x"),
  does("annotate configmap one note-"),
  does('patch configmap one --type=merge -p {"data":{"a":"2","b":null}}'),
  does('patch configmap one --type=json -p [{"op":"add","path":"/data/c","value":"3"}]'),
  does(
    'patch deployment web -p {"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s:1"}]}}}}',
  ),
  failsLoosely('patch configmap one --type=json -p [{"op":"remove","path":"/data/none"}]'),
  does("get deployment web -o jsonpath={.spec.template.spec.containers[*].name}"),
  does("get configmap one -o jsonpath={.data}"),
  does("set image deployment/web c=i:2"),
  does("set env deployment/web A=b"),
  does("set resources deployment/web -c=c --limits=cpu=1"),
  does("edit configmap one"),
  does("get configmap one -o jsonpath={.data.a}"),
  does("replace -f -", map("one", { a: "replaced" })),
  does("replace --force -f -", map("one", { a: "forced" })),
  fails("replace -f -", map("missing", {})),
  does("rollout history deployment/web"),
  does("rollout pause deployment/web"),
  fails("rollout pause deployment/web"),
  does("rollout resume deployment/web"),
  does("rollout restart deployment/web"),
  loosely("expose deployment web --port=80"),
  does("get service web -o jsonpath={.spec.ports[0].port}{.spec.selector.app}"),
  loosely("run tried --image=i --dry-run=server -o jsonpath={.spec.containers[0].image}"),
  loosely("describe deployment web"),
  loosely("get all"),
  does("get deployment,configmap --sort-by=.metadata.name -o name"),
  does("get deployments -o jsonpath={range.items[*]}{.metadata.name}={.spec.replicas}{end}"),
  fails("wait --for=condition=Available deployment/web --timeout=1s"),
  does("autoscale deployment web --min=1 --max=3"),
  does("get horizontalpodautoscaler web -o jsonpath={.spec.maxReplicas}"),
  does("create job once --image=i"),
  does("create cronjob often --image=i --schedule=1_*_*_*_*"),
  does("create ingress front --rule=example.com/*=web:80"),
  does("create poddisruptionbudget few --selector=app=web --min-available=1"),
  does("create priorityclass lines-high --value=10"),
  does("delete priorityclass lines-high"),
  // Nodes.
  does("create -f -", NODE),
  does("cordon lines-node"),
  does("get node lines-node -o jsonpath={.spec.unschedulable}"),
  does("uncordon lines-node"),
  does("taint node lines-node k=v:NoSchedule"),
  does("taint node lines-node k-"),
  does("create -f -", POD),
  fails("drain lines-node --timeout=5s"),
  does("delete pod bare --force --grace-period=0"),
  does("drain lines-node"),
  does("delete node lines-node"),
  // Deleting.
  does("delete configmap p1"),
  fails("delete configmap p1"),
  does("delete configmap p1 --ignore-not-found"),
  does("delete deployment web --cascade=orphan --wait=false"),
  does("delete service,horizontalpodautoscaler web"),
  does("delete secret hidden --wait=false"),
  does("delete configmap -l none=such"),
];
