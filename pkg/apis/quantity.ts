const FORM = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE])([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;
const DECIMAL: Readonly<Record<string, number>> = {
  ...{ n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 },
};
const BINARY: Readonly<Record<string, bigint>> = {
  ...{ Ki: 1n << 10n, Mi: 1n << 20n, Gi: 1n << 30n, Ti: 1n << 40n, Pi: 1n << 50n, Ei: 1n << 60n },
};
const NANO = 1_000_000_000n;
const MAX_TEXT = 64;

/** A Kubernetes quantity such as "1.5Gi" or "250m" in billionths; undefined if `text` is none. */
export function quantityNanos(text: string): bigint | undefined {
  const match = text.length > MAX_TEXT ? null : FORM.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = "", , exponent, suffix = ""] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const power = exponent === undefined ? DECIMAL[suffix] : Number(exponent);
  const amount = scaled(
    BigInt(whole + fraction) * (BINARY[suffix] ?? 1n),
    (power ?? 0) - fraction.length + 9,
  );
  return sign === "-" ? -amount : amount;
}

/** The shortest quantity that is exactly so many billionths, in powers of 1024 (Ki, Mi) or of 1000 (m, k). */
export function quantityText(nanos: bigint, form: "binary" | "decimal"): string {
  const units =
    form === "binary"
      ? Object.entries(BINARY).map(([suffix, size]) => [suffix, size * NANO] as const)
      : Object.entries(DECIMAL).map(
          ([suffix, power]) => [suffix, 10n ** BigInt(power + 9)] as const,
        );
  const fitting = [["", NANO] as const, ...units].filter(
    ([, size]) => nanos !== 0n && nanos % size === 0n,
  );
  const [suffix, size] = fitting.reduce((a, b) => (b[1] > a[1] ? b : a), fitting[0] ?? ["", NANO]);
  if (nanos !== 0n && fitting.length === 0) return `${nanos}n`;
  return `${nanos / size}${suffix}`;
}

/** The form in which a quantity is written. */
export function quantityForm(text: string): "binary" | "decimal" {
  return text.endsWith("i") ? "binary" : "decimal";
}

/** `value` times ten to the `power`; what is less than a billionth counts as one. */
function scaled(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const by = 10n ** BigInt(-power);
  return (value + by - 1n) / by;
}
