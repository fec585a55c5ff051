import { BlockList, isIP, isIPv4 } from "node:net";
import { CelError } from "./cel-errors.ts";
import type { FunctionRow } from "./function-table.ts";
import { CelList, EntryMap, type Opaque } from "./values.ts";

/** A URL, or an absolute path. */
interface Address extends Opaque {
  readonly opaque: "url";
  readonly url: URL;
  readonly isPath: boolean;
}

interface Ip extends Opaque {
  readonly opaque: "ip";
}

interface Cidr extends Opaque {
  readonly opaque: "cidr";
  readonly ip: string;
  readonly prefix: number;
}

/** URLs, IP addresses and ranges of these. */
export const NETWORK_FUNCTIONS: readonly FunctionRow[] = [
  [
    "url(string) url",
    (text: string) =>
      urlOf(text) ?? refuse(`URL parse error during conversion from string: ${text}`),
  ],
  ["isURL(string) bool", (text: string) => urlOf(text) !== undefined],
  [
    "url getScheme() string",
    ({ url, isPath }: Address) => (isPath ? "" : url.protocol.slice(0, -1)),
  ],
  ["url getHost() string", ({ isPath, text }: Address) => (isPath ? "" : hostOf(text))],
  [
    "url getHostname() string",
    ({ isPath, text }: Address) =>
      isPath
        ? ""
        : hostOf(text)
            .replace(/:\d*$/, "")
            .replace(/^\[(.*)\]$/, "$1"),
  ],
  [
    "url getPort() string",
    ({ isPath, text }: Address) => (isPath ? "" : (/:(\d*)$/.exec(hostOf(text))?.[1] ?? "")),
  ],
  ["url getEscapedPath() string", ({ text, isPath }: Address) => pathOf(text, isPath)],
  ["url getQuery() map<string,list<string>>", ({ url }: Address) => queryOf(url)],
  [
    "ip(string) ip",
    (text: string) =>
      ipOf(text) ?? refuse(`IP Address '${text}' parse error during conversion from string`),
  ],
  ["isIP(string) bool", (text: string) => ipOf(text) !== undefined],
  [
    "ip.isCanonical(string) bool",
    (text: string) =>
      (ipOf(text) ?? refuse(`IP Address '${text}' parse error during conversion from string`))
        .text === text,
  ],
  ["string(ip) string", ({ text }: Ip) => text],
  ["ip family() int", ({ text }: Ip) => (isIPv4(text) ? 4n : 6n)],
  ["ip isUnspecified() bool", ({ text }: Ip) => text === "0.0.0.0" || text === "::"],
  ["ip isLoopback() bool", ({ text }: Ip) => isIn(text, "127.0.0.0/8", "::1/128")],
  ["ip isLinkLocalMulticast() bool", ({ text }: Ip) => isIn(text, "224.0.0.0/24", "ff02::/16")],
  ["ip isLinkLocalUnicast() bool", ({ text }: Ip) => isIn(text, "169.254.0.0/16", "fe80::/10")],
  [
    "ip isGlobalUnicast() bool",
    ({ text }: Ip) =>
      text !== "255.255.255.255" &&
      !isIn(
        text,
        "0.0.0.0/32",
        "127.0.0.0/8",
        "224.0.0.0/4",
        "169.254.0.0/16",
        "::/128",
        "::1/128",
        "ff00::/8",
        "fe80::/10",
      ),
  ],
  [
    "cidr(string) cidr",
    (text: string) =>
      cidrOf(text) ?? refuse(`network address parse error during conversion from string: ${text}`),
  ],
  ["isCIDR(string) bool", (text: string) => cidrOf(text) !== undefined],
  ["string(cidr) string", ({ text }: Cidr) => text],
  ["cidr ip() ip", ({ ip }: Cidr) => ({ opaque: "ip", text: ip })],
  ["cidr prefixLength() int", ({ prefix }: Cidr) => BigInt(prefix)],
  ["cidr masked() cidr", masked],
  ["cidr containsIP(ip) bool", ({ text }: Cidr, ip: Ip) => isIn(ip.text, text)],
  [
    "cidr containsIP(string) bool",
    ({ text }: Cidr, ip: string) =>
      isIn(
        (ipOf(ip) ?? refuse(`IP Address '${ip}' parse error during conversion from string`)).text,
        text,
      ),
  ],
  ["cidr containsCIDR(cidr) bool", containsCidr],
  [
    "cidr containsCIDR(string) bool",
    (outer: Cidr, inner: string) =>
      containsCidr(
        outer,
        cidrOf(inner) ??
          refuse(`network address parse error during conversion from string: ${inner}`),
      ),
  ],
];

function refuse(message: string): never {
  throw new CelError(message);
}

function urlOf(text: string): Address | undefined {
  const isPath = text.startsWith("/");
  const whole = isPath ? `path://host${text}` : text;
  if (/[\s\p{Cc}]/u.test(text) || !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(whole) || !URL.canParse(whole))
    return undefined;
  return { opaque: "url", text, url: new URL(whole), isPath };
}

/** Taken from the text, as a URL forgets the port that is usual. */
function hostOf(text: string): string {
  return (/^[^:]+:\/\/([^/?#]*)/.exec(text)?.[1] ?? "").replace(/^.*@/, "");
}

function pathOf(text: string, isPath: boolean): string {
  const path = isPath ? text : (/^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(text)?.[1] ?? "");
  return encodeURI(decodable(path))
    .replace(/%25([0-9A-Fa-f]{2})/g, "%$1")
    .replace(/[?#].*$/, "");
}

function decodable(path: string): string {
  return path.replace(/[\uD800-\uDFFF](?![\uDC00-\uDFFF])/g, "");
}

function queryOf({ searchParams }: URL): EntryMap {
  const map = new EntryMap();
  for (const name of new Set(searchParams.keys()))
    map.add(name, new CelList(searchParams.getAll(name)));
  return map;
}

/** The address in its shortest form; IPv6 with an IPv4 address or a zone inside is none, as in Kubernetes. */
function ipOf(text: string): Ip | undefined {
  const family = isIP(text);
  if (family === 0 || text.includes("%") || /^::ffff:\d+\./i.test(text)) return undefined;
  const short = family === 4 ? text : new URL(`http://[${text}]/`).hostname.slice(1, -1);
  return { opaque: "ip", text: short };
}

function cidrOf(text: string): Cidr | undefined {
  const [, address = "", bits = ""] = /^(.+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const ip = ipOf(address);
  if (ip === undefined || Number(bits) > (isIPv4(ip.text) ? 32 : 128)) return undefined;
  return { opaque: "cidr", text: `${ip.text}/${bits}`, ip: ip.text, prefix: Number(bits) };
}

function isIn(ip: string, ...ranges: readonly string[]): boolean {
  const family = isIPv4(ip) ? "ipv4" : "ipv6";
  return ranges.some((range) => {
    const { ip: net = "", prefix = 0 } = cidrOf(range) ?? {};
    if ((isIPv4(net) ? "ipv4" : "ipv6") !== family) return false;
    const list = new BlockList();
    list.addSubnet(net, prefix, family);
    return list.check(ip, family);
  });
}

function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return inner.prefix >= outer.prefix && isIn(inner.ip, outer.text);
}

function masked({ ip, prefix }: Cidr): Cidr {
  const isV4 = isIPv4(ip);
  const groups = isV4 ? ip.split(".").map(Number) : groupsOf(ip);
  const width = isV4 ? 8 : 16;
  const kept = groups.map((group, i) => {
    const bits = Math.min(width, Math.max(0, prefix - i * width));
    return group & (((1 << width) - 1) ^ ((1 << (width - bits)) - 1));
  });
  const text = isV4 ? kept.join(".") : kept.map((group) => group.toString(16)).join(":");
  return cidrOf(`${text}/${prefix}`) as Cidr;
}

/** The eight groups of an IPv6 address. */
function groupsOf(ip: string): readonly number[] {
  const [left = "", right] = ip.split("::");
  const numbers = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [head, tail] = [numbers(left), numbers(right ?? "")];
  return [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail];
}
