import type { Schema } from "../schema/schema.ts";
import type { Completion } from "./builtin-defaults.ts";
import type { NameRule, ScalePaths, ServedType } from "./served-type.ts";

/** One builtin kind, as far as it differs from the others. */
export interface BuiltinRow {
  readonly kind: string;
  readonly fields: readonly string[];
  /** What is known of some of the fields. */
  readonly exact?: Readonly<Record<string, Schema>>;
  readonly plural?: string;
  readonly group?: string;
  /** Versions it is served in, the one it is kept in first; they differ in nothing but their name. */
  readonly versions?: readonly string[];
  readonly cluster?: boolean;
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly names?: NameRule;
  readonly statusOnCreate?: boolean;
  readonly scale?: ScalePaths;
  readonly generation?: ServedType["generation"];
  readonly select?: readonly string[];
  readonly complete?: Completion;
  readonly check?: ServedType["check"];
  /** Absent: those of the table of columns. */
  readonly columns?: ServedType["columns"];
  readonly verbs?: readonly string[];
  readonly parts?: ServedType["parts"];
  readonly sign?: ServedType["sign"];
  readonly keptWith?: string;
  /** Absent: the first of its versions. */
  readonly storedAs?: string;
  readonly toStored?: ServedType["toStored"];
  readonly fromStored?: ServedType["fromStored"];
  readonly owns?: "namespace";
  readonly permanent?: readonly string[];
}
