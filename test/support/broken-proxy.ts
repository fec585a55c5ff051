import { request as ask, type ClientRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import {
  type ApiProxy,
  type ProxyAnswer,
  type ProxyRequest,
  passedOn,
} from "../../pkg/apis/cluster-proxy.ts";

/** What a shim may do wrong with the requests of users. */
export type ProxyFault =
  | "none"
  | "acts as whom the headers name"
  | "forgets the groups"
  | "goes on for those who have left"
  | "reads an answer to its end first"
  | "one at a time";

/** The way to an API on loopback, for requests without another protocol, with one fault. */
export class BrokenProxy implements ApiProxy {
  readonly #port: number;
  readonly #fault: ProxyFault;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(port: number, fault: ProxyFault) {
    this.#port = port;
    this.#fault = fault;
  }

  serve(request: ProxyRequest, body: Duplex, answer: (head: ProxyAnswer) => void): void {
    const before = this.#fault === "one at a time" ? this.#turn : Promise.resolve();
    this.#turn = before
      .then(() => this.#pass(request, body, answer))
      .catch((error: Error) => void body.destroy(error));
  }

  async #pass(
    { method, path, headers, user }: ProxyRequest,
    body: Duplex,
    answer: (head: ProxyAnswer) => void,
  ): Promise<void> {
    const fault = this.#fault;
    const all = fault === "acts as whom the headers name" ? headers : passedOn(headers, false);
    const groups = fault === "forgets the groups" ? [] : user.groups;
    const client = ask({
      ...{ host: "127.0.0.1", port: this.#port, method, path, agent: false },
      headers: {
        "impersonate-user": user.name,
        "impersonate-group": [...groups],
        ...Object.fromEntries(all.map(([name, value]) => [name.toLowerCase(), value])),
      },
    });
    client.on("error", () => {});
    const response = responseOf(client);
    if (fault !== "goes on for those who have left")
      body.once("close", () => {
        if (!body.readableEnded || !body.writableFinished) client.destroy();
      });
    body.pipe(client);
    const message = await response;
    const head = { status: message.statusCode ?? 0, headers: [] };
    const type = message.headers["content-type"];
    const told = { ...head, headers: type === undefined ? [] : [["content-type", type] as const] };
    if (fault === "reads an answer to its end first") {
      const whole = await buffer(message);
      answer(told);
      body.end(whole);
    } else {
      answer(told);
      message.pipe(body);
      if (fault === "goes on for those who have left") message.resume();
    }
    await new Promise((resolve) => body.once("close", resolve));
  }
}

function responseOf(client: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    client.once("response", resolve);
    client.once("close", () => reject(new Error("no answer")));
  });
}
