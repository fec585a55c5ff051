import { randomBytes } from "node:crypto";
import { OteError } from "../../base/errors.ts";
import type { Enrol, Enrolled } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";

/** What is asked of the tree's authority, before it is on its way. */
export type Asking = Pick<Enrol, "name" | "request" | "token" | "proof"> & {
  readonly id?: string | undefined;
};

/** Most requests that wait for the authority at one time. */
const MAX_WAITING = 256;
/** Milliseconds until an answer must have come. */
const ANSWER_LIMIT_MS = 15_000;

/** The authority of the tree did not answer: the way to the root is cut, or it is not the root of a tree with identities. */
export class AuthorityUnreachableError extends OteError {
  readonly code = "AUTHORITY_UNREACHABLE";
  constructor(why: string) {
    super(`Cannot ask the authority of the tree: ${why}`);
  }
}

/** A number that nobody has used before for asking. */
export function newEnrolmentId(): string {
  return randomBytes(16).toString("hex");
}

/** Sends requests for certificates up the tree and matches the answers that come down. */
export class Enrolment {
  readonly #self: ClusterName;
  readonly #send: (request: Enrol) => void;
  readonly #waiting = new Map<string, (answer: Enrolled) => void>();

  constructor(self: ClusterName, send: (request: Enrol) => void) {
    this.#self = self;
    this.#send = send;
  }

  /** Rejects with an AuthorityUnreachableError if no answer comes in time. A refusal is an answer. */
  async ask(asking: Asking): Promise<Enrolled> {
    const id = asking.id ?? newEnrolmentId();
    if (this.#waiting.has(id) || this.#waiting.size >= MAX_WAITING) {
      throw new AuthorityUnreachableError("too many are asking at the same time");
    }
    const { name, request, token, proof } = asking;
    let limit: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Enrolled>((resolve, reject) => {
        this.#waiting.set(id, resolve);
        limit = setTimeout(
          () => reject(new AuthorityUnreachableError("no answer came from the root")),
          ANSWER_LIMIT_MS,
        );
        this.#send({ kind: "enrol", id, door: this.#self, name, request, token, proof });
      });
    } finally {
      clearTimeout(limit);
      this.#waiting.delete(id);
    }
  }

  /** An answer has come; one that nobody waits for any more is left out. */
  answered(answer: Enrolled): void {
    this.#waiting.get(answer.id)?.(answer);
  }
}
