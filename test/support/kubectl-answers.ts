import type { CommandResult } from "./kubectl.ts";

/** What kubectl must print, on both outputs, and end with alike through the tree and at the cluster; POD is a pod. */
export const SAME_BY_BOTH_WAYS: readonly (readonly string[])[] = [
  ["get", "pods", "-o", "name"],
  ["get", "pods", "-o", "wide"],
  ["get", "pods", "-o", "yaml"],
  ["get", "nodes", "-o", "json"],
  ["get", "pod", "POD", "-o", "jsonpath={.status.podIP} {.spec.nodeName}"],
  ["get", "pods", "-o", "custom-columns=NAME:.metadata.name,NODE:.spec.nodeName"],
  ["get", "pod", "missing"],
  ["get", "secrets"],
  ["auth", "can-i", "--list"],
  ["describe", "pod", "POD"],
  ["logs", "POD", "--tail=1"],
  ["logs", "missing"],
  ["exec", "POD", "--", "sh", "-c", "echo out; echo err >&2; exit 3"],
  ["exec", "POD", "--", "true"],
  ["exec", "POD", "--", "sh", "-c", "seq 1 20000"],
  ["exec", "POD", "-c", "main", "--", "no-such-program"],
  ["exec", "missing", "--", "true"],
  ["delete", "pod", "missing"],
];

/** What a command came to, without how old things are: that changes between two that ask at once. */
export async function ageless(command: Promise<CommandResult>): Promise<CommandResult> {
  const { code, out, err } = await command;
  return { code, out: out.replace(/\b(\d+[smh])+\b *(?=\s)/g, "AGE "), err };
}
