import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, createServer as createTcpServer, Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { noMetrics } from "../../base/metrics.ts";
import type { Credentials } from "../../trust/credentials.ts";
import { TreeAuthority } from "../../trust/tree-authority.ts";
import { TUNNEL_PATH } from "../../tunnel/cloud-tunnel.ts";
import { dialLink } from "../../tunnel/edge-tunnel.ts";
import { SUBPROTOCOL } from "../../tunnel/hello.ts";
import { JOIN_PATH } from "../../tunnel/join-door.ts";
import { encodeFrame, encodeMessage } from "../../wire/codec.ts";
import { helloTo, memberOf, TestGuard } from "./guard.fixture.ts";
import { TestTree } from "./tree.fixture.ts";

let tree: TestTree;
let member: Credentials;
let foreign: Credentials;

beforeAll(async () => {
  tree = await TestTree.start();
  member = await tree.join("member", await tree.token());
  foreign = await memberOf(await TreeAuthority.create(), "member");
});
afterAll(async () => {
  await tree[Symbol.asyncDispose]();
});

/** A websocket of somebody with these credentials, or none. */
function caller(path: string, who?: Credentials, more: object = {}): WebSocket {
  const shown = who === undefined ? {} : { key: who.key, cert: who.chain };
  const socket = new WebSocket(`wss://${tree.root.address}${path}`, SUBPROTOCOL, {
    ...{ rejectUnauthorized: false, perMessageDeflate: false },
    ...shown,
    ...more,
  });
  socket.on("error", () => {});
  return socket;
}

/** The status and words with which somebody is turned away before a websocket is made. */
async function turnedAway(socket: WebSocket): Promise<string> {
  const [, response] = await once(socket, "unexpected-response");
  let words = "";
  for await (const chunk of response) words += String(chunk);
  socket.terminate();
  return `${response.statusCode} ${words.split(":")[0]}`;
}

/** The code with which a websocket is closed after `bytes` were said. */
async function closedAfter(socket: WebSocket, bytes: Uint8Array | string): Promise<string> {
  await once(socket, "open");
  socket.send(bytes);
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return code === 4000 ? (String(reason).split(":")[0] ?? "") : String(code);
}

describe("who calls at a tunnel", () => {
  it.each([
    ["without a certificate", () => undefined, "403 CERTIFICATE_INVALID"],
    ["with a certificate of another tree", () => foreign, "403 FOREIGN_AUTHORITY"],
  ])("%s is turned away before a websocket is made", async (_, who, expected) => {
    expect(await turnedAway(caller(TUNNEL_PATH, who()))).toBe(expected);
  });

  it.each([
    ["in a browser", TUNNEL_PATH, { origin: "https://example.org" }, "403 "],
    ["at another path", "/controller", {}, "404 "],
    ["at the door of the original", "/access/member", {}, "404 "],
  ])("%s is turned away although it belongs to the tree", async (_, path, more, expected) => {
    expect(await turnedAway(caller(path, member, more))).toBe(expected);
  });

  it("cannot have its words compressed, which could make a bomb of them", async () => {
    const socket = caller(TUNNEL_PATH, member, { perMessageDeflate: true });
    await once(socket, "open");
    expect(socket.extensions).toBe("");
    socket.terminate();
  });

  it("does not get by with plain HTTP or an old TLS", async () => {
    await expect(fetch(`http://${tree.root.address}${TUNNEL_PATH}`)).rejects.toThrow();
    const [host = "", port = ""] = tree.root.address.split(":");
    const old = connect({
      host,
      port: Number(port),
      maxVersion: "TLSv1.2",
      rejectUnauthorized: false,
    });
    await expect(once(old, "secureConnect")).rejects.toThrow(/alert|version/i);
  });

  it("is turned away when its headers are too long to be ours", async () => {
    const headers = { "x-long": "a".repeat(200_000) };
    expect(await turnedAway(caller(TUNNEL_PATH, member, { headers }))).toBe("400 ");
  });
});

describe("what is said at the door of strangers", () => {
  it.each([
    ["random bytes", Buffer.from("8a7c01ff00ff", "hex"), "PROTOCOL_ERROR"],
    ["text", "hello", "TEXT_FRAME"],
    ["another message", encodeFrame([encodeMessage({ kind: "resync" })]), "HELLO_EXPECTED"],
  ])("%s ends the connection", async (_, bytes, code) => {
    expect(await closedAfter(caller(JOIN_PATH), bytes)).toBe(code);
  });

  it("more than a request can be is not buffered", async () => {
    const socket = caller(JOIN_PATH);
    expect(await closedAfter(socket, Buffer.alloc(3 * 1024 * 1024))).toBe("1006");
  });

  it("a hello opens no link, whoever says it", async () => {
    const hello = encodeFrame([encodeMessage(helloTo(member, "root"))]);
    expect(await closedAfter(caller(JOIN_PATH, member), hello)).toBe("HELLO_EXPECTED");
  });

  it("a hello of another name opens no link at the tunnel either", async () => {
    const hello = encodeFrame([encodeMessage(helloTo(foreign, "root"))]);
    expect(await closedAfter(caller(TUNNEL_PATH, member), hello)).toMatch(
      /FOREIGN_AUTHORITY|FORGED/,
    );
  });
});

/** A server that is no parent of ours; what it hears is kept. */
async function withServer(
  listen: (heard: string[]) => { readonly server: ReturnType<typeof createTcpServer> },
  run: (address: string, heard: string[]) => Promise<void>,
): Promise<void> {
  const heard: string[] = [];
  const { server } = listen(heard);
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => void sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await run(`127.0.0.1:${(server.address() as AddressInfo).port}`, heard);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function dialCode(address: string): Promise<string> {
  const { guard } = new TestGuard(member);
  const options = {
    address,
    path: TUNNEL_PATH,
    side: "up",
    metrics: noMetrics,
    trust: guard.parentTrust,
    hello: () => helloTo(member, "root"),
  } as const;
  return dialLink(options, AbortSignal.timeout(10_000)).then(
    () => "joined",
    (error: { code: string }) => error.code,
  );
}

describe("a child that dials", () => {
  it("says nothing to a parent of another tree", async () => {
    await withServer(
      (heard) => {
        const server = createHttpsServer({ key: foreign.key, cert: foreign.chain });
        server.on("upgrade", (request, socket: TLSSocket) => {
          const key = String(request.headers["sec-websocket-key"]);
          socket.write(acceptance(key));
          socket.on("data", (chunk) => heard.push(String(chunk)));
        });
        return { server };
      },
      async (address, heard) => {
        expect(await dialCode(address)).toBe("FOREIGN_AUTHORITY");
        expect(heard).toEqual([]);
      },
    );
  });

  it("does not follow where somebody sends it, and reads little of what he says", async () => {
    await withServer(
      () => {
        const server = createHttpsServer({ key: foreign.key, cert: foreign.chain });
        server.on("upgrade", (_, socket) => {
          socket.on("error", () => {});
          socket.write("HTTP/1.1 302 Found\r\nLocation: wss://127.0.0.1:1/\r\n\r\n");
          const more = (): void => {
            while (socket.writable && socket.write(Buffer.alloc(65_536)));
            socket.once("drain", more);
          };
          more();
        });
        return { server };
      },
      async (address) => expect(await dialCode(address)).toBe("DIAL_FAILED"),
    );
  });

  it("does not talk to a parent without TLS", async () => {
    await withServer(
      (heard) => ({
        server: createHttpServer((request) => void heard.push(request.url ?? "")),
      }),
      async (address, heard) => {
        expect(await dialCode(address)).toBe("DIAL_FAILED");
        expect(heard).toEqual([]);
      },
    );
  });

  it("learns why it was turned away", async () => {
    await withServer(
      () => {
        const server = createHttpsServer({ key: foreign.key, cert: foreign.chain });
        server.on("upgrade", (_, socket) => {
          socket.end(
            "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\nREVOKED: somebody says so",
          );
        });
        return { server };
      },
      async (address) => expect(await dialCode(address)).toBe("REVOKED"),
    );
  });
});

/** The answer that turns a connection into a websocket (RFC 6455, 4.2.2). */
function acceptance(key: string): string {
  const { createHash } = process.getBuiltinModule("node:crypto");
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  return `${head}Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`;
}
