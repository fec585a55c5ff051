import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { HelloError } from "./hello.ts";

/** Most bytes of a refusal's text that are read. */
const MAX_REFUSAL = 1024;

/** Answers with `status`, and with `text` for people, then ends the connection. */
export function sayRefusal(socket: Socket, status: string, text = ""): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const length = Buffer.byteLength(text);
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n`;
  socket.end(`${head}Content-Length: ${length}\r\n\r\n${text}`);
  // Whoever goes on sending after that is not waited for.
  setTimeout(() => socket.destroy(), 1000).unref();
}

/**
 * Why somebody answered a dial with an HTTP response in place of a websocket: its own words if it is one
 * of our programs ("CODE: text"), else its status.
 */
export async function hearRefusal(response: IncomingMessage): Promise<HelloError> {
  let words = "";
  try {
    for await (const chunk of response) {
      words += String(chunk);
      if (words.length > MAX_REFUSAL) break;
    }
  } catch {
    // What has come so far has to do.
  }
  response.destroy();
  const [, code, text] = /^([A-Z_]{3,40}): (.*)$/s.exec(words.slice(0, MAX_REFUSAL)) ?? [];
  if (code !== undefined && text !== undefined) return new HelloError({ code, text });
  const status = `Unexpected server response: ${response.statusCode}`;
  return new HelloError({ code: "DIAL_FAILED", text: status });
}
