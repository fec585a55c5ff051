import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json, kubeconfigText, ScriptedApi, status } from "../../test/support/scripted-api.ts";
import { type ActAs, KubeconfigTransport } from "./kubeconfig-transport.ts";

const forever = new AbortController().signal;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "kubeconfig-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const at = path.join(folder, name);
  await writeFile(at, text);
  return at;
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

describe("KubeconfigTransport.open", () => {
  it.each([
    ["empty", "", "it has no current-context"],
    ["no-context", "current-context: a\ncontexts: []", 'it has no context "a"'],
    ["not-yaml", "a: b: c", "Nested mappings are not allowed"],
    [
      "no-cluster",
      "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]",
      'it has no cluster "b"',
    ],
    ["plain-http", kubeconfigText("http://10.0.0.1:8080"), "http on a loopback address"],
    ["no-url", kubeconfigText("nowhere"), 'its server is not a URL: "nowhere"'],
    [
      "no-ca-file",
      kubeconfigText("https://127.0.0.1:1", { "certificate-authority": "missing.crt" }),
      "missing.crt",
    ],
  ])("refuses a file that is wrong: %s", async (name, text, why) => {
    const opened = KubeconfigTransport.open(await file(name, text));
    await expect(opened).rejects.toMatchObject({
      code: "KUBECONFIG_INVALID",
      message: expect.stringContaining(why),
    });
  });

  it("refuses a file that is not there", async () => {
    await expect(KubeconfigTransport.open("/no/such/file")).rejects.toMatchObject({
      code: "KUBECONFIG_INVALID",
      message: expect.stringContaining('Cannot use kubeconfig "/no/such/file": ENOENT'),
    });
  });
});

describe("KubeconfigTransport", () => {
  it("sends method, path, headers and body, and streams the answer", async () => {
    await using api = await ScriptedApi.listen();
    await using transport = await KubeconfigTransport.open(api.kubeconfig);
    api.answer = () => ({ status: 201, headers: { "x-one": "1" }, body: "answer" });
    const request = { method: "POST", path: "/a?b=c", headers: { accept: "x/y" }, body: "Grüße" };
    const response = await transport.request(request, forever);
    expect(response).toMatchObject({ status: 201, headers: { "x-one": "1" } });
    expect(await textOf(response.body)).toBe("answer");
    expect(api.requests).toMatchObject([
      {
        method: "POST",
        url: "/a?b=c",
        body: "Grüße",
        headers: { accept: "x/y", "content-length": "7" },
      },
    ]);
  });

  it("acts as somebody else, and then not as whom the kubeconfig names", async () => {
    await using api = await ScriptedApi.listen();
    api.answer = () => json({});
    const user = { token: "mine", as: "somebody" };
    const at = await file("as", kubeconfigText(api.url, {}, user));
    const seenAs = async (actAs?: ActAs) => {
      await using transport = await KubeconfigTransport.open(at, { actAs });
      const asking = { method: "POST", path: "/", body: "{}" };
      await textOf((await transport.request(asking, forever)).body);
      const headers = Object.entries(api.requests.at(-1)?.headers ?? {});
      return Object.fromEntries(headers.filter(([name]) => /^(impersonate|author)/.test(name)));
    };
    const authorization = "Bearer mine";
    expect(await seenAs()).toEqual({ authorization, "impersonate-user": "somebody" });
    expect(await seenAs({ name: "ann", groups: [] })).toEqual({
      authorization,
      "impersonate-user": "ann",
    });
    expect(await seenAs({ name: "j\u00f6rg", uid: "7", groups: ["dev", "ops"] })).toEqual({
      authorization,
      "impersonate-user": Buffer.from("j\u00f6rg").toString("latin1"),
      "impersonate-uid": "7",
      "impersonate-group": "dev, ops",
    });
  });

  it("keeps the path of a server URL in front of each request", async () => {
    await using api = await ScriptedApi.listen();
    const config = await file("prefix", kubeconfigText(`${api.url}/clusters/north/`));
    await using transport = await KubeconfigTransport.open(config);
    const { body } = await transport.request({ method: "GET", path: "/version" }, forever);
    await textOf(body);
    expect(api.requests[0]?.url).toBe("/clusters/north/version");
  });

  it("says API_UNREACHABLE when nobody listens and when the connection breaks", async () => {
    await using api = await ScriptedApi.listen();
    await using transport = await KubeconfigTransport.open(api.kubeconfig);
    api.answer = () => "reset";
    const get = () => transport.request({ method: "GET", path: "/" }, forever);
    await expect(get()).rejects.toMatchObject({ code: "API_UNREACHABLE" });
    await api.stop();
    await expect(get()).rejects.toMatchObject({
      code: "API_UNREACHABLE",
      message: expect.stringContaining(`Cannot reach the Kubernetes API at "${api.url}"`),
      cause: { code: "ECONNREFUSED" },
    });
  });

  it("reads over a new connection when the server has hung up all that were idle", async () => {
    const asked = new Map<Socket, number>();
    const server = createHttpServer(({ socket }, answer) => {
      const times = (asked.get(socket) ?? 0) + 1;
      asked.set(socket, times);
      if (times > 1) socket.destroy();
      else setImmediate(() => answer.end("here"));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    await using transport = await KubeconfigTransport.open(await file("idle", kubeconfigText(url)));
    const read = async () => {
      const { body } = await transport.request({ method: "GET", path: "/", headers: {} }, forever);
      return textOf(body);
    };
    await Promise.all([1, 2, 3].map(read));
    expect(asked.size).toBe(3);
    expect(await read()).toBe("here");
    const write = { method: "POST", path: "/", headers: {}, body: "once" };
    await expect(transport.request(write, forever)).rejects.toMatchObject({
      code: "API_UNREACHABLE",
    });
    server.closeAllConnections();
    server.close();
  });

  it("says API_UNREACHABLE in the middle of a body that breaks off", async () => {
    await using api = await ScriptedApi.listen();
    await using transport = await KubeconfigTransport.open(api.kubeconfig);
    api.answer = () => ({
      body: (async function* () {
        yield "first";
        await new Promise<void>((resolve) => setImmediate(resolve));
        throw new Error("broken");
      })(),
    });
    const response = await transport.request({ method: "GET", path: "/" }, forever);
    await expect(textOf(response.body)).rejects.toMatchObject({ code: "API_UNREACHABLE" });
  });

  it("rejects with the reason of its signal, before and during the answer", async () => {
    await using api = await ScriptedApi.listen();
    await using transport = await KubeconfigTransport.open(api.kubeconfig);
    const reason = new Error("enough");
    const early = new AbortController();
    api.answer = () => {
      early.abort(reason);
      return "hang";
    };
    const asked = transport.request({ method: "GET", path: "/" }, early.signal);
    await expect(asked).rejects.toBe(reason);

    const late = new AbortController();
    api.answer = () => ({
      body: (async function* () {
        yield "first";
        await new Promise(() => {});
      })(),
    });
    const response = await transport.request({ method: "GET", path: "/" }, late.signal);
    const chunks = response.body[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).toBe("first");
    late.abort(reason);
    await expect(chunks.next()).rejects.toBe(reason);
  });

  it("frees the connection of an answer that nobody reads", async () => {
    await using api = await ScriptedApi.listen();
    await using transport = await KubeconfigTransport.open(api.kubeconfig);
    const events = new EventEmitter();
    const stopped = once(events, "stopped");
    api.answer = () => ({
      body: (async function* () {
        try {
          for (;;) {
            yield "x".repeat(100_000);
            await new Promise<void>((resolve) => setImmediate(resolve));
          }
        } finally {
          events.emit("stopped");
        }
      })(),
    });
    const { body } = await transport.request({ method: "GET", path: "/" }, forever);
    await body[Symbol.asyncIterator]().return?.();
    await stopped;
  });

  it("sends the tokens and passwords of the file", async () => {
    await using api = await ScriptedApi.listen();
    await file("the-token", "from-file\n");
    const users = [
      [{ token: "secret" }, "Bearer secret"],
      [{ tokenFile: "the-token" }, "Bearer from-file"],
      [{ username: "u", password: "p" }, `Basic ${Buffer.from("u:p").toString("base64")}`],
      [
        {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1",
            command: "echo",
            args: ['{"status":{"token":"from-plugin"}}'],
          },
        },
        "Bearer from-plugin",
      ],
    ] as const;
    for (const [user, authorization] of users) {
      const config = await file("user", kubeconfigText(api.url, {}, user));
      await using transport = await KubeconfigTransport.open(config);
      const { body } = await transport.request({ method: "GET", path: "/" }, forever);
      await textOf(body);
      expect(api.requests.at(-1)?.headers.authorization).toBe(authorization);
    }
  });

  it("reads the file again and asks once more when its token is not accepted any more", async () => {
    await using api = await ScriptedApi.listen();
    const config = await file("rotated", kubeconfigText(api.url, {}, { token: "old" }));
    await using transport = await KubeconfigTransport.open(config);
    api.answer = ({ headers }) =>
      headers.authorization === "Bearer new" ? json({}) : status(401, "Unauthorized");
    const ask = async () => {
      const response = await transport.request({ method: "POST", path: "/", body: "x" }, forever);
      await textOf(response.body);
      return response.status;
    };
    expect(await ask()).toBe(401);
    expect(api.requests).toHaveLength(1);

    await file("rotated", kubeconfigText(api.url, {}, { token: "new" }));
    await utimes(config, new Date(), new Date(Date.now() + 5000));
    expect(await ask()).toBe(200);
    expect(api.requests.map(({ body }) => body)).toEqual(["x", "x", "x"]);
  });

  it("does not wait for a credential plugin longer than its signal", async () => {
    await using api = await ScriptedApi.listen();
    const exec = { apiVersion: "v1", command: "sleep", args: ["2"] };
    const config = await file("rotating", kubeconfigText(api.url, {}, { token: "old" }));
    await using transport = await KubeconfigTransport.open(config);
    await file("rotating", kubeconfigText(api.url, {}, { exec }));
    api.answer = () => status(401, "Unauthorized");
    const asked = transport.request({ method: "GET", path: "/" }, AbortSignal.timeout(100));
    await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("never shows the text of a file that is not YAML", async () => {
    const opened = KubeconfigTransport.open(await file("secret", "a:\n  token: x: secret"));
    await expect(opened).rejects.toThrow(/^[^\n]*at line 2, column \d+:$/);
  });

  it("goes on with what it knows while the file is missing", async () => {
    await using api = await ScriptedApi.listen();
    const config = await file("vanishing", kubeconfigText(api.url, {}, { token: "old" }));
    await using transport = await KubeconfigTransport.open(config);
    await rm(config);
    api.answer = () => status(401, "Unauthorized");
    const response = await transport.request({ method: "GET", path: "/" }, forever);
    expect(response.status).toBe(401);
    await textOf(response.body);
  });

  it("gives up on a peer that accepts the connection and never finishes TLS", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const config = await file("silent", kubeconfigText(`https://127.0.0.1:${port}`));
    await using transport = await KubeconfigTransport.open(config, { connectMs: 50 });
    await expect(transport.request({ method: "GET", path: "/" }, forever)).rejects.toMatchObject({
      code: "API_UNREACHABLE",
      message: expect.stringContaining("no connection within 50 ms"),
    });
    silent.close();
  });
});
