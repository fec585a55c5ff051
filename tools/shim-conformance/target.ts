import type { IncomingHttpHeaders } from "node:http";
import type { TaskBody } from "../../pkg/wire/message.ts";

/** A request as the kit's API has received it. */
export interface SeenRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of its body so far. */
  bytes: number;
  /** Bytes of the answer that were handed to the shim so far. */
  written: number;
  /** Whether it has ended before its answer was complete. */
  cut: boolean;
}

/** What the kit can ask of a shim; a power that is absent leaves out the cases that need it. */
export interface Target {
  readonly about: string;
  /** A task that is done at once. */
  quick(key: string, body?: string): TaskBody;
  /** A task that is done after so many milliseconds. */
  slow?(key: string, ms: number): TaskBody;
  /** A task whose answer has so many bytes. */
  large?(key: string, bytes: number): TaskBody;
  /** A task that changes something and whose outcome nobody can look up afterwards. */
  blind?(key: string): TaskBody;
  /** How often the task of that key was executed. */
  count?(key: string): number;
  /** The requests with that key that have reached the API behind the shim, which is the kit's own. */
  seen?(key: string): readonly SeenRequest[];
}

/** What a case lacks that needs such a power. */
export const LACKS: Readonly<Record<keyof Target, string>> = {
  about: "",
  quick: "",
  slow: "slow tasks",
  large: "tasks with large answers",
  blind: "tasks whose outcome nobody can look up",
  count: "counted tasks",
  seen: "the kit's own API behind the shim (--api-listen)",
};

/** A target for a shim of which only a url is known. */
export function plainTarget(destination: string, method: string, url: string): Target {
  const about = `${method} ${url} at destination "${destination}"`;
  return { about, quick: (_, body = "") => order(destination, method, url, body) };
}

/** The toy destination that answers with what it was sent, after a while if it is asked to wait. */
export function echoTarget(): Target {
  return {
    about: 'destination "echo"',
    quick: (key, body = key) => order("echo", "GET", "/", body),
    slow: (key, ms) => order("echo", "GET", `/?delay=${ms}`, key),
    large: (_, bytes) => order("echo", "GET", "/", "\u00fc".repeat(bytes / 2)),
  };
}

/** The inside of a task. */
export function order(destination: string, method: string, url: string, body: string): TaskBody {
  return { destination, method, url, body, contentType: "" };
}
