import { getAddress, isAddress } from "ethers";
import type { Client } from "../client";
import type { Governance } from "../simulate/types";
import { SlipwayError } from "../errors";
import { COMPOUND_TIMELOCK, CONTROLLER } from "./abis";
import { askOne } from "./ask";
import { callsDriver } from "./callsDriver";
import { compoundExecution, compoundTimelockDriver } from "./compoundTimelockDriver";
import { controllerDriver, controllerExecution } from "./controllerDriver";
import { executionOf, governorDriver } from "./governorDriver";
import { invalid, readCallsFile, readSafeBatch } from "./readCallsFile";
import { safeDriver, safeExecution } from "./safeDriver";
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
  const before: Before = (found) => (found !== undefined && found.block <= (block ?? Infinity) ? found : undefined);
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
  if (request.timelock !== undefined) return timelockOpener(client, request, before);
  if (request.safe !== undefined) return safeOpener(client, request, before);
  const stated = readCallsFile(request.calls!);
  const from = request.from ?? stated.from;
  if (from === undefined)
    throw invalid("--from", "the account that makes the calls", "neither --from nor the file's from");
  const account = addressOf("--from", from);
  return { stated, open: (ground) => Promise.resolve(callsDriver(ground, stated, account)) };
}

type Before = <T extends { block: number }>(found: T | undefined) => T | undefined;

/** OpenZeppelin's timelock or Compound's, by what it answers. */
async function timelockOpener(client: Client, request: ForeignRequest, before: Before): Promise<Opener> {
  const account = addressOf("--timelock", request.timelock!);
  const { provider } = client;
  const [minimum, delay] = await Promise.all([
    askOne<bigint>(provider, account, CONTROLLER, "getMinDelay"),
    askOne<bigint>(provider, account, COMPOUND_TIMELOCK, "delay"),
  ]);
  if (minimum === undefined && delay === undefined) {
    throw new SlipwayError("GovernanceUnknown", {
      where: `--timelock ${account}`,
      expected: "OpenZeppelin's TimelockController or Compound's Timelock",
      found: (await provider.getCode(account)) === "0x" ? "no code there" : "neither getMinDelay() nor delay()",
    });
  }
  const driver = minimum === undefined ? compoundTimelockDriver : controllerDriver;
  if (request.operation === undefined) {
    const stated = readCallsFile(request.calls!);
    return { stated, open: (ground) => driver(ground, { account, file: stated }, undefined) };
  }
  const operation = request.operation.toLowerCase();
  if (!/^0x[0-9a-f]{64}$/.test(operation)) throw invalid("--operation", "a word of 32 bytes in hex", request.operation);
  const execution = before(
    await (minimum === undefined ? compoundExecution : controllerExecution)(client, account, operation),
  );
  return { execution, open: (ground) => driver(ground, { account, operation }, execution) };
}

async function safeOpener(client: Client, request: ForeignRequest, before: Before): Promise<Opener> {
  const stated = readSafeBatch(request.safe!);
  const from = request.from ?? stated.from;
  if (from === undefined) {
    throw invalid("--from", "the Safe", "neither --from nor the batch's meta.createdFromSafeAddress");
  }
  const account = addressOf("--from", from);
  const { nonce, multiSend } = request;
  if (multiSend !== undefined) addressOf("--multisend", multiSend);
  const { chainId } = await client.provider.getNetwork();
  if (stated.chainId !== undefined && stated.chainId !== chainId) {
    throw invalid(`${request.safe}, chainId`, `${chainId}, the network's`, `${stated.chainId}`);
  }
  const execution =
    nonce === undefined ? undefined : before(await safeExecution(client, stated, { account, nonce, multiSend }));
  return { stated, execution, open: (ground) => safeDriver(ground, stated, { account, nonce, execution }) };
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
