/** Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then anything else by name. */
export function byPriority(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)];
  for (const [i, n] of left.entries()) if (n !== right[i]) return (right[i] ?? 0) - n;
  return a < b ? -1 : 1;
}

function rank(version: string): readonly number[] {
  const [, major, stage, minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  if (major === undefined) return [0, 0, 0];
  const stages: Readonly<Record<string, number>> = { alpha: 1, beta: 2 };
  return [stage === undefined ? 3 : (stages[stage] ?? 0), Number(major), Number(minor ?? 0)];
}
