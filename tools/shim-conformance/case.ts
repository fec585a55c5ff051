import type { Welcome } from "../../pkg/wire/message.ts";
import type { Caller } from "./caller.ts";
import type { Target } from "./target.ts";

/** What a case works with. */
export interface CaseWorld {
  readonly endpoint: string;
  readonly target: Target;
  /** Connects as the cluster controller; the connection ends with the case. */
  connect(options?: {
    readonly autoPong?: boolean;
  }): Promise<Caller & { readonly welcome: Welcome }>;
  /** Opens a websocket and says nothing. */
  open(): Promise<Caller>;
}

/** One promise of the protocol and how it is tried. */
export interface Case {
  readonly name: string;
  /** What must hold, as a sentence. */
  readonly must: string;
  /** Powers of the target without which it cannot be tried. */
  readonly needs?: readonly (keyof Target)[];
  /** The optional capability that it tries; a shim that does not announce it need not keep the promise. */
  readonly capability?: string;
  /** A capability whose owner need not keep the promise. */
  readonly unless?: string;
  /** Throws a BrokenPromiseError that says what was seen instead. */
  readonly run: (world: CaseWorld) => Promise<void>;
}
