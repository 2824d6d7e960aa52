/** Seconds since the epoch as UTC, to the second. */
export function utc(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** A span of seconds in its two largest units: "1d 6h", "45m", "12s". */
export function span(seconds: number): string {
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ];
  let rest = Math.abs(Math.round(seconds));
  const parts: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${name}`);
  }
  return parts.length === 0 ? "0s" : parts.slice(0, 2).join(" ");
}

/** A moment, seen from another: "2026-01-02T03:04:05Z (in 1d 6h)". */
export function moment(seconds: number, now: number): string {
  const relative = seconds >= now ? `in ${span(seconds - now)}` : `${span(now - seconds)} ago`;
  return `${utc(seconds)} (${relative})`;
}
