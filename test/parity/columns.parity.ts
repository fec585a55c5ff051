import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

const accept = (type: string) => ({ accept: type });

const columns = (body: Any) =>
  (body.columnDefinitions ?? []).map((c: Any) => `${c.name}:${c.type}:${c.format}:${c.priority}`);

export const kindColumns = area("columns", [
  behaviour(
    "shows the columns of Pods",
    async (s) => columns((await s.get(s.core("pods"), accept(TABLE))).body),
    [
      "Name:string:name:0",
      "Ready:string::0",
      "Status:string::0",
      "Restarts:integer::0",
      "Age:string::0",
      "IP:string::1",
      "Node:string::1",
      "Nominated Node:string::1",
      "Readiness Gates:string::1",
    ],
  ),
  behaviour(
    "shows the columns of Deployments",
    async (s) => columns((await s.get(s.in("apps/v1", "deployments"), accept(TABLE))).body),
    [
      "Name:string:name:0",
      "Ready:string::0",
      "Up-to-date:string::0",
      "Available:string::0",
      "Age:string::0",
      "Containers:string::1",
      "Images:string::1",
      "Selector:string::1",
    ],
  ),
  behaviour(
    "shows the columns of Services",
    async (s) => columns((await s.get(s.core("services"), accept(TABLE))).body),
    [
      "Name:string:name:0",
      "Type:string::0",
      "Cluster-IP:string::0",
      "External-IP:string::0",
      "Port(s):string::0",
      "Age:string::0",
      "Selector:string::1",
    ],
  ),
  behaviour(
    "shows the columns of Secrets",
    async (s) => columns((await s.get(s.core("secrets"), accept(TABLE))).body),
    ["Name:string:name:0", "Type:string::0", "Data:string::0", "Age:string::0"],
  ),
  behaviour(
    "shows the columns of Namespaces",
    async (s) => columns((await s.get("/api/v1/namespaces?limit=1", accept(TABLE))).body),
    ["Name:string:name:0", "Status:string::0", "Age:string::0"],
  ),
  behaviour(
    "shows the columns of Nodes",
    async (s) => columns((await s.get("/api/v1/nodes?limit=1", accept(TABLE))).body),
    [
      "Name:string:name:0",
      "Status:string::0",
      "Roles:string::0",
      "Age:string::0",
      "Version:string::0",
      "Internal-IP:string::1",
      "External-IP:string::1",
      "OS-Image:string::1",
      "Kernel-Version:string::1",
      "Container-Runtime:string::1",
    ],
  ),
  behaviour(
    "shows the columns of Jobs",
    async (s) => columns((await s.get(s.in("batch/v1", "jobs"), accept(TABLE))).body),
    [
      "Name:string:name:0",
      "Completions:string::0",
      "Duration:string::0",
      "Age:string::0",
      "Containers:string::1",
      "Images:string::1",
      "Selector:string::1",
    ],
  ),
  behaviour(
    "shows the columns of ReplicaSets",
    async (s) => columns((await s.get(s.in("apps/v1", "replicasets"), accept(TABLE))).body),
    [
      "Name:string:name:0",
      "Desired:integer::0",
      "Current:integer::0",
      "Ready:integer::0",
      "Age:string::0",
      "Containers:string::1",
      "Images:string::1",
      "Selector:string::1",
    ],
  ),
  behaviour(
    "shows the columns of DaemonSets",
    async (s) => columns((await s.get(s.in("apps/v1", "daemonsets"), accept(TABLE))).body),
    [
      "Name:string:name:0",
      "Desired:integer::0",
      "Current:integer::0",
      "Ready:integer::0",
      "Up-to-date:integer::0",
      "Available:integer::0",
      "Node Selector:string::0",
      "Age:string::0",
      "Containers:string::1",
      "Images:string::1",
      "Selector:string::1",
    ],
  ),
  behaviour(
    "shows the columns of StatefulSets",
    async (s) => columns((await s.get(s.in("apps/v1", "statefulsets"), accept(TABLE))).body),
    [
      "Name:string:name:0",
      "Ready:string::0",
      "Age:string::0",
      "Containers:string::1",
      "Images:string::1",
    ],
  ),
  behaviour(
    "shows the columns of Leases",
    async (s) =>
      columns((await s.get(s.in("coordination.k8s.io/v1", "leases"), accept(TABLE))).body),
    ["Name:string:name:0", "Holder:string::0", "Age:string::0"],
  ),
  behaviour(
    "shows the columns of ServiceAccounts",
    async (s) => columns((await s.get(s.core("serviceaccounts"), accept(TABLE))).body),
    ["Name:string:name:0", "Secrets:string::0", "Age:string::0"],
  ),
]);
