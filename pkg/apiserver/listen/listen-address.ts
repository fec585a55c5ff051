import type { ListenAddress } from "./https-listener.ts";

/** Reads "host:port" and "[v6]:port". Throws a SyntaxError that says what must hold. */
export function parseListen(text: string): ListenAddress {
  const [, v6, plain = "", port = ""] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/i.exec(text) ?? [];
  if (port === "" || Number(port) > 65_535)
    throw new SyntaxError(`Cannot read listen address "${text}": it must be host:port`);
  return { host: v6 ?? (plain === "" ? "0.0.0.0" : plain), port: Number(port) };
}
