import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import {
  BRANCH,
  DamagedPageError,
  LEAF,
  type MetaPage,
  OVERFLOW,
  PAGE_HEADER,
  type PageNode,
  readMeta,
  readNodes,
  type TreeInfo,
} from "./lmdb-page.ts";

const MIN_PAGE = 4096;
const MAX_PAGE = 65_536;
const MAX_DEPTH = 32;

/**
 * Throws a DamagedPageError unless the lmdb file at `path` is whole: lmdb believes what it finds in its file,
 * and a number that is wrong there ends the process or overwrites other records. Nothing is said about
 * the content of records, which have checksums of their own.
 */
export function checkLmdbFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    new FileCheck(fd, fstatSync(fd).size).run();
  } finally {
    closeSync(fd);
  }
}

/** How the keys of a tree are ordered, and what its values say. */
interface TreeKind {
  readonly compare: (a: Buffer, b: Buffer) => number;
  readonly visit: (value: Buffer, page: number) => void;
}

/** The keys below a page are not less than `low`, and less than `high`; absent: any. */
interface Bounds {
  readonly low: Buffer | undefined;
  readonly high: Buffer | undefined;
}

/** What was found in a tree. */
type Found = { -readonly [K in "branches" | "leaves" | "overflows" | "entries"]: number };

class FileCheck {
  readonly #fd: number;
  readonly #bytes: number;
  #pageSize = MIN_PAGE;
  /** One for each page that is part of a tree or free. */
  #seen = new Uint8Array();

  constructor(fd: number, bytes: number) {
    this.#fd = fd;
    this.#bytes = bytes;
  }

  run(): void {
    const meta = this.#latestMeta();
    this.#seen = new Uint8Array(meta.lastPage + 1);
    this.#checkTree(meta.main, { compare: Buffer.compare, visit: () => {} });
    const free = (value: Buffer, page: number) => this.#checkFree(value, page);
    this.#checkTree(meta.free, { compare: byNumber, visit: free });
  }

  /** Transactions write the two heads in turn, so which is the latest must be plain from both. */
  #latestMeta(): MetaPage {
    const first = readMeta(this.#read(0), 0);
    const { pageSize } = first;
    if (pageSize < MIN_PAGE || pageSize > MAX_PAGE || (pageSize & (pageSize - 1)) !== 0)
      throw new DamagedPageError(0, "has an impossible page size");
    this.#pageSize = pageSize;
    const second = readMeta(this.#read(1), 1);
    const [a, b] = [first.transaction, second.transaction];
    const isNew = a === 0 && b === 0;
    const isInTurn = a % 2 === 0 && b % 2 === 1 && Math.abs(a - b) === 1;
    if (first.constants !== second.constants || !(isNew || isInTurn))
      throw new DamagedPageError(0, "and page 1 contradict each other");
    this.#checkAge(first, 0);
    this.#checkAge(second, 1);
    const latest = a > b ? first : second;
    if (latest.lastPage < 1 || latest.lastPage > this.#bytes / MIN_PAGE + 2 ** 24)
      throw new DamagedPageError(a > b ? 0 : 1, "has an impossible number of pages");
    return latest;
  }

  /**
   * A head with a number that is too small would make the other one the latest, and what was written last
   * would be lost. But the roots that it names know in which transaction they were written.
   */
  #checkAge({ transaction, main, free }: MetaPage, number: number): void {
    for (const { root } of [main, free]) {
      if (root === undefined) continue;
      const page = this.#read(root);
      if (Number(page.readBigUInt64LE(0)) !== root || Number(page.readBigUInt64LE(8)) > transaction)
        throw new DamagedPageError(number, "is older than what it leads to");
    }
  }

  #checkTree(tree: TreeInfo, kind: TreeKind): void {
    const found: Found = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
    const { root, depth } = tree;
    if (root !== undefined) {
      if (depth < 1 || depth > MAX_DEPTH)
        throw new DamagedPageError(root, "is at no sensible depth");
      this.#walk(root, depth, { low: undefined, high: undefined }, kind, found);
    }
    for (const [what, count] of Object.entries(found))
      if (tree[what as keyof Found] !== count)
        throw new DamagedPageError(root ?? 0, `leads to ${count} ${what} and not to all`);
  }

  /** Looks at page `number`, which is `levels` pages above the records, and all below. */
  #walk(number: number, levels: number, bounds: Bounds, kind: TreeKind, found: Found): void {
    const page = this.#claim(number);
    const nodes = readNodes(page, number, levels > 1 ? BRANCH : LEAF);
    // The first key of a branch may be anything; the others say what is to their right.
    checkOrder(levels > 1 ? nodes.slice(1) : nodes, number, bounds, kind);
    if (levels > 1) {
      found.branches++;
      for (const [i, { key, child }] of nodes.entries()) {
        const low = i === 0 ? bounds.low : key;
        const high = nodes[i + 1]?.key ?? bounds.high;
        this.#walk(child, levels - 1, { low, high }, kind, found);
      }
      return;
    }
    found.leaves++;
    found.entries += nodes.length;
    for (const node of nodes) kind.visit(node.value ?? this.#overflow(node, found), number);
  }

  /** The value of a node that has pages of its own. */
  #overflow({ first, pages, size }: PageNode, found: Found): Buffer {
    const needed = Math.ceil((PAGE_HEADER + size) / this.#pageSize);
    const head = this.#claim(first);
    if (pages < needed || head.readUInt16LE(18) !== OVERFLOW || head.readUInt32LE(20) !== pages)
      throw new DamagedPageError(first, "does not begin the long value that should be there");
    for (let i = 1; i < pages; i++) this.#mark(first + i);
    found.overflows += pages;
    const value = this.#read(first, pages);
    return value.subarray(PAGE_HEADER, PAGE_HEADER + size);
  }

  #checkFree(value: Buffer, page: number): void {
    const numbers = Array.from({ length: value.length >> 3 }, (_, i) =>
      Number(value.readBigInt64LE(i * 8)),
    );
    const [count = -1, ...entries] = numbers;
    if (count < 0 || count > entries.length)
      throw new DamagedPageError(page, "has a list of free pages that is cut off");
    for (const { first, length } of freeRuns(entries.slice(0, count))) {
      if (length > this.#seen.length) throw new DamagedPageError(page, "frees more than there is");
      for (let n = 0; n < length; n++) this.#mark(first + n);
    }
  }

  /** Reads a page that nobody else has claimed. */
  #claim(number: number): Buffer {
    this.#mark(number);
    const page = this.#read(number);
    if (Number(page.readBigUInt64LE(0)) !== number)
      throw new DamagedPageError(number, "says that it is another one");
    return page;
  }

  #mark(number: number): void {
    if (number < 2 || number >= this.#seen.length)
      throw new DamagedPageError(number, "is not in the file");
    if (this.#seen[number] === 1) throw new DamagedPageError(number, "is used twice");
    this.#seen[number] = 1;
  }

  #read(number: number, pages = 1): Buffer {
    if ((number + pages) * this.#pageSize > this.#bytes)
      throw new DamagedPageError(number, "is missing: the file is cut off");
    const page = Buffer.allocUnsafe(this.#pageSize * pages);
    const read = readSync(this.#fd, page, 0, page.length, number * this.#pageSize);
    if (read < page.length) throw new DamagedPageError(number, "is missing: the file is cut off");
    return page;
  }
}

function checkOrder(
  nodes: readonly PageNode[],
  number: number,
  { low, high }: Bounds,
  { compare }: TreeKind,
): void {
  let before = low;
  for (const { key } of nodes) {
    const isFirst = before === low;
    if (before !== undefined && compare(before, key) > (isFirst ? 0 : -1))
      throw new DamagedPageError(number, "has keys that are not in order");
    before = key;
  }
  if (before !== undefined && high !== undefined && nodes.length > 0 && compare(before, high) >= 0)
    throw new DamagedPageError(number, "has keys that belong on another page");
}

/** Keys of the list of free pages are numbers. */
function byNumber(a: Buffer, b: Buffer): number {
  if (a.length !== 8 || b.length !== 8) return 1;
  return Math.sign(Number(a.readBigUInt64LE(0) - b.readBigUInt64LE(0)));
}

/** What a list of free pages means: a page is its number, a run minus its length and then its first page, and 0 is a gap. */
function* freeRuns(
  entries: readonly number[],
): Generator<{ readonly first: number; readonly length: number }> {
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] ?? 0;
    if (entry > 0) yield { first: entry, length: 1 };
    if (entry < 0) yield { first: entries[++i] ?? 0, length: -entry };
  }
}
