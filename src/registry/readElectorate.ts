import { readSeats } from "./facts";
import type { Registry } from "./connect";

export interface ElectorateReport {
  pointer: string;
  epoch: number;
  maxPower: { numerator: number; denominator: number };
  /** Sum of powers, and of powers clipped to `cap`: the whole that thresholds are measured against. */
  total: bigint;
  cap: bigint;
  clippedTotal: bigint;
  seats: { seat: number; account: string; power: bigint }[];
}

/** The electorate of the next proposal, or a stored one. */
export async function readElectorate(registry: Registry, stored?: string): Promise<ElectorateReport> {
  const [current, epoch, maxPower] = await registry.contract.getFunction("electorate")();
  const pointer = stored ?? (current as string);
  const header = await registry.contract.getFunction("electorateHeader")(pointer);
  const seats = await readSeats(registry, pointer);
  return {
    pointer,
    epoch: Number(epoch),
    maxPower: { numerator: Number(maxPower.numerator), denominator: Number(maxPower.denominator) },
    total: header.total,
    cap: header.cap,
    clippedTotal: header.clippedTotal,
    seats: seats.map(({ account, power }, seat) => ({ seat, account, power })),
  };
}
