/** A cluster's unique name, checked once where it enters the program. */
export type ClusterName = string & { readonly __brand: "ClusterName" };

/** The name of the top of every tree. */
export const ROOT_NAME = "root" as ClusterName;

/** A cluster's tags; keys and values follow the rules of Kubernetes labels. */
export type Tags = Readonly<Record<string, string>>;

/** Most tags that one cluster may have. */
export const MAX_TAGS = 64;

const NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
const TAG_PART = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const TAG_PREFIX = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Whether `text` can be a cluster's name: 1 to 63 of a-z, 0-9, "-" and ".", a letter or digit at both ends. */
export function isClusterName(text: string): text is ClusterName {
  return NAME.test(text);
}

/** `text` as a cluster's name; throws a SyntaxError that says what must hold. */
export function clusterName(text: string): ClusterName {
  if (isClusterName(text)) return text;
  throw new SyntaxError(
    `Cannot use ${quote(text)} as a cluster name: it must be 1 to 63 of a-z, 0-9, "-" and ".", with a letter or digit at both ends`,
  );
}

/** Whether `text` can be a tag's key: a label key, with an optional DNS prefix before "/". */
export function isTagKey(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash < 0) return TAG_PART.test(text);
  return TAG_PREFIX.test(text.slice(0, slash)) && TAG_PART.test(text.slice(slash + 1));
}

/** Whether `text` can be a tag's value: a label value, which may be empty. */
export function isTagValue(text: string): boolean {
  return text === "" || TAG_PART.test(text);
}

/** Tags from "key=value,key=value"; a key alone has the empty value. Throws a SyntaxError. */
export function parseTags(text: string): Tags {
  if (text.trim() === "") return {};
  return tagsOf(
    text.split(",").map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [part.trim(), ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
}

/** Tags from pairs, each checked; throws a SyntaxError that names the one that is wrong. */
export function tagsOf(pairs: readonly (readonly string[])[]): Tags {
  if (pairs.length > MAX_TAGS) {
    throw new SyntaxError(`Cannot use ${pairs.length} tags as at most ${MAX_TAGS} are allowed`);
  }
  for (const [key = "", value = ""] of pairs) {
    if (!isTagKey(key))
      throw new SyntaxError(`Cannot use ${quote(key)} as a tag: it must be a label key`);
    if (!isTagValue(value)) {
      throw new SyntaxError(
        `Cannot use ${quote(value)} as the value of tag "${key}": it must be a label value`,
      );
    }
  }
  return Object.fromEntries(pairs.map(([key = "", value = ""]) => [key, value]));
}

/** Tags as one line, sorted by key, "a=1,b=2". */
export function formatTags(tags: Tags): string {
  const keys = Object.keys(tags).sort();
  return keys.map((key) => (tags[key] === "" ? key : `${key}=${tags[key]}`)).join(",");
}

/** Foreign text made safe for a message: quoted, control characters escaped, cut to 80 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
