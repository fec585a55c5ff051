import { BlockList, isIP } from "node:net";

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

/** Networks that the Internet does not route: RFC 1918, 6598, 3927, 4193, 4291, and the machine itself. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
] as const)
  PRIVATE.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const)
  PRIVATE.addSubnet(network, bits, "ipv6");

/** Names that only mean something inside one network: without a dot, or in a domain that is set aside for that. */
const PRIVATE_NAME = /^([^.]+|.+\.(localhost|local|internal|svc|test))$/i;

/** Whether `host` can only be reached from private networks; no host at all means every network. */
export function isPrivateHost(host: string): boolean {
  const family = isIP(host);
  if (family !== 0) return PRIVATE.check(host, family === 4 ? "ipv4" : "ipv6");
  return PRIVATE_NAME.test(host);
}
