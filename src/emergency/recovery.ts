import { Contract, getAddress, Interface, isAddress, ZeroAddress } from "ethers";
import { readAddressBook } from "../chain/addressBook";
import { codeAt } from "../chain/codeAt";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "../registry/connect";
import { perform, type Performed, type SendOptions } from "../registry/perform";
import { act, type Collected } from "./acts";

const STATUSES = ["None", "Waiting", "Ready", "Lapsed", "Cancelled"] as const;
export type RecoveryStatus = (typeof STATUSES)[number];

/** The way out of a bricked registry, and how far it is. Times in seconds; zero: no recovery was started. */
export interface RecoveryReport {
  recovery: string;
  timelock: string;
  owner: string;
  status: RecoveryStatus;
  /** Number of the last recovery. */
  number: number;
  /** Registry that is to get the roles; undefined where none is under way. */
  successor?: string;
  /** The timelock's id of it: the subject of a veto. */
  operation: string;
  notBefore: number;
  notAfter: number;
  /** The chain's clock. */
  now: number;
}

/** Reads the recovery proposer of this network, or the one at `address`. It answers even where the registry does not. */
export async function readRecovery(client: Client, address?: string): Promise<RecoveryReport> {
  const contract = await connect(client, address);
  const read = (name: string) => contract.getFunction(name)() as Promise<unknown>;
  const [status, number, successor, operation, notBefore, notAfter, timelock, owner] = await Promise.all(
    ["status", "number", "successor", "operation", "notBefore", "notAfter", "timelock", "owner"].map(read),
  );
  const latest = await client.provider.getBlock("latest");
  return {
    recovery: await contract.getAddress(),
    timelock: String(timelock),
    owner: String(owner),
    status: STATUSES[Number(status)] ?? "None",
    number: Number(number),
    successor: successor === ZeroAddress ? undefined : String(successor),
    operation: String(operation),
    notBefore: Number(notBefore),
    notAfter: Number(notAfter),
    now: latest?.timestamp ?? 0,
  };
}

/** Announces that another registry is to get the roles, thirty days from now. The signer must be the owner. */
export async function startRecovery(
  client: Client,
  registry: Registry,
  params: { successor: string; recovery?: string } & SendOptions,
): Promise<Performed> {
  const { successor } = params;
  if (!isAddress(successor)) {
    throw new SlipwayError("OptionInvalid", { where: "--successor", expected: "an address", found: successor });
  }
  const isDone = ({ status, successor: under }: RecoveryReport) =>
    (status === "Waiting" || status === "Ready") && under === getAddress(successor);
  return send(client, registry, { ...params, verb: "start", args: [successor], isDone });
}

/** Gives the successor its roles. The signer must be the owner, inside the window. */
export async function executeRecovery(
  client: Client,
  registry: Registry,
  params: { recovery?: string } & SendOptions,
): Promise<Performed> {
  const { number, successor, recovery } = await readRecovery(client, params.recovery);
  if (number === 0 || successor === undefined) throw missing(recovery);
  return send(client, registry, { ...params, verb: "execute", args: [], isDone: isGone });
}

/** Gives up what is under way. The signer must be the owner. */
export async function withdrawRecovery(
  client: Client,
  registry: Registry,
  params: { recovery?: string } & SendOptions,
): Promise<Performed> {
  const { successor, recovery } = await readRecovery(client, params.recovery);
  if (successor === undefined) throw missing(recovery);
  return send(client, registry, { ...params, verb: "withdraw", args: [], isDone: isGone });
}

/** The council's veto of a recovery: cancels its operation while the registry lives. */
export function vetoRecovery(
  client: Client,
  registry: Registry,
  { report, ...params }: { report: RecoveryReport } & Collected & SendOptions,
): Promise<Performed> {
  const { recovery, successor = ZeroAddress, number, operation } = report;
  return act(client, registry, {
    ...params,
    kind: "veto",
    subject: operation,
    isOfProposal: false,
    encode: (tail) => registry.iface.encodeFunctionData("vetoRecovery", [recovery, successor, number, ...tail]),
    isDone: async () => (await readRecovery(client, recovery)).status === "Cancelled",
  });
}

interface RecoveryWork extends SendOptions {
  verb: "start" | "execute" | "withdraw";
  recovery?: string;
  args: readonly unknown[];
  isDone(report: RecoveryReport): boolean;
}

async function send(client: Client, registry: Registry, work: RecoveryWork): Promise<Performed> {
  const contract = await connect(client, work.recovery);
  const to = await contract.getAddress();
  return perform(client, registry, {
    out: work.out,
    isDryRun: work.isDryRun,
    verb: `recovery ${work.verb}`,
    to,
    data: contract.interface.encodeFunctionData(work.verb, [...work.args]),
    isDone: async () => work.isDone(await readRecovery(client, to)),
  });
}

const isGone = ({ successor }: RecoveryReport): boolean => successor === undefined;

async function connect(client: Client, address?: string): Promise<Contract> {
  const book = readAddressBook(client.deploymentsDir);
  const at = address ?? book.addresses["recovery"];
  if (at === undefined) {
    throw new SlipwayError("RecoveryMissing", {
      where: book.file,
      expected: "an address named recovery",
      found: "none",
    });
  }
  if (!isAddress(at)) {
    throw new SlipwayError("OptionInvalid", { where: "--recovery", expected: "an address", found: at });
  }
  await codeAt(client.provider, at, "recovery proposer");
  return new Contract(at, new Interface((await client.artifacts.read("RecoveryProposer")).abi), client.provider);
}

function missing(recovery: string): SlipwayError {
  return new SlipwayError("RecoveryMissing", {
    where: recovery,
    expected: "a recovery under way",
    found: "none",
    next: "npx hardhat emergency recovery start --successor REGISTRY --as OWNER",
  });
}
