import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer, connect as secure } from "node:tls";
import { expect, it } from "vitest";
import { CertificateAuthority } from "../base/certificates.ts";
import { reset, runsOver } from "./tcp.ts";

it("resets a TLS connection, which the peer notices although much is on its way", async () => {
  const authority = await CertificateAuthority.create("test");
  const pair = await authority.issue({ commonName: "test", usage: "server" });
  const server = createServer({ key: pair.key, cert: pair.certificate }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const tcp = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const near = secure({ socket: tcp, rejectUnauthorized: false });
  near.on("error", () => {});
  runsOver(near, tcp);
  const [[far]] = (await Promise.all([
    once(server, "secureConnection"),
    once(near, "secureConnect"),
  ])) as [[Socket], unknown];
  // What TLS says after its handshake is over by then, too.
  far.write("hello");
  await once(near, "data");
  // A polite end would be heard after all of that, and as an end.
  near.write(Buffer.alloc(64 * 1024 * 1024));
  reset(near);
  far.resume();
  const error = await new Promise((resolve) => far.once("error", resolve));
  expect(error).toMatchObject({ code: "ECONNRESET" });
  server.close();
});
