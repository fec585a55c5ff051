import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { treeKubeconfig } from "./tree-kubeconfig.ts";

const FILE = "/etc/ann/kube/config";
const SERVER = { server: "https://api:6443/", "certificate-authority": "ca.crt" };

function made(cluster: object, user: object, entry?: { url: string; ca?: string }) {
  const text = stringify({
    "current-context": "c",
    contexts: [
      { name: "other", context: { cluster: "none", user: "none" } },
      { name: "c", context: { cluster: "k", user: "u", namespace: "kube-system" } },
    ],
    clusters: [{ name: "k", cluster }],
    users: [{ name: "u", user }],
  });
  const config = parse(treeKubeconfig(text, "shop-7", FILE, entry));
  expect(config).toMatchObject({ apiVersion: "v1", kind: "Config", "current-context": "shop-7" });
  expect(config.contexts).toEqual([{ name: "shop-7", context: { cluster: "shop-7", user: "u" } }]);
  return { cluster: config.clusters[0].cluster, user: config.users[0].user };
}

describe("the kubeconfig of a cluster in the tree", () => {
  it("leads through the API, with files by their whole names", () => {
    const { cluster, user } = made(SERVER, {
      "client-certificate": "pki/ann.crt",
      "client-key": "/etc/ann.key",
      tokenFile: "../token",
    });
    expect(cluster).toEqual({
      server: "https://api:6443/clusters/shop-7",
      "certificate-authority": "/etc/ann/kube/ca.crt",
    });
    expect(user).toEqual({
      "client-certificate": "/etc/ann/kube/pki/ann.crt",
      "client-key": "/etc/ann.key",
      tokenFile: "/etc/ann/token",
    });
  });

  it("leads to an entry elsewhere, and trusts there only what the entry says", () => {
    const trust = { "insecure-skip-tls-verify": true, "tls-server-name": "api" };
    const given = { ...SERVER, ...trust, "proxy-url": "http://proxy:3128" };
    const entry = { url: "https://root:8443/", ca: "PEM" };
    expect(made(given, {}, entry).cluster).toEqual({
      server: "https://root:8443/clusters/shop-7",
      "certificate-authority-data": Buffer.from("PEM").toString("base64"),
      "proxy-url": "http://proxy:3128",
    });
    expect(made(given, {}, { url: entry.url }).cluster).toEqual({
      server: "https://root:8443/clusters/shop-7",
      "proxy-url": "http://proxy:3128",
    });
  });

  it.each([
    ["./login", "/etc/ann/kube/login"],
    ["/usr/bin/login", "/usr/bin/login"],
    ["login", "login"],
  ])("finds the credential plugin %s at %s", (command, found) => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command, args: ["x"] };
    expect(made(SERVER, { exec }).user).toEqual({ exec: { ...exec, command: found } });
  });

  it.each(["", "a: b", "contexts: [{name: c, context: {cluster: k}}]\ncurrent-context: c"])(
    "cannot be made from %j",
    (text) => {
      expect(() => treeKubeconfig(text, "shop-7", FILE)).toThrow(
        expect.objectContaining({ code: "KUBECONFIG_INVALID" }),
      );
    },
  );
});
