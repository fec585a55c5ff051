interface Level {
  readonly path: string;
  /** Undefined for a list. */
  readonly keys: Set<string> | undefined;
  key: string;
  index: number;
  expectsKey: boolean;
}

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gy;

/** The paths of fields that occur twice in one object of the valid JSON `text`; JSON.parse keeps only the last. */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{" || token === "[") levels.push(inside(level, token));
    else if (token === "}" || token === "]") levels.pop();
    else if (token === ",") next(level);
    else if (token.startsWith('"') && level?.expectsKey === true) learn(level, token, found);
  }
  return found;
}

function inside(level: Level | undefined, token: string): Level {
  const isObject = token === "{";
  const keys = isObject ? new Set<string>() : undefined;
  return { path: pathOf(level), keys, key: "", index: 0, expectsKey: isObject };
}

function next(level: Level | undefined): void {
  if (level === undefined) return;
  level.index++;
  level.expectsKey = level.keys !== undefined;
}

function learn(level: Level, token: string, found: string[]): void {
  level.key = JSON.parse(token) as string;
  level.expectsKey = false;
  if (level.keys?.has(level.key) === true) found.push(pathOf(level));
  level.keys?.add(level.key);
}

function pathOf(level: Level | undefined): string {
  if (level === undefined) return "";
  if (level.keys === undefined) return `${level.path}[${level.index}]`;
  return level.path === "" ? level.key : `${level.path}.${level.key}`;
}
