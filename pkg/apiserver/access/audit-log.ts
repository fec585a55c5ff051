import { type FileHandle, open, rename } from "node:fs/promises";
import { errorText, OteError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";

/** How large a file may become, how many older ones are kept, and how much may wait to be written. */
export interface AuditLimits {
  readonly bytes: number;
  readonly files: number;
  readonly waitingBytes: number;
}

export const DEFAULT_AUDIT_LIMITS: AuditLimits = {
  bytes: 64 << 20,
  files: 5,
  waitingBytes: 8 << 20,
};

/** The audit log cannot be opened. */
export class AuditLogError extends OteError {
  readonly code = "AUDIT_LOG_FAILED";
  constructor(path: string, cause: unknown) {
    super(`Cannot write the audit log "${path}": ${errorText(cause)}`, { cause });
  }
}

/**
 * Lines in a file that only its owner can read. When it is full it becomes FILE.1, that FILE.2, and so on;
 * the oldest goes. Nobody waits for it: lines that cannot be written are counted and left out.
 */
export class AuditLog implements AsyncDisposable {
  readonly #path: string;
  readonly #log: Logger;
  readonly #limits: AuditLimits;
  #file: FileHandle;
  #size: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #isFailing = false;
  #writing: Promise<void> | undefined;

  private constructor(
    path: string,
    log: Logger,
    limits: AuditLimits,
    file: FileHandle,
    size: number,
  ) {
    this.#path = path;
    this.#log = log;
    this.#limits = limits;
    this.#file = file;
    this.#size = size;
  }

  /** Opens the file, or makes it. Rejects with `AUDIT_LOG_FAILED`. */
  static async open(
    path: string,
    log: Logger,
    limits: AuditLimits = DEFAULT_AUDIT_LIMITS,
  ): Promise<AuditLog> {
    try {
      const file = await openPrivate(path);
      return new AuditLog(path, log, limits, file, (await file.stat()).size);
    } catch (cause) {
      throw new AuditLogError(path, cause);
    }
  }

  /** Lines that could not be written so far. */
  get lost(): number {
    return this.#lost;
  }

  /** Adds one event, soon. */
  write(event: object): void {
    const line = `${JSON.stringify(event)}\n`;
    if (this.#waitingBytes + line.length > this.#limits.waitingBytes) {
      this.#lost++;
      this.#fail(new Error("more is written than the disk takes"));
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#start();
  }

  /** Writes what is left and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.#file.close();
  }

  #start(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      // A line may have come after the last look.
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #writeAll(): Promise<void> {
    // Events of one moment share a write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#append(lines.join(""));
        this.#recover();
      } catch (err) {
        this.#lost += lines.length;
        this.#fail(err);
      }
    }
  }

  async #append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    if (this.#size > 0 && this.#size + bytes.length > this.#limits.bytes) await this.#rotate();
    await this.#file.appendFile(bytes);
    this.#size += bytes.length;
  }

  async #rotate(): Promise<void> {
    for (let i = this.#limits.files - 1; i >= 1; i--) {
      const from = i === 1 ? this.#path : `${this.#path}.${i - 1}`;
      await rename(from, `${this.#path}.${i}`).catch(() => undefined);
    }
    const file = await openPrivate(this.#path);
    await this.#file.close().catch(() => undefined);
    this.#file = file;
    // With a single file, or one that could not be moved, the old lines have to go.
    await file.truncate(0);
    this.#size = 0;
  }

  /** Says it once, not with each line. */
  #fail(err: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#log.error({ err, file: this.#path }, "audit log cannot be written, events are lost");
  }

  #recover(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#log.warn({ lost: this.#lost, file: this.#path }, "audit log is written again");
  }
}

async function openPrivate(path: string): Promise<FileHandle> {
  const file = await open(path, "a", 0o600);
  await file.chmod(0o600);
  return file;
}
