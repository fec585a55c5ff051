/** An expression as a tree; `at` is the place in the text that messages point to. */
export type Node =
  | { readonly op: "literal"; readonly at: number; readonly token: Literal }
  | { readonly op: "name"; readonly at: number; readonly name: string }
  | {
      readonly op: "select";
      readonly at: number;
      readonly of: Node;
      readonly field: string;
      readonly isOptional: boolean;
    }
  | {
      readonly op: "index";
      readonly at: number;
      readonly of: Node;
      readonly key: Node;
      readonly isOptional: boolean;
    }
  | CallNode
  | { readonly op: "list"; readonly at: number; readonly items: readonly Item[] }
  | { readonly op: "map"; readonly at: number; readonly entries: readonly Entry[] };

/** A call of a function, of a macro, or of an operator by a name like "_+_". */
export interface CallNode {
  readonly op: "call";
  readonly at: number;
  readonly name: string;
  readonly target?: Node | undefined;
  readonly args: readonly Node[];
}

/** A constant and how it was written. */
export type Literal =
  | { readonly kind: "int" | "uint"; readonly value: bigint }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "null_type"; readonly value: null };

/** An item of a list literal; an optional one, written "?x", is only there if it has a value. */
export interface Item {
  readonly value: Node;
  readonly isOptional: boolean;
}

/** An entry of a map literal. */
export interface Entry extends Item {
  readonly key: Node;
}
