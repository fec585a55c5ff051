/** Where something listens or can be dialled: "host:port"; an empty host means every address of this machine. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** "host:port", ":port" or "[::1]:port"; throws a SyntaxError that says what must hold. */
export function parseAddress(text: string): Address {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new SyntaxError(`Cannot use ${JSON.stringify(text)} as an address: it must be host:port`);
  }
  return { host: (match[1] ?? "").replace(/^\[|\]$/g, ""), port };
}

/** The address as text; IPv6 hosts get their brackets back. */
export function formatAddress({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
