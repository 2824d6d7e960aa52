import { OWN_DIAMOND, type TrafficRow } from "./measure";

/** What a router may add to a call, at most; of a UUPS proxy, unless a kind is named. */
export const AIMS: { kind?: TrafficRow["kind"]; name: string; heat: "cold" | "warm"; most: number }[] = [
  { name: "idle", heat: "cold", most: 5_000 },
  { name: "idle", heat: "warm", most: 450 },
  { name: "on stable", heat: "cold", most: 5_600 },
  { name: "on candidate", heat: "cold", most: 7_000 },
  { name: "metered", heat: "cold", most: 11_000 },
  { kind: OWN_DIAMOND, name: "pause of a selector", heat: "cold", most: 50 },
  { kind: OWN_DIAMOND, name: "pause of a selector", heat: "warm", most: 50 },
];

export interface AimResult {
  kind: TrafficRow["kind"];
  name: string;
  heat: "cold" | "warm";
  most: number;
  found: number;
  isMet: boolean;
}

export function aimResults(rows: readonly TrafficRow[]): AimResult[] {
  return AIMS.flatMap(({ kind = "uups", name, heat, most }) => {
    const row = rows.find((entry) => entry.kind === kind && entry.name === name);
    return row === undefined ? [] : [{ kind, name, heat, most, found: row[heat], isMet: row[heat] <= most }];
  });
}

export function summaryOf(rows: readonly TrafficRow[]): string {
  const results = aimResults(rows);
  const met = results.filter(({ isMet }) => isMet).length;
  const figures = results.map(({ name, heat, most, found }) => `${name} ${heat} +${found} (aim ${most})`);
  return `a router's gas over a plain UUPS proxy: ${figures.join(", ")}; ${met} of ${results.length} aims met`;
}
