import { randomInt } from "node:crypto";
import { isIP } from "node:net";
import type { StatusCause } from "../../apis/status.ts";
import { at, type JsonObject, listOf, objectOf } from "../request/json.ts";
import type { VersionedStore } from "../store/store.ts";
import type { ServedType } from "../types/served-type.ts";
import { forbidden, invalid } from "./causes.ts";
import { ClaimBook } from "./claim-book.ts";
import { claimsOf, hasNodePorts, isGiven, portClaim, settleType } from "./service-network.ts";

/** The first two numbers of all addresses of services; the other two are chosen. */
const NETWORK = "10.96";
const RANGE = `${NETWORK}.0.0/16`;
const ADDRESSES = 1 << 16;
/** The network itself, the address that clusters give to their API, and the broadcast. */
const RESERVED = new Set([0, 1, ADDRESSES - 1]);
const FIRST_PORT = 30_000;
const LAST_PORT = 32_767;
const PORT_RANGE = `provided port is not in the valid range. The range of valid ports is ${FIRST_PORT}-${LAST_PORT}`;
const FULL = "range is full";

type Rules = Required<Pick<ServedType, "complete" | "check">>;

/** Gives services their addresses and node ports, and sees to it that no two have the same. */
export class ServiceAddresses {
  readonly #book: ClaimBook;

  constructor(store: VersionedStore) {
    this.#book = new ClaimBook(store, "services", claimsOf);
  }

  /** `types` with these rules added to those of services. */
  addTo(types: readonly ServedType[]): readonly ServedType[] {
    return types.map((type) =>
      type.group === "" && type.plural === "services" ? { ...type, ...this.#rules(type) } : type,
    );
  }

  #rules(type: ServedType): Rules {
    return {
      complete: (service, old) => {
        type.complete?.(service, old);
        const spec = objectOf(service.spec);
        settleType(spec, objectOf(old?.spec));
        this.#fill(service, spec);
      },
      check: (service, old) => {
        const causes = [...(type.check?.(service, old) ?? []), ...this.#causes(service, old)];
        if (causes.length === 0) this.#book.hold(service);
        return causes;
      },
    };
  }

  #fill(service: JsonObject, spec: JsonObject): void {
    if (spec.type === "ExternalName") return;
    if (!isGiven(spec.clusterIP)) {
      spec.clusterIP = this.#freeAddress(service);
      spec.clusterIPs = [spec.clusterIP];
    }
    if (!hasNodePorts(spec)) return;
    const taken = new Set<unknown>(listOf(spec.ports).map((port) => at(port, "nodePort")));
    for (const port of listOf(spec.ports).map(objectOf)) {
      if (isGiven(port.nodePort)) continue;
      port.nodePort = this.#freePort(service, taken);
      taken.add(port.nodePort);
    }
  }

  #freeAddress(service: JsonObject): string | undefined {
    const start = randomInt(ADDRESSES);
    for (let step = 0; step < ADDRESSES; step++) {
      const number = (start + step) % ADDRESSES;
      const address = `${NETWORK}.${number >> 8}.${number & 255}`;
      if (!RESERVED.has(number) && !this.#book.isTaken(address, service)) return address;
    }
    return undefined;
  }

  #freePort(service: JsonObject, taken: ReadonlySet<unknown>): number | undefined {
    const count = LAST_PORT - FIRST_PORT + 1;
    const start = randomInt(count);
    for (let step = 0; step < count; step++) {
      const port = FIRST_PORT + ((start + step) % count);
      if (!taken.has(port) && !this.#book.isTaken(portClaim(port), service)) return port;
    }
    return undefined;
  }

  #causes(service: JsonObject, old: JsonObject | undefined): StatusCause[] {
    const spec = objectOf(service.spec);
    const isNew = !isGiven(at(old, "spec", "clusterIP"));
    const address = isNew ? this.#addressCauses(spec, service) : [];
    return [...address, ...this.#portCauses(spec, service)];
  }

  #addressCauses({ type, clusterIP }: JsonObject, service: JsonObject): StatusCause[] {
    if (type === "ExternalName" || clusterIP === "None") return [];
    if (!isGiven(clusterIP))
      return [invalid("spec.clusterIPs", [], `failed to allocate IP: ${FULL}`)];
    if (typeof clusterIP !== "string" || isIP(clusterIP) === 0)
      return [invalid("spec.clusterIPs[0]", clusterIP, "must be a valid IP address")];
    const failed = (why: string) =>
      invalid("spec.clusterIPs", [clusterIP], `failed to allocate IP ${clusterIP}: ${why}`);
    if (!clusterIP.startsWith(`${NETWORK}.`))
      return [
        failed(
          `the provided IP (${clusterIP}) is not in the valid range. The range of valid IPs is ${RANGE}`,
        ),
      ];
    return this.#book.isTaken(clusterIP, service)
      ? [failed("provided IP is already allocated")]
      : [];
  }

  #portCauses(spec: JsonObject, service: JsonObject): StatusCause[] {
    return listOf(spec.ports).flatMap((port, i) => {
      const field = `spec.ports[${i}].nodePort`;
      const number = at(port, "nodePort");
      if (!hasNodePorts(spec))
        return isGiven(number)
          ? [forbidden(field, "may not be used when `type` is 'ClusterIP'")]
          : [];
      if (!isGiven(number)) return [invalid(field, 0, `failed to allocate a nodePort: ${FULL}`)];
      if (!(Number(number) >= FIRST_PORT && Number(number) <= LAST_PORT))
        return [invalid(field, number, PORT_RANGE)];
      return this.#book.isTaken(portClaim(number), service)
        ? [invalid(field, number, "provided port is already allocated")]
        : [];
    });
  }
}
