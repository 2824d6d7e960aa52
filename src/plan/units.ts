import { parseUnits } from "ethers";

const SECONDS: Record<string, bigint> = { s: 1n, m: 60n, h: 3_600n, d: 86_400n, w: 604_800n };

/** What each reader below expects, in the words of an error message. */
export const EXPECTED = {
  duration: 'a duration such as "6h", "7d", "30m" or "12s"',
  share: 'a share above 0% and at most 100%, in steps of 0.01%, such as "5%" or "0.5%"',
  amount: 'an amount such as "10 ether", "1000 units 18" or a plain integer',
  fraction: 'a fraction such as "2/3"',
  weight: 'a weight such as "1" or "0.25", with at most 18 decimals',
  integer: "an unsigned integer",
} as const;

/** Seconds of "6h", "7d", "30m", "12s"; a plain zero needs no unit. Undefined where the text is none. */
export function parseDuration(text: string): bigint | undefined {
  if (text === "0") return 0n;
  const match = /^(\d+)\s*([smhdw])$/.exec(text);
  return match === null ? undefined : BigInt(match[1]!) * SECONDS[match[2]!]!;
}

/** Basis points of "5%" or "0.5%". */
export function parseShare(text: string): number | undefined {
  const match = /^(\d{1,3})(?:\.(\d{1,2}))?\s*%$/.exec(text);
  if (match === null) return undefined;
  const points = Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
  return points > 0 && points <= 10_000 ? points : undefined;
}

/** The smallest unit of "10 ether", "3 gwei", "1000 units 18" or a plain integer. */
export function parseAmount(text: string): bigint | undefined {
  const match = /^(\d[\d_]*)(?:\.(\d+))?(?:\s+(wei|gwei|ether|units\s+(\d{1,2})))?$/.exec(text);
  if (match === null) return undefined;
  const [, whole, part, unit, decimals] = match;
  const places = decimals !== undefined ? Number(decimals) : unit === "ether" ? 18 : unit === "gwei" ? 9 : 0;
  if ((part?.length ?? 0) > places) return undefined;
  return parseUnits(part === undefined ? whole!.replaceAll("_", "") : `${whole!.replaceAll("_", "")}.${part}`, places);
}

/** "2/3", proper and above zero. */
export function parseFraction(text: string): { numerator: number; denominator: number } | undefined {
  const match = /^(\d{1,9})\s*\/\s*(\d{1,9})$/.exec(text);
  if (match === null) return undefined;
  const fraction = { numerator: Number(match[1]), denominator: Number(match[2]) };
  return fraction.numerator > 0 && fraction.numerator <= fraction.denominator ? fraction : undefined;
}

/** 18-decimal weight of "1" or "0.25". */
export function parseWeight(text: string): bigint | undefined {
  return /^\d{1,12}(\.\d{1,18})?$/.test(text) ? parseUnits(text, 18) : undefined;
}

/** Decimal or 0x-prefixed hexadecimal, `_` between digits allowed. */
export function parseInteger(text: string): bigint | undefined {
  const bare = text.replaceAll("_", "");
  return /^(\d+|0x[0-9a-fA-F]+)$/.test(bare) ? BigInt(bare) : undefined;
}

/** "1d 6h" of 108000: for people. */
export function formatDuration(seconds: bigint): string {
  if (seconds === 0n) return "0s";
  const parts: string[] = [];
  let rest = seconds;
  for (const unit of ["d", "h", "m", "s"]) {
    const size = SECONDS[unit]!;
    if (rest >= size) parts.push(`${rest / size}${unit}`);
    rest %= size;
  }
  return parts.join(" ");
}

/** "5%" of 500 basis points. */
export function formatShare(points: number): string {
  return `${points / 100}%`;
}
