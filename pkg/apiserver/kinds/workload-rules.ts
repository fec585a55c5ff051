import type { StatusCause } from "../../apis/status.ts";
import { at, type JsonObject, listOf, objectOf, same } from "../request/json.ts";
import { forbidden, invalid, negative, required, unsupported } from "./causes.ts";
import { selects } from "./label-selector.ts";
import { checkPodSpec } from "./pod-rules.ts";

type Check = (object: JsonObject, old: JsonObject | undefined) => readonly StatusCause[];

/** What is wrong with a workload that selects pods made from a template. `word` is how messages call it. */
export function checkWorkload(word: string): Check {
  return ({ spec: given }, old) => {
    const spec = objectOf(given);
    return [
      ...negative("spec.replicas", spec.replicas),
      ...selectorCauses(spec, word),
      ...templateCauses(spec),
      ...alwaysCauses(spec),
      ...(old !== undefined && !same(at(old, "spec", "selector"), spec.selector)
        ? [invalid("spec.selector", spec.selector, "field is immutable")]
        : []),
    ];
  };
}

/** The same for a Deployment, which has a strategy, too. */
export const checkDeployment: Check = (object, old) => {
  const { type, rollingUpdate } = objectOf(at(object, "spec", "strategy"));
  const known = ["Recreate", "RollingUpdate"];
  const strategy = known.some((item) => item === type)
    ? type === "Recreate" && rollingUpdate !== undefined
      ? [
          forbidden(
            "spec.strategy.rollingUpdate",
            "may not be specified when strategy `type` is 'Recreate'",
          ),
        ]
      : []
    : [unsupported("spec.strategy", type, known)];
  return [...checkWorkload("deployment")(object, old), ...strategy];
};

/** What is wrong with a Job, whose pods end. */
export const checkJob: Check = ({ spec: given }) => {
  const spec = objectOf(given);
  const policy = at(spec, "template", "spec", "restartPolicy");
  const field = "spec.template.spec.restartPolicy";
  return [
    ...negative("spec.parallelism", spec.parallelism),
    ...negative("spec.completions", spec.completions),
    ...negative("spec.backoffLimit", spec.backoffLimit),
    ...checkPodSpec(objectOf(at(spec, "template", "spec")), "spec.template.spec"),
    ...(policy === "Always" ? [required(field, 'valid values: "OnFailure", "Never"')] : []),
  ];
};

function selectorCauses({ selector }: JsonObject, word: string): StatusCause[] {
  if (selector === undefined) return [required("spec.selector")];
  const { matchLabels, matchExpressions } = objectOf(selector);
  const isEmpty = Object.keys(objectOf(matchLabels)).length + listOf(matchExpressions).length === 0;
  if (!isEmpty) return [];
  return [invalid("spec.selector", selector, `empty selector is invalid for ${word}`)];
}

function templateCauses({ selector, template }: JsonObject): readonly StatusCause[] {
  const labels = objectOf(at(template, "metadata", "labels"));
  const why = "`selector` does not match template `labels`";
  return [
    ...(isSelected(selector, labels)
      ? []
      : [invalid("spec.template.metadata.labels", labels, why)]),
    ...checkPodSpec(objectOf(at(template, "spec")), "spec.template.spec"),
  ];
}

function alwaysCauses(spec: JsonObject): StatusCause[] {
  const policy = at(spec, "template", "spec", "restartPolicy");
  if (policy !== "OnFailure" && policy !== "Never") return [];
  return [unsupported("spec.template.spec.restartPolicy", policy, ["Always"])];
}

function isSelected(selector: unknown, labels: JsonObject): boolean {
  return selector !== undefined && selects(objectOf(selector), labels);
}
