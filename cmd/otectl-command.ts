import type { ApiTransport } from "../pkg/apis/api-transport.ts";
import type { EntryAddress } from "../pkg/apis/entry.ts";
import type { ResourceClient } from "../pkg/apis/resource-client.ts";
import type { ActAs } from "../pkg/kube/kubeconfig-transport.ts";

/** What a command works with. */
export interface OtectlIo {
  readonly client: ResourceClient;
  /** The way to the same API, or to the entry beside it, as the same user or as another; ends with the command. */
  readonly transport: (entry?: EntryAddress, actAs?: ActAs) => Promise<ApiTransport>;
  /** The file that names the root. */
  readonly kubeconfig: string;
  readonly signal: AbortSignal;
  /** A line of the result. */
  readonly print: (line: string) => void;
  /** A line for the person who looks on. */
  readonly tell: (line: string) => void;
  /** A part of a long result; resolves when more may be written. */
  readonly write: (text: string) => Promise<void>;
  /** There is a result, but not all of it: the exit code is 1. */
  readonly incomplete: () => void;
  /** Shows what is going on at the end of the terminal; absent if there is none. */
  readonly progress?: ((text: string) => void) | undefined;
}

/** One option of a command. */
export interface OtectlOption {
  readonly flags: string;
  readonly meaning: string;
  readonly default?: string;
  /** `before` is what it came to the last time that the option was given. */
  readonly parse?: (text: string, before: unknown) => unknown;
}

/** One command: docs/operations.md has a row for each, and a test compares both. */
export interface OtectlCommand {
  /** As it is typed, "token create". */
  readonly name: string;
  readonly meaning: string;
  /** `[name...]` takes as many as there are. */
  readonly arguments?: readonly (readonly [argument: string, meaning: string])[];
  readonly options?: readonly OtectlOption[];
  readonly run: (io: OtectlIo, texts: readonly string[], options: object) => Promise<void>;
}
