import { type ListText, nameOf, objectOf } from "./object-text.ts";
import { HoldingPrinter, type Printer, type Rows } from "./printer.ts";
import { printable } from "./table-text.ts";

/** Prints what can be said of each row by itself. */
abstract class RowPrinter implements Printer {
  #text: string;

  constructor(head: string) {
    this.#text = head;
  }

  columns(): void {}

  next(): void {}

  rows(event: Rows): void {
    for (const row of event.rows) this.#text += this.rowText(event, row);
  }

  text(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  abstract end(): string;
  protected abstract rowText(event: Rows, row: Rows["rows"][number]): string;
}

/** Prints one name in each line. */
export class NamePrinter extends RowPrinter {
  constructor() {
    super("");
  }

  end(): string {
    return "";
  }

  protected rowText({ cluster, resource }: Rows, row: Rows["rows"][number]): string {
    return `${printable(nameOf(cluster, resource, row))}\n`;
  }
}

/** Prints one list with all objects. */
export class ListPrinter extends RowPrinter {
  readonly #list: ListText;
  #isEmpty = true;

  constructor(list: ListText) {
    super(list.head);
    this.#list = list;
  }

  end(): string {
    return this.#list.tail(this.#isEmpty);
  }

  protected rowText({ cluster }: Rows, row: Rows["rows"][number]): string {
    const text = this.#list.item(objectOf(cluster, row), this.#isEmpty);
    this.#isEmpty = false;
    return text;
  }
}

/** Prints one object as itself, which is what came when one object of one cluster was asked for. */
export class OnlyPrinter extends HoldingPrinter {
  readonly #cluster: string;
  readonly #print: (object: unknown) => string;
  readonly #otherwise: Printer;

  /** `otherwise` prints it when the name of the cluster turned out to be a tag of others. */
  constructor(cluster: string, print: (object: unknown) => string, otherwise: Printer) {
    super("Cannot print one object");
    this.#cluster = cluster;
    this.#print = print;
    this.#otherwise = otherwise;
  }

  end(): string {
    const [first, ...others] = this.held.all;
    if (first === undefined) return "";
    if (others.length === 0 && first.cluster === this.#cluster)
      return this.#print(objectOf(first.cluster, first.row));
    for (const { row, ...from } of this.held.all)
      this.#otherwise.rows({ type: "ROWS", ...from, rows: [row] });
    return this.#otherwise.text() + this.#otherwise.end();
  }
}
