import { isScalar, LineCounter, parseAllDocuments, type ScalarTag, type Tags } from "yaml";
import { errorText } from "../pkg/base/errors.ts";
import { TaskRefusedError } from "./task-refused.ts";

/**
 * The one document in a JSON or YAML text, read as `kubectl` reads it: `0644` is octal and `yes` a
 * boolean as in YAML 1.1, but dates and `22:22` stay text. Refuses a text that is wrong or holds
 * several documents, with line and column.
 */
export function parseBody(text: string): unknown {
  const lineCounter = new LineCounter();
  try {
    const options = {
      schema: "yaml-1.1",
      merge: true,
      customTags: kubectlTags,
      lineCounter,
    } as const;
    const documents = parseAllDocuments(text, options);
    const filled = documents.filter(
      ({ contents, errors }) => errors.length > 0 || !(contents === null || isNull(contents)),
    );
    const [document, second] = filled;
    const error = filled.flatMap(({ errors }) => errors)[0];
    if (error !== undefined)
      throw badBody(error.message.split(/ at line \d+/)[0] ?? "", error.linePos?.[0]);
    if (second !== undefined)
      throw badBody("it holds several documents", lineCounter.linePos(second.range[0]));
    return document?.toJS({ maxAliasCount: 100 }) ?? null;
  } catch (error) {
    if (error instanceof TaskRefusedError) throw error;
    // Too many aliases, or nested too deep for the stack: nothing a manifest needs.
    throw badBody(errorText(error));
  }
}

/** The error for a body that is not what its request needs. */
export function badBody(
  why: string,
  at?: { readonly line: number; readonly col: number },
): TaskRefusedError {
  const where = at === undefined ? "" : ` (line ${at.line}, column ${at.col})`;
  return new TaskRefusedError("BadBody", `Cannot use body: ${why}${where}`);
}

function isNull(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

function kubectlTags(tags: Tags): Tags {
  const adapted: Tags = [];
  for (const tag of tags) {
    const {
      tag: name = "",
      format,
      test,
    } = (typeof tag === "string" ? {} : tag) as Partial<ScalarTag>;
    if (format === "TIME" || /:(timestamp|binary)$/.test(name)) continue;
    // YAML 1.1 has also y and n; its readers in Go do not.
    const words = { test: (text: string) => text.length > 1 && test?.test(text) };
    adapted.push(
      name.endsWith(":bool") ? ({ ...(tag as ScalarTag), test: words } as ScalarTag) : tag,
    );
  }
  return adapted;
}
