import { FORMAT_FUNCTIONS } from "./format-functions.ts";
import { FunctionTable } from "./function-table.ts";
import { LIST_FUNCTIONS } from "./list-functions.ts";
import { NETWORK_FUNCTIONS } from "./network-functions.ts";
import { OPERATORS } from "./operators.ts";
import { OPTIONAL_FUNCTIONS } from "./optional-functions.ts";
import { QUANTITY_FUNCTIONS } from "./quantity-functions.ts";
import { STRING_FUNCTIONS } from "./string-functions.ts";
import { TIME_FUNCTIONS } from "./time-functions.ts";
import { CONVERSIONS } from "./type-conversions.ts";

/** What expressions can call here: the language itself, and the libraries of Kubernetes 1.33. */
export const FUNCTIONS = new FunctionTable([
  ...OPERATORS,
  ...CONVERSIONS,
  ...STRING_FUNCTIONS,
  ...LIST_FUNCTIONS,
  ...TIME_FUNCTIONS,
  ...OPTIONAL_FUNCTIONS,
  ...QUANTITY_FUNCTIONS,
  ...NETWORK_FUNCTIONS,
  ...FORMAT_FUNCTIONS,
]);
