import { decodeBytes32String, ZeroAddress } from "ethers";
import { PlanClass, type Fraction } from "../plan/types";
import type { Registry } from "./connect";
import { readSeats } from "./facts";

/** Names of `ElectorateKind`, in the contract's order. */
export const KINDS = ["listed", "chunked", "token"] as const;

export interface ElectorateReport {
  pointer: string;
  epoch: number;
  kind: (typeof KINDS)[number];
  /** What one unit of power is. */
  unit: string;
  /** Sum of the seats' powers. */
  total: bigint;
  /** Most of one seat, and the sum of what is left: the whole that thresholds of a class are measured against. */
  clips: { planClass: string; maxPower: Fraction; cap: bigint; clippedTotal: bigint }[];
  /** Of a token: what is counted and when; a timepoint of zero: at the time of the proposal to come. */
  token?: { token: string; tokenUnit: bigint; timepoint: number };
  seatCount: number;
  seats: { seat: number; account: string; power: bigint }[];
}

/** The electorate of the next proposal, or a stored one; `most` bounds how many seats are read. */
export async function readElectorate(
  registry: Registry,
  { stored, most }: { stored?: string; most?: number } = {},
): Promise<ElectorateReport> {
  const [current, epoch] = await registry.contract.getFunction("electorate")();
  const pointer = stored ?? (current as string);
  const header = await readHeader(registry, pointer);
  const seats = await readSeats(registry, pointer, most);
  const clips = [];
  for (const [planClass, index] of Object.entries(PlanClass)) {
    const { numerator, denominator } = await registry.contract.getFunction("maxPowerOf")(index);
    const maxPower = { numerator: Number(numerator), denominator: Number(denominator) };
    clips.push({ planClass, maxPower, ...clipOf(header, index) });
  }
  return {
    pointer,
    epoch: Number(epoch),
    kind: header.kind,
    unit: header.unit,
    total: header.total,
    clips,
    ...(header.token === undefined ? {} : { token: header.token }),
    seatCount: header.seats,
    seats: seats.map(({ account, power }, seat) => ({ seat, account, power })),
  };
}

export interface Header extends Pick<ElectorateReport, "kind" | "unit" | "total" | "token"> {
  seats: number;
  clips: { cap: bigint; clippedTotal: bigint }[];
}

export async function readHeader(registry: Registry, pointer: string): Promise<Header> {
  const raw = await registry.contract.getFunction("electorateHeader")(pointer);
  const token = raw.token as string;
  return {
    kind: KINDS[Number(raw.kind)] ?? "listed",
    unit: decodeBytes32String(raw.unit),
    total: raw.total,
    seats: Number(raw.seats),
    clips: [...raw.clips].map(({ cap, clippedTotal }) => ({ cap, clippedTotal })),
    ...(token === ZeroAddress ? {} : { token: { token, tokenUnit: raw.tokenUnit, timepoint: Number(raw.timepoint) } }),
  };
}

/** Cap and whole of plans of one class. */
export function clipOf(header: Header, planClass: PlanClass): { cap: bigint; clippedTotal: bigint } {
  return header.clips[planClass] ?? { cap: 0n, clippedTotal: 0n };
}
