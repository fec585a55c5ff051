import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { kubeconfigText } from "../../test/support/scripted-api.ts";
import { CertificateAuthority, type KeyPair } from "../base/certificates.ts";
import { temporaryDirectory } from "../base/temporary-directory.ts";
import { KubeconfigTransport } from "./kubeconfig-transport.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const forever = new AbortController().signal;

describe("KubeconfigTransport over TLS", () => {
  let ca: CertificateAuthority;
  let serving: KeyPair;
  beforeAll(async () => {
    ca = await CertificateAuthority.create("test-ca");
    serving = await ca.issue({ commonName: "api", usage: "server", hosts: ["127.0.0.1", "api"] });
  });

  /** A server that answers with the name in the client's certificate, and a kubeconfig for it. */
  async function world(cluster: object = {}) {
    const folder = await temporaryDirectory();
    const tls = { cert: serving.certificate, key: serving.key, ca: ca.certificate };
    let connections = 0;
    const server = createServer(
      { ...tls, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const name = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
        response.writeHead(name === undefined ? 401 : 200).end(name);
      },
    );
    server.on("secureConnection", () => connections++);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = path.join(folder.path, "config");
    const trusted = { "certificate-authority-data": base64(ca.certificate), ...cluster };
    const transports: KubeconfigTransport[] = [];
    return {
      folder: folder.path,
      connections: () => connections,
      write: (user: object) => writeFile(config, kubeconfigText(url, trusted, user)),
      async open() {
        const transport = await KubeconfigTransport.open(config);
        transports.push(transport);
        return async () => {
          const answer = await transport.request({ method: "GET", path: "/" }, forever);
          const chunks: Uint8Array[] = [];
          for await (const chunk of answer.body) chunks.push(chunk);
          return `${answer.status} ${Buffer.concat(chunks)}`;
        };
      },
      async [Symbol.asyncDispose]() {
        for (const transport of transports) await transport[Symbol.asyncDispose]();
        server.closeAllConnections();
        server.close();
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  async function client(commonName: string) {
    const pair = await ca.issue({ commonName, usage: "client" });
    return {
      "client-certificate-data": base64(pair.certificate),
      "client-key-data": base64(pair.key),
    };
  }

  it("shows its client certificate, and keeps the connection", async () => {
    await using w = await world();
    await w.write(await client("alice"));
    const ask = await w.open();
    expect([await ask(), await ask(), await ask()]).toEqual([
      "200 alice",
      "200 alice",
      "200 alice",
    ]);
    expect(w.connections()).toBe(1);
  });

  it("finds certificate files beside the kubeconfig", async () => {
    await using w = await world();
    const pair = await ca.issue({ commonName: "bob", usage: "client" });
    await writeFile(path.join(w.folder, "bob.crt"), pair.certificate);
    await writeFile(path.join(w.folder, "bob.key"), pair.key);
    await w.write({ "client-certificate": "bob.crt", "client-key": "bob.key" });
    expect(await (await w.open())()).toBe("200 bob");
  });

  it("takes a new certificate once the old one is not accepted", async () => {
    await using w = await world();
    await w.write({});
    const ask = await w.open();
    expect(await ask()).toBe("401 ");
    await w.write(await client("carol"));
    expect(await ask()).toBe("200 carol");
  });

  it("does not talk to a server whose certificate does not hold", async () => {
    const stranger = await CertificateAuthority.create("stranger");
    await using w = await world({
      "certificate-authority-data": base64(stranger.certificate),
    });
    await w.write(await client("alice"));
    await expect((await w.open())()).rejects.toMatchObject({ code: "API_UNREACHABLE" });
  });

  it("checks the server's certificate for tls-server-name, or not at all when told so", async () => {
    await using named = await world({ "tls-server-name": "api" });
    await named.write(await client("alice"));
    expect(await (await named.open())()).toBe("200 alice");

    await using wrong = await world({ "tls-server-name": "other" });
    await wrong.write(await client("alice"));
    await expect((await wrong.open())()).rejects.toMatchObject({ code: "API_UNREACHABLE" });

    const careless = { "insecure-skip-tls-verify": true, "certificate-authority-data": undefined };
    await using unchecked = await world(careless);
    await unchecked.write(await client("alice"));
    expect(await (await unchecked.open())()).toBe("200 alice");
  });
});
