/** Bytes before the content of a page. */
export const PAGE_HEADER = 24;
/** What kind of page it is. */
export const BRANCH = 1;
export const LEAF = 2;
export const OVERFLOW = 4;
export const META = 8;

const NODE_HEADER = 8;
/** A value that is too large for its page: the node then says on which pages it is. */
const BIG = 1;
const BIG_REFERENCE = 24;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
/** Page number of the root of an empty tree. */
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** The file is not what lmdb has written; the text says where. */
export class DamagedPageError extends Error {
  constructor(page: number, why: string) {
    super(`page ${page} ${why}`);
  }
}

/** One B-tree, as the file's head describes it. */
export interface TreeInfo {
  /** Undefined for an empty tree. */
  readonly root: number | undefined;
  readonly depth: number;
  readonly branches: number;
  readonly leaves: number;
  readonly overflows: number;
  readonly entries: number;
}

/** One of the two pages at the beginning of the file, written in turn. */
export interface MetaPage {
  readonly pageSize: number;
  readonly transaction: number;
  readonly lastPage: number;
  readonly free: TreeInfo;
  readonly main: TreeInfo;
  /** What never changes in the life of a file. */
  readonly constants: string;
}

/** Reads meta page `number`. Throws a DamagedPageError. */
export function readMeta(page: Buffer, number: number): MetaPage {
  const isMeta =
    page.readUInt16LE(18) === META &&
    page.readUInt32LE(24) === MAGIC &&
    page.readUInt32LE(28) === VERSION &&
    page.readBigUInt64LE(0) === BigInt(number);
  if (!isMeta) throw new DamagedPageError(number, "is not the head of a store");
  return {
    pageSize: page.readUInt32LE(48),
    transaction: count(page, 152, number),
    lastPage: count(page, 144, number),
    free: readTree(page, 48, number),
    main: readTree(page, 96, number),
    constants: [page.subarray(8, 40), page.subarray(48, 54), page.subarray(96, 102)]
      .map((bytes) => bytes.toString("hex"))
      .join(),
  };
}

function readTree(page: Buffer, at: number, number: number): TreeInfo {
  const isEmpty = page.readBigUInt64LE(at + 40) === NO_PAGE;
  return {
    depth: page.readUInt16LE(at + 6),
    branches: count(page, at + 8, number),
    leaves: count(page, at + 16, number),
    overflows: count(page, at + 24, number),
    entries: count(page, at + 32, number),
    root: isEmpty ? undefined : count(page, at + 40, number),
  };
}

/** One entry of a page: of a branch, the page below; of a leaf, where its value is. */
export interface PageNode {
  readonly key: Buffer;
  readonly child: number;
  /** The value, if it is on the page itself. */
  readonly value: Buffer | undefined;
  /** Else on how many pages it is, and which is the first. */
  readonly pages: number;
  readonly first: number;
  readonly size: number;
}

/** The entries of page `number`, which must be of kind `kind`, leave no room unexplained, and be in the file. Throws a DamagedPageError. */
export function readNodes(page: Buffer, number: number, kind: number): readonly PageNode[] {
  const lower = PAGE_HEADER + page.readUInt16LE(20);
  const upper = PAGE_HEADER + page.readUInt16LE(22);
  if (page.readUInt16LE(18) !== kind || page.readUInt16LE(16) !== 0)
    throw new DamagedPageError(number, "is of another kind than it should be");
  if (lower % 2 !== 0 || upper < lower || upper > page.length)
    throw new DamagedPageError(number, "has no sensible bounds");
  const nodes: PageNode[] = [];
  const places: (readonly [from: number, to: number])[] = [];
  for (let at = PAGE_HEADER; at < lower; at += 2) {
    const from = PAGE_HEADER + page.readUInt16LE(at);
    if (from < upper || from + NODE_HEADER > page.length)
      throw new DamagedPageError(number, "has an entry outside of itself");
    const { node, to } = readNode(page, number, from, kind);
    nodes.push(node);
    places.push([from, to]);
  }
  checkPlaces(places, number, upper, page.length);
  return nodes;
}

function readNode(page: Buffer, number: number, from: number, kind: number) {
  const low = page.readUInt32LE(from);
  const flags = page.readUInt16LE(from + 4);
  const keyEnd = from + NODE_HEADER + page.readUInt16LE(from + 6);
  const isBig = kind === LEAF && flags === BIG;
  const inline = kind === BRANCH ? 0 : isBig ? BIG_REFERENCE : low;
  const to = keyEnd + inline;
  if (to > page.length || (kind === LEAF && flags !== 0 && !isBig))
    throw new DamagedPageError(number, "has an entry that cannot be");
  const node: PageNode = {
    key: page.subarray(from + NODE_HEADER, keyEnd),
    child: low + flags * 2 ** 32,
    value: isBig ? undefined : page.subarray(keyEnd, to),
    pages: isBig ? count(page, keyEnd + 16, number) : 0,
    first: isBig ? count(page, keyEnd, number) : 0,
    size: low,
  };
  return { node, to };
}

/** Entries lie one behind the other, each at an even place, up to the end of the page. */
function checkPlaces(
  places: readonly (readonly [from: number, to: number])[],
  number: number,
  upper: number,
  end: number,
): void {
  let next = upper;
  for (const [from, to] of places.toSorted(([a], [b]) => a - b)) {
    if (from !== next) throw new DamagedPageError(number, "has entries that overlap or leave gaps");
    next = to + (to % 2);
  }
  if (next !== end) throw new DamagedPageError(number, "has entries that overlap or leave gaps");
}

function count(page: Buffer, at: number, number: number): number {
  const value = Number(page.readBigUInt64LE(at));
  if (!Number.isSafeInteger(value)) throw new DamagedPageError(number, "has a number out of range");
  return value;
}
