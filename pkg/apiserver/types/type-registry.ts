import type { ServedType } from "./served-type.ts";

/**
 * The kinds that are served now. There is one row for each kind and version; rows of CRDs come and go
 * while the server runs, and the next request sees them.
 */
export class TypeRegistry {
  readonly #builtin: readonly ServedType[];
  readonly #custom = new Map<string, readonly ServedType[]>();
  #byPath = new Map<string, ServedType>();
  #generation = 0;

  constructor(builtin: readonly ServedType[]) {
    this.#builtin = builtin;
    this.#index();
  }

  /** Grows with each change, so that what was derived from the rows can be kept until then. */
  get generation(): number {
    return this.#generation;
  }

  /** All rows, builtin kinds first. */
  all(): Iterable<ServedType> {
    return this.#byPath.values();
  }

  /** Whether anything of that group is served. */
  hasGroup(group: string): boolean {
    return [...this.all()].some((type) => type.group === group);
  }

  find(group: string, version: string, plural: string): ServedType | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  /** Replaces the rows of one definition; none removes it. Builtin rows win over a definition's. */
  setCustom(definition: string, types: readonly ServedType[]): void {
    if (types.length === 0) this.#custom.delete(definition);
    else this.#custom.set(definition, types);
    this.#index();
  }

  #index(): void {
    this.#generation++;
    this.#byPath = new Map();
    for (const type of [...this.#builtin, ...[...this.#custom.values()].flat()]) {
      const path = `${type.group}/${type.version}/${type.plural}`;
      if (!this.#byPath.has(path)) this.#byPath.set(path, type);
    }
  }
}
