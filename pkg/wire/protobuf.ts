import protobuf from "protobufjs";
import { KINDS, SCHEMA } from "./schema.ts";

// Without `long`, 64-bit types would still work; our schema has none, so that numbers stay numbers.
const root = protobuf.Root.fromJSON({
  nested: { ote: { nested: { ...messages(), Envelope: envelope() } } },
});

/** The protobuf type of that name in the schema; throws for a name that is not there. */
export function protobufType(name: string): protobuf.Type {
  return root.lookupType(`ote.${name}`);
}

function messages(): Record<string, protobuf.IType> {
  return Object.fromEntries(
    Object.entries(SCHEMA).map(([name, fields]) => [
      name,
      {
        fields: Object.fromEntries(
          Object.entries(fields).map(([field, [id, type]]) => [field, fieldOf(id, type)]),
        ),
      },
    ]),
  );
}

function fieldOf(id: number, type: string): protobuf.IField {
  return type.endsWith("[]") ? { id, type: type.slice(0, -2), rule: "repeated" } : { id, type };
}

function envelope(): protobuf.IType {
  return {
    oneofs: { kind: { oneof: Object.keys(KINDS) } },
    fields: Object.fromEntries(
      Object.entries(KINDS).map(([kind, [id, type]]) => [kind, { id, type }]),
    ),
  };
}
