import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import type { TreeHost } from "./process-tree.ts";

/** Which packets of a host get lost: those it sends, or those sent to it. */
export type Direction = "out" | "in";

/** Where `ip netns` keeps names. */
const NAMES = "/run/netns";
/** The end of a host's cable to the others, and of the one to this process. */
const CABLE = "cable";
const CONTROL = "control";
/** One table of the kernel's packet filter holds all that is lost. */
const TABLE = "inet faults";

/**
 * Hosts in network namespaces of their own. Cables (veth) join them in one more namespace, the switch, and
 * can be pulled or made lossy. A second cable leads to this process and stays whole, so that a
 * host can be watched while the others miss it. Needs root, `ip` and `nft`; see `whyNot`.
 */
export class HostNetwork implements Disposable {
  readonly #prefix = `ote${process.pid}-`;
  readonly #numbers: ReadonlyMap<string, number>;
  /** The second byte of 100.64.0.0/10, so that several networks may exist side by side. */
  readonly #net = 64 + (process.pid % 64);
  readonly #onExit = (): void => this[Symbol.dispose]();

  /** Makes everything, or throws and leaves nothing behind. */
  constructor(hosts: readonly string[]) {
    this.#numbers = new Map(hosts.map((host, index) => [host, index + 1]));
    removeLeftOvers();
    process.once("exit", this.#onExit);
    try {
      this.#createSwitch();
      for (const host of hosts) this.#create(host);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** What this machine lacks, or undefined. */
  static whyNot(): string | undefined {
    if (process.getuid?.() !== 0) return "network namespaces need root";
    const probe = `ote${process.pid}-probe`;
    try {
      run("ip", "netns", "add", probe);
      run("ip", "netns", "exec", probe, "nft", "add", "table", ...TABLE.split(" "));
      return undefined;
    } catch (error) {
      return `network namespaces and nft are needed: ${(error as Error).message}`;
    } finally {
      spawnSync("ip", ["netns", "del", probe]);
    }
  }

  /** How the members of a tree are placed there. */
  host(name: string): TreeHost {
    const number = this.#numbers.get(name);
    return {
      address: `10.77.0.${number}`,
      control: `100.${this.#net}.${number}.2`,
      command: ["ip", "netns", "exec", this.#space(name)],
    };
  }

  /** Where a host reaches this process. */
  here(name: string): string {
    return `100.${this.#net}.${this.#numbers.get(name)}.1`;
  }

  /** Pulls the cable. */
  cut(name: string): void {
    this.#in(name, "ip", "link", "set", CABLE, "down");
  }

  /** Loses that share (0 to 1) of the packets in one direction. */
  lose(name: string, direction: Direction, share: number): void {
    const [hook, interfaceName] =
      direction === "out" ? ["output", "oifname"] : ["input", "iifname"];
    const chance = share >= 1 ? "" : `numgen random mod 1000 < ${Math.round(share * 1000)}`;
    const chain = `${TABLE} ${direction}`;
    const rules = [
      `add table ${TABLE}`,
      `add chain ${chain} { type filter hook ${hook} priority 0; }`,
      `add rule ${chain} ${interfaceName} ${CABLE} ${chance} drop`,
    ];
    this.#in(name, "nft", rules.join("; "));
  }

  /** Sends no more than that many bytes per second, and has room for two seconds of what waits, as cheap modems do. */
  slow(name: string, bytesPerSecond: number): void {
    const limits = ["rate", `${bytesPerSecond * 8}bit`, "burst", "16kb", "latency", "2s"];
    this.#in(name, "tc", "qdisc", "replace", "dev", CABLE, "root", "tbf", ...limits);
  }

  /** Nothing is cut, lost or slow any more. */
  heal(name: string): void {
    this.#in(name, "nft", `add table ${TABLE}; delete table ${TABLE}`);
    this.#in(name, "tc", "qdisc", "replace", "dev", CABLE, "root", "noqueue");
    this.#in(name, "ip", "link", "set", CABLE, "up");
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#onExit);
    for (const space of spaces()) {
      if (space.startsWith(this.#prefix)) spawnSync("ip", ["netns", "del", space]);
    }
  }

  #createSwitch(): void {
    run("ip", "netns", "add", this.#space("switch"));
    this.#in("switch", "ip", "link", "add", "bridge", "type", "bridge");
    this.#in("switch", "ip", "link", "set", "bridge", "up");
  }

  #create(name: string): void {
    const number = this.#numbers.get(name);
    const { address, control } = this.host(name);
    const [space, center] = [this.#space(name), this.#space("switch")];
    const port = `port${number}`;
    const outside = `ote${this.#net}c${number}`;
    run("ip", "netns", "add", space);
    this.#in(name, "ip", "link", "set", "lo", "up");
    veth([CABLE, space], [port, center]);
    this.#in("switch", "ip", "link", "set", port, "master", "bridge", "up");
    this.#in(name, "ip", "address", "add", `${address}/24`, "dev", CABLE);
    this.#in(name, "ip", "link", "set", CABLE, "up");
    run("ip", "link", "add", outside, "type", "veth", "peer", "name", CONTROL, "netns", space);
    run("ip", "address", "add", `${this.here(name)}/30`, "dev", outside);
    run("ip", "link", "set", outside, "up");
    this.#in(name, "ip", "address", "add", `${control}/30`, "dev", CONTROL);
    this.#in(name, "ip", "link", "set", CONTROL, "up");
  }

  #space(name: string): string {
    return `${this.#prefix}${name}`;
  }

  #in(name: string, ...command: string[]): void {
    run("ip", "netns", "exec", this.#space(name), ...command);
  }
}

function veth([near, nearSpace]: [string, string], [far, farSpace]: [string, string]): void {
  const ends = [near, "netns", nearSpace, "type", "veth", "peer", "name", far, "netns", farSpace];
  run("ip", "link", "add", ...ends);
}

/** A process that was killed could not remove its namespaces. */
function removeLeftOvers(): void {
  for (const space of spaces()) {
    const [, pid] = /^ote(\d+)-/.exec(space) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) spawnSync("ip", ["netns", "del", space]);
  }
}

function spaces(): string[] {
  return existsSync(NAMES) ? readdirSync(NAMES) : [];
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", timeout: 10_000 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`Cannot run ${command} ${args.join(" ")}: ${stderr.trim()}`);
}
