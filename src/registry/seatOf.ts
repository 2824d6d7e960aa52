import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "./connect";
import { readFacts, readSeats } from "./facts";
import { signerAddress } from "./signerAddress";

/** The seat of an account (the signer, where none is named) in a proposal's electorate. */
export async function seatOf(
  client: Client,
  registry: Registry,
  params: { proposalId: string; verb: string; account?: string },
): Promise<number> {
  const account = params.account ?? (await signerAddress(client, params.verb));
  const { electorate } = await readFacts(registry, params.proposalId);
  const seats = await readSeats(registry, electorate);
  const seat = seats.findIndex((entry) => entry.account.toLowerCase() === account.toLowerCase());
  if (seat === -1) {
    throw new SlipwayError("SeatMissing", {
      where: params.verb,
      expected: `one of the ${seats.length} accounts of electorate ${electorate}`,
      found: account,
      next: "npx hardhat registry electorate",
    });
  }
  return seat;
}
