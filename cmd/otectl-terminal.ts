import type { OtectlIo } from "./otectl-command.ts";

/** What a shell reports of a program that writes to a pipe that nobody reads any more. */
const BROKEN_PIPE = 141;
/** To the beginning of the line, and nothing after it. */
const CLEAR = "\r\u001b[K";

/** Standard output for results, standard error for people. */
export function terminal(): Pick<OtectlIo, "print" | "tell" | "write" | "progress"> {
  const { stdout, stderr } = process;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? BROKEN_PIPE : 1);
  });
  return {
    print: (line) => void stdout.write(`${line}\n`),
    tell: (line) => void stderr.write(`${line}\n`),
    write: (text) => new Promise((resolve) => stdout.write(text, () => resolve())),
    progress: stderr.isTTY ? (text) => void stderr.write(`${CLEAR}${text}`) : undefined,
  };
}
