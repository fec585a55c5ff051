import { once } from "node:events";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { connect as connectHttp2, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../../base/certificates.ts";
import { silentLog } from "../../base/log.ts";
import type { Door } from "./door.ts";
import { HttpsListener } from "./https-listener.ts";
import { issueServer } from "./pki.ts";

/** Answers at once, but what is under /slow only when the other end has gone. */
const door: Door = {
  serves: () => true,
  async serve(request: Http2ServerRequest, response: Http2ServerResponse) {
    if (request.url === "/broken") throw new Error("a mistake of ours");
    request.on("error", () => {});
    response.on("error", () => {});
    response.writeHead(200);
    if (request.url === "/slow") response.write("begun");
    else response.end("ok");
  },
};

let authority: CertificateAuthority;
let listener: HttpsListener;

beforeAll(async () => {
  authority = await CertificateAuthority.create("test");
  const trust = { ca: "", pair: await issueServer(authority, "127.0.0.1") };
  const limits = { headersMs: 300, idleMs: 600, connections: 12, connectionsPerAddress: 10 };
  const address = { host: "127.0.0.1", port: 0 };
  listener = await HttpsListener.listen(address, trust, { doors: [door], log: silentLog, limits });
});
afterAll(() => listener?.[Symbol.asyncDispose]());

function connect(...ALPNProtocols: string[]): TLSSocket {
  const trust = { host: "127.0.0.1", port: listener.port, ca: authority.certificate };
  const socket = connectTls({ ...trust, ALPNProtocols });
  socket.on("error", () => {});
  return socket;
}

/** What is answered to `text`, until the connection ends. */
async function said(text: string, protocol = "http/1.1"): Promise<string> {
  const socket = connect(protocol);
  socket.write(text);
  let answer = "";
  socket.on("data", (piece) => {
    answer += String(piece);
  });
  // Not once(): it would reject when the other end cuts us off.
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}

describe("a connection", () => {
  it.each([
    ["that says nothing", "", "http/1.1"],
    ["whose headers never end", "GET / HTTP/1.1\r\nHost: x\r\nA: ", "http/1.1"],
    ["that says nothing in HTTP/2", "", "h2"],
    ["that stops in the preface of HTTP/2", "PRI * HTTP/2.0\r\n", "h2"],
    ["that says rubbish in HTTP/2", "GET / HTTP/1.1\r\n\r\n", "h2"],
    ["that nobody uses any more", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "http/1.1"],
  ])("%s ends", async (_, text, protocol) => {
    await said(text, protocol);
  });

  it("that waits for an answer stays, and ends when nobody uses it any more", async () => {
    const session = connectHttp2(`https://127.0.0.1:${listener.port}`, {
      ca: authority.certificate,
    });
    const closed = once(session, "close");
    const slow = session.request({ ":path": "/slow" });
    slow.on("error", () => {});
    await once(slow, "data");
    // It is there when one that came later and did nothing has gone, and another one after that.
    for (const _ of [1, 2]) await said("", "h2");
    expect(session.closed).toBe(false);
    slow.close(constants.NGHTTP2_CANCEL);
    await closed;
  });

  it.each([
    ["long headers", `GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(70_000)}\r\n\r\n`, "431"],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "400",
    ],
    [
      "a length and pieces",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "400",
    ],
    ["a header with a space", "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", "400"],
    ["a folded header", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "400"],
    ["lines that end in LF", "GET / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n", "400"],
    ["no host", "GET / HTTP/1.1\r\n\r\n", "400"],
  ])("that sends %s is refused", async (_, text, code) => {
    expect(await said(text)).toMatch(new RegExp(`^HTTP/1.1 ${code} `));
  });

  it.each([
    ["HTTP/1.1", "GET /broken HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a tunnel", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"],
  ])("on which we make a mistake ends, and no other one: %s", async (_, text) => {
    expect(await said(text)).toBe("");
    expect(await said("GET / HTTP/1.0\r\n\r\n")).toContain("ok");
  });

  it("of HTTP/2 does not become a tunnel", async () => {
    const session = connectHttp2(`https://127.0.0.1:${listener.port}`, {
      ca: authority.certificate,
    });
    const tunnel = session.request({ ":method": "CONNECT", ":authority": "x:1" });
    const [headers] = await once(tunnel, "response");
    expect(headers[":status"]).toBe(405);
    session.destroy();
  });

  it("of HTTP/1.0 gets its answer and ends", async () => {
    expect(await said("GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 200 .*ok$/s);
  });
});

it("takes so many connections from one address", async () => {
  const sockets = Array.from({ length: 14 }, () =>
    connectTcp({ host: "127.0.0.1", port: listener.port }),
  );
  for (const socket of sockets) socket.on("error", () => {});
  const refused = sockets.filter((_, i) => i >= 10).map((socket) => once(socket, "close"));
  await Promise.all(refused);
  expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(4);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => said("GET / HTTP/1.0\r\n\r\n").catch(() => "")).toContain("ok");
});
