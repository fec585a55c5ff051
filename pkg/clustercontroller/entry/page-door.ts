import { randomUUID } from "node:crypto";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { StatusError } from "../../apis/status.ts";
import type { Door } from "../../apiserver/listen/door.ts";
import { sendStatus } from "../../apiserver/listen/door-answers.ts";

const HEALTH = new Set(["/livez", "/readyz", "/healthz"]);

/** What an entry says besides: how it is, for load balancers, and that there is nothing else. */
export class PageDoor implements Door {
  readonly #obstacle: () => string | undefined;

  /** `obstacle` says why nobody can be served now; undefined if they can. */
  constructor(obstacle: () => string | undefined) {
    this.#obstacle = obstacle;
  }

  serves(): boolean {
    return true;
  }

  async serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    request.on("error", () => {});
    response.on("error", () => {});
    const [path = ""] = request.url.split("?");
    if (!HEALTH.has(path)) {
      const { status } = StatusError.of(
        "NotFound",
        "there is no such path at an entry; clusters are under /clusters/NAME/",
      );
      sendStatus(response, status, randomUUID());
      return;
    }
    const obstacle = path === "/readyz" ? this.#obstacle() : undefined;
    response.writeHead(obstacle === undefined ? 200 : 503, {
      "content-type": "text/plain; charset=utf-8",
    });
    response.end(obstacle ?? "ok");
  }
}
