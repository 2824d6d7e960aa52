import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "./connect";
import { readFacts } from "./facts";
import { readHeader, type Header } from "./readElectorate";
import { unpackSeat } from "./seats";
import { signerAddress } from "./signerAddress";

/** Where an account stands in a proposal's electorate: its seat, or the first seat of a larger account. */
export interface Place {
  account: string;
  seat?: number;
  next: number;
  header: Header;
  pointer: string;
}

interface Asked {
  proposalId: string;
  verb: string;
  account?: string;
}

/** Looks an account (the signer, where none is named) up in a proposal's electorate. */
export async function placeOf(client: Client, registry: Registry, params: Asked): Promise<Place> {
  const account = params.account ?? (await signerAddress(client, params.verb));
  const { electorate: pointer } = await readFacts(registry, params.proposalId);
  return seatIn(registry, pointer, account);
}

/** Looks an account up by halving: seventeen calls for 100,000 seats. */
export async function seatIn(registry: Registry, pointer: string, account: string): Promise<Place> {
  const header = await readHeader(registry, pointer);
  const wanted = BigInt(account);
  let low = 0;
  let high = header.seats;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = BigInt(
      unpackSeat((await registry.contract.getFunction("seatAt")(pointer, middle)) as string).account,
    );
    if (found === wanted) return { account, seat: middle, next: middle + 1, header, pointer };
    if (found < wanted) low = middle + 1;
    else high = middle;
  }
  return { account, next: low, header, pointer };
}

/** The seat of an account in a proposal's electorate. */
export async function seatOf(client: Client, registry: Registry, params: Asked): Promise<number> {
  const place = await placeOf(client, registry, params);
  if (place.seat !== undefined) return place.seat;
  throw seatMissing(place, params.verb);
}

export function seatMissing({ account, header, pointer }: Place, verb: string): SlipwayError {
  return new SlipwayError("SeatMissing", {
    where: verb,
    expected: `one of the ${header.seats} accounts of electorate ${pointer}`,
    found: account,
    next: "npx hardhat registry electorate",
  });
}
