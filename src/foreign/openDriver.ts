import { getAddress, isAddress } from "ethers";
import type { Client } from "../client";
import type { Governance } from "../simulate/types";
import { callsDriver } from "./callsDriver";
import { executionOf, governorDriver } from "./governorDriver";
import { invalid, readCallsFile } from "./readCallsFile";
import type { CallsFile, Driver, ForeignRequest, Ground } from "./types";

/** What is asked for, as far as it can be told before a fork is made. */
export interface Opener {
  /** The file that was given. */
  stated?: CallsFile;
  /** Where it ran already: the rehearsal begins a block before. */
  execution?: Governance["execution"];
  open(ground: Ground): Promise<Driver>;
}

const WAYS =
  "--governor ADDRESS with --proposal ID or --calls FILE; --timelock ADDRESS with --operation ID or --calls FILE; --safe FILE; or --calls FILE with --from ADDRESS";

/** Reads the request, its files and where on the chain it stands. */
export async function openDriver(client: Client, request: ForeignRequest, block: number | undefined): Promise<Opener> {
  requireOneWay(request);
  const before = <T extends { block: number }>(found: T | undefined): T | undefined =>
    found !== undefined && found.block <= (block ?? Infinity) ? found : undefined;
  if (request.governor !== undefined) {
    const account = addressOf("--governor", request.governor);
    if (request.proposal === undefined) {
      const stated = readCallsFile(request.calls!);
      return { stated, open: (ground) => governorDriver(ground, { account, file: stated }, undefined) };
    }
    const proposal = numberOf("--proposal", request.proposal);
    const execution = before(await executionOf(client, account, proposal));
    return { execution, open: (ground) => governorDriver(ground, { account, proposal }, execution) };
  }
  const stated = readCallsFile(request.calls!);
  const from = request.from ?? stated.from;
  if (from === undefined)
    throw invalid("--from", "the account that makes the calls", "neither --from nor the file's from");
  const account = addressOf("--from", from);
  return { stated, open: (ground) => Promise.resolve(callsDriver(ground, stated, account)) };
}

/** Options that do not go together, or lack something, are told at once. */
function requireOneWay(request: ForeignRequest): void {
  const { governor, proposal, timelock, operation, safe, calls } = request;
  const found = Object.entries({ governor, proposal, timelock, operation, safe, calls })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `--${name}`)
    .join(" ");
  const ways = [
    "--governor --proposal",
    "--governor --calls",
    "--timelock --operation",
    "--timelock --calls",
    "--safe",
    "--calls",
  ];
  if (!ways.includes(found)) throw invalid("upgrade simulate", WAYS, found === "" ? "nothing" : found);
}

export function addressOf(where: string, text: string): string {
  if (isAddress(text)) return getAddress(text);
  throw invalid(where, "an address", text);
}

function numberOf(where: string, text: string): bigint {
  if (/^(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(text)) return BigInt(text);
  throw invalid(where, "a number, decimal or hex", text);
}
