import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { type Duplex, PassThrough, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";
import { eventually } from "./eventually.ts";
import { type Container, runSession, type SessionStreams } from "./fake-kubelet-container.ts";
import { SpdyConnection, type SpdyStream } from "./fake-kubelet-spdy.ts";

/** What a request for a session is about. */
export interface Wanted {
  readonly kind: "exec" | "attach";
  readonly container: Container;
  readonly folder: string;
  readonly query: URLSearchParams;
}

/** Protocols of exec and attach, best first, over SPDY; and over websockets, where newer API servers speak the last one. */
const SPDY_PROTOCOLS = ["v4.channel.k8s.io"];
const WEBSOCKET_PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/** Port-forward as kubectl speaks it since 1.31: SPDY in the messages of a websocket. */
const TUNNEL_PROTOCOL = "SPDY/3.1+portforward.k8s.io";
/** Numbers of what goes through one websocket. */
const CHANNELS = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 };

const sockets = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) =>
    [...WEBSOCKET_PROTOCOLS, TUNNEL_PROTOCOL].find((known) => offered.has(known)) ?? false,
});

/** Whether the client speaks over a websocket, and what of it is understood here. */
export function websocketProtocol(request: IncomingMessage): string | undefined {
  if (request.headers.upgrade?.toLowerCase() !== "websocket") return undefined;
  return request.headers["sec-websocket-protocol"] ?? "";
}

/** Serves exec or attach over SPDY. */
export async function serveSpdySession(
  request: IncomingMessage,
  socket: Duplex,
  wanted: Wanted,
): Promise<void> {
  const offered = request.headersDistinct["x-stream-protocol-version"] ?? [];
  const versions = offered.flatMap((line) => line.split(",")).map((version) => version.trim());
  const version = SPDY_PROTOCOLS.find((known) => versions.includes(known));
  if (version === undefined) {
    socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  acceptSpdy(socket, version);
  const streams = new Map<string, SpdyStream>();
  const connection = new SpdyConnection(socket, (stream) =>
    streams.set(stream.headers.streamtype ?? "", stream),
  );
  const gone = new AbortController();
  void connection.ended.then(() => gone.abort());
  const names = wantedStreams(wanted);
  await eventually("all streams have come", () => names.every((name) => streams.has(name)));
  const of = (name: string) => (names.includes(name) ? streams.get(name) : undefined);
  const session = {
    stdin: of("stdin"),
    stdout: of("stdout"),
    stderr: of("stderr"),
    resize: of("resize"),
  };
  const status = await run(wanted, session, gone.signal);
  streams.get("error")?.end(status);
  if (!gone.signal.aborted) await connection.close();
}

/** Serves exec or attach over a websocket. */
export function serveWebsocketSession(
  request: IncomingMessage,
  socket: Duplex,
  wanted: Wanted,
): void {
  sockets.handleUpgrade(request, socket, Buffer.alloc(0), (websocket) => {
    void runOnWebsocket(websocket, wanted);
  });
}

async function runOnWebsocket(websocket: WebSocket, wanted: Wanted): Promise<void> {
  websocket.on("error", () => {});
  const gone = new AbortController();
  websocket.once("close", () => gone.abort());
  const names = wantedStreams(wanted);
  const [stdin, resize] = [new PassThrough(), new PassThrough()];
  websocket.on("message", (message: Buffer) => {
    const [channel, first] = message;
    const body = message.subarray(1);
    if (channel === CHANNELS.close && first === CHANNELS.stdin) stdin.end();
    else if (channel === CHANNELS.resize) resize.write(body);
    else if (channel === CHANNELS.stdin && !stdin.write(body)) {
      websocket.pause();
      stdin.once("drain", () => websocket.resume());
    }
  });
  const status = await run(
    wanted,
    {
      stdin: names.includes("stdin") ? stdin : undefined,
      stdout: names.includes("stdout") ? channelOf(websocket, CHANNELS.stdout) : undefined,
      stderr: names.includes("stderr") ? channelOf(websocket, CHANNELS.stderr) : undefined,
      resize: names.includes("resize") ? resize : undefined,
    },
    gone.signal,
  );
  if (gone.signal.aborted) return;
  websocket.send(Buffer.concat([Buffer.of(CHANNELS.error), Buffer.from(status)]));
  websocket.close(1000);
}

/** Serves port-forward over SPDY, which may be in a websocket. */
export function servePortForward(request: IncomingMessage, socket: Duplex): void {
  if (websocketProtocol(request) === undefined) {
    acceptSpdy(socket, "portforward.k8s.io");
    forward(socket);
    return;
  }
  sockets.handleUpgrade(request, socket, Buffer.alloc(0), (websocket) =>
    forward(createWebSocketStream(websocket)),
  );
}

function forward(socket: Duplex): void {
  const errors = new Map<string, SpdyStream>();
  const connection = new SpdyConnection(socket, (stream) => {
    const { streamtype, requestid = "", port } = stream.headers;
    if (streamtype === "error") {
      errors.set(requestid, stream);
      return;
    }
    void carry(stream, Number(port)).then((problem) => {
      errors.get(requestid)?.end(problem);
      errors.delete(requestid);
    });
  });
  void connection.ended;
}

/** Joins a stream to a port of this machine, each direction until its own end; resolves with what went wrong. */
async function carry(stream: SpdyStream, port: number): Promise<string | undefined> {
  const target = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  try {
    await once(target, "connect");
    await Promise.all([pipeline(stream, target), pipeline(target, stream)]);
    return undefined;
  } catch (error) {
    target.destroy();
    stream.end();
    stream.resume();
    return `cannot forward to port ${port}: ${error instanceof Error ? error.message : error}`;
  }
}

async function run(wanted: Wanted, streams: SessionStreams, gone: AbortSignal): Promise<string> {
  const { kind, container, folder, query } = wanted;
  const tty = query.get("tty") === "1";
  const command = query.getAll("command");
  const code =
    kind === "exec"
      ? await runSession(command, streams, { tty, folder, gone })
      : await container.attach(streams, gone);
  return JSON.stringify(code === undefined || code === 0 ? SUCCESS : failure(code));
}

const SUCCESS = { metadata: {}, status: "Success" };

function failure(code: number): object {
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

function wantedStreams({ query }: Wanted): string[] {
  const tty = query.get("tty") === "1";
  return [
    "error",
    ...(query.get("input") === "1" ? ["stdin"] : []),
    ...(query.get("output") === "1" ? ["stdout"] : []),
    ...(query.get("error") === "1" && !tty ? ["stderr"] : []),
    ...(tty ? ["resize"] : []),
  ];
}

function acceptSpdy(socket: Duplex, version: string): void {
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n" +
      `X-Stream-Protocol-Version: ${version}\r\n\r\n`,
  );
}

function channelOf(websocket: WebSocket, channel: number): Writable {
  return new Writable({
    write: (bytes: Buffer, _, done) =>
      websocket.send(Buffer.concat([Buffer.of(channel), bytes]), done),
  });
}
