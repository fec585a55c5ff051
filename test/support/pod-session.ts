import { WebSocket } from "ws";
import { KubeconfigFile } from "../../pkg/kube/kubeconfig.ts";

/** What to run in a pod, and how to talk to it. */
export interface SessionWish {
  readonly pod: string;
  readonly command: readonly string[];
  readonly protocol?: "v4.channel.k8s.io" | "v5.channel.k8s.io";
  /** As whom, if not as ourselves. */
  readonly as?: string;
  /** Told each piece of output instead of keeping it. */
  readonly onOutput?: (bytes: Buffer) => void;
}

/** How a command ended, as Kubernetes says it. */
export interface SessionStatus {
  readonly status: "Success" | "Failure";
  readonly message?: string;
}

const STDIN = 0;
const ERROR = 3;
const CLOSE = 255;

/** An exec over a websocket, without kubectl. */
export class PodSession {
  readonly #socket: WebSocket;
  readonly #output: Buffer[] = [];
  readonly #waiting: (() => void)[] = [];
  #status: SessionStatus | undefined;
  /** Resolves with the command's status, or with undefined when the connection ended without one. */
  readonly ended: Promise<SessionStatus | undefined>;

  private constructor(socket: WebSocket, onOutput: ((bytes: Buffer) => void) | undefined) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("message", (message: Buffer) => {
      const body = message.subarray(1);
      if (message[0] === ERROR) this.#status = JSON.parse(String(body));
      else if (onOutput === undefined) this.#output.push(body);
      else onOutput(body);
      if (body.length > 0) for (const wake of this.#waiting.splice(0)) wake();
    });
    this.ended = new Promise((resolve) => socket.once("close", () => resolve(this.#status)));
  }

  /** Resolves when it has begun; rejects with the HTTP status when it may not. */
  static async open(kubeconfig: string, wish: SessionWish): Promise<PodSession> {
    const { server, options } = await new KubeconfigFile(kubeconfig).access();
    const { pod, command, protocol = "v5.channel.k8s.io", as, onOutput } = wish;
    const query = new URLSearchParams({ stdin: "true", stdout: "true", stderr: "true" });
    for (const word of command) query.append("command", word);
    const url = `${server.href.replace(/^http/, "ws").replace(/\/$/, "")}/api/v1/namespaces/default/pods/${pod}/exec?${query}`;
    const { cert, key, ca } = options;
    const own = options.headers as Record<string, string> | undefined;
    const headers = { ...own, ...(as === undefined ? {} : { "Impersonate-User": as }) };
    const socket = new WebSocket(url, protocol, {
      ...{ cert, key, ca, headers },
      perMessageDeflate: false,
    });
    const session = new PodSession(socket, onOutput);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
      socket.once("unexpected-response", (_, { statusCode }) =>
        reject(new Error(`refused with ${statusCode}`)),
      );
    });
    return session;
  }

  /** Everything it has said so far. */
  get output(): Buffer {
    return Buffer.concat(this.#output);
  }

  /** Resolves when it says something next. */
  more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when the bytes have been handed to the network. */
  say(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#socket.send(Buffer.concat([Buffer.of(STDIN), bytes]), (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  }

  /** Says that nothing more will come. */
  sayNoMore(): void {
    this.#socket.send(Buffer.of(CLOSE, STDIN));
  }

  /** Does not read until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Goes without a word. */
  cut(): void {
    this.#socket.terminate();
  }
}
