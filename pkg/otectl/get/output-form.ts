import { readFile } from "node:fs/promises";
import { errorText } from "../../base/errors.ts";
import { FORMS, type Form, type GetOptions } from "./get-options.ts";
import { GetUsageError } from "./targets.ts";

const WITH_TEMPLATE = FORMS.filter((form) => /path|columns/.test(form));

/**
 * Reads what -o says: "wide", "jsonpath={.kind}", "custom-columns-file=columns.txt"; and the file that it names. Rejects with
 * a GetUsageError.
 */
export async function readOutput(
  text: string | undefined,
): Promise<Pick<GetOptions, "output" | "template">> {
  if (text === undefined || text === "") return {};
  const [name = "", ...others] = text.split("=");
  const output = FORMS.find((form) => form === name);
  const isTemplate = (WITH_TEMPLATE as readonly string[]).includes(name);
  if (output === undefined || (others.length > 0 && !isTemplate))
    throw new GetUsageError(`-o must be one of ${FORMS.map(shown).join(", ")}`);
  if (!isTemplate) return { output };
  const template = others.join("=");
  if (template === "")
    throw new GetUsageError(`-o ${name} must say what is printed: ${shown(output)}`);
  return { output, template: output.endsWith("-file") ? await textOf(template) : template };
}

function shown(form: Form): string {
  return WITH_TEMPLATE.includes(form) ? `${form}=...` : form;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new GetUsageError(`Cannot read the file of -o: ${errorText(error)}`);
  }
}
