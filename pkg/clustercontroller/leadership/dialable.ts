import { parseAddress } from "../../wire/address.ts";

/** `address` if it is a host:port that can be dialled, else nothing: anybody who may write Leases can have written it. */
export function dialable(address: string): string {
  try {
    const { host, port } = parseAddress(address);
    return host === "" || host.length > 253 || port === 0 ? "" : address;
  } catch {
    return "";
  }
}
