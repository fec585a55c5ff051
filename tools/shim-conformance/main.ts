#!/usr/bin/env node
import { parseArgs } from "node:util";
import { errorText } from "../../pkg/base/errors.ts";
import { formatAddress, parseAddress } from "../../pkg/wire/address.ts";
import { Caller } from "./caller.ts";
import { KitApi } from "./kit-api.ts";
import { CASES, tryShim } from "./run.ts";
import { echoTarget, plainTarget, type Target } from "./target.ts";

const USAGE = `Usage: npm run shim:conformance -- [options] ENDPOINT

Tries whether the shim that listens at ENDPOINT (host:port) keeps the promises of docs/shim-protocol.md.

  --api-listen HOST:PORT  serve a Kubernetes API there, to be the cluster of a shim with destination "api":
                          executions are counted and slow, and no case is left out
  --destination NAME      destination of the tasks; by default "echo" if the shim has it, else "api", else its first
  --method METHOD         method of the tasks (GET)
  --url URL               url of a task that is done at once and harmless (/version)
  --only TEXT             only the cases whose name has this text

Exit code 0: all that was tried holds; 1: something does not; 2: wrong usage, or no shim there.
`;

const OPTIONS = {
  "api-listen": { type: "string" },
  destination: { type: "string" },
  method: { type: "string", default: "GET" },
  url: { type: "string", default: "/version" },
  only: { type: "string", default: "" },
  help: { type: "boolean", short: "h", default: false },
} as const;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: OPTIONS,
      allowPositionals: true,
    });
    const [endpoint] = positionals;
    if (values.help) return say(USAGE, 0);
    if (endpoint === undefined || positionals.length > 1) return say(USAGE, 2);
    const address = formatAddress(parseAddress(endpoint));
    await using targets = new AsyncDisposableStack();
    const cases = CASES.filter(({ name }) => name.includes(values.only));
    return await report(address, await targetFor(address, values, targets), cases);
  } catch (error) {
    return say(`shim:conformance: ${errorText(error)}\n`, 2);
  }
}

async function targetFor(
  endpoint: string,
  values: {
    readonly "api-listen"?: string | undefined;
    readonly destination?: string | undefined;
    readonly method: string;
    readonly url: string;
  },
  targets: AsyncDisposableStack,
): Promise<Target> {
  const first = await firstDestination(endpoint);
  const listen = values["api-listen"];
  if (listen !== undefined) {
    const { host, port } = parseAddress(listen);
    return targets.use(await KitApi.listen(host, port));
  }
  const destination = values.destination ?? first;
  return destination === "echo" && values.url === OPTIONS.url.default
    ? echoTarget()
    : plainTarget(destination, values.method, values.url);
}

async function firstDestination(endpoint: string): Promise<string> {
  await using caller = await Caller.connect(endpoint);
  const names = caller.welcome.capabilities.flatMap(
    (word) => /^destination:(.+)$/.exec(word)?.[1] ?? [],
  );
  return ["echo", "api"].find((name) => names.includes(name)) ?? names[0] ?? "api";
}

async function report(endpoint: string, target: Target, cases: typeof CASES): Promise<number> {
  say(`The shim at ${endpoint}, with ${target.about}\n\n`, 0);
  const counts = { PASS: 0, FAIL: 0, SKIP: 0 };
  for await (const { name, must, verdict, seen } of tryShim(endpoint, target, cases)) {
    counts[verdict]++;
    say(`${verdict}  ${name.padEnd(42)} ${must}\n`, 0);
    if (seen !== "") say(`      ${"".padEnd(42)} ${verdict === "FAIL" ? "but " : ""}${seen}\n`, 0);
  }
  say(`\n${counts.PASS} passed, ${counts.FAIL} failed, ${counts.SKIP} left out\n`, 0);
  return counts.FAIL > 0 || counts.PASS === 0 ? 1 : 0;
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}
