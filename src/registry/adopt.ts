import { Contract, id, Interface, ZeroAddress, ZeroHash } from "ethers";
import { codeAt } from "../chain/codeAt";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "./connect";
import { logsOf } from "./registryLogs";

const TIMELOCK = new Interface([
  "event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
  "event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)",
  "function hasRole(bytes32 role, address account) view returns (bool)",
  "function grantRole(bytes32 role, address account)",
  "function getMinDelay() view returns (uint256)",
]);

/** Roles of OpenZeppelin's TimelockController, with what a holder beside the registry could do. */
const TIMELOCK_ROLES = [
  { name: "PROPOSER", id: id("PROPOSER_ROLE"), power: "schedules operations of its own, past the registry" },
  { name: "CANCELLER", id: id("CANCELLER_ROLE"), power: "cancels stages and rollbacks of a plan" },
  // Every batch of a plan refuses to run outside the registry's own advance.
  { name: "EXECUTOR", id: id("EXECUTOR_ROLE"), power: "runs what others scheduled; batches of plans it cannot" },
  { name: "ADMIN", id: ZeroHash, power: "gives any role to anyone, without a delay" },
] as const;
type TimelockRole = (typeof TIMELOCK_ROLES)[number]["name"];

/** What a recovery proposer may hold, and what it does with it. */
const RECOVERY_ROLES: readonly TimelockRole[] = ["PROPOSER", "EXECUTOR"];

export interface RoleHolder {
  role: TimelockRole;
  account: string;
  power: string;
  isRegistry: boolean;
  /** A `RecoveryProposer` of this timelock: its code can do one thing, and thirty days after it said so. */
  isRecovery: boolean;
  /** What it could do harms a plan, and nobody accepted that. */
  isRisk: boolean;
  isAccepted: boolean;
}

export interface AdoptReport {
  timelock: string;
  registry: string;
  minDelay: bigint;
  isOpenExecutor: boolean;
  holders: RoleHolder[];
  /** What the timelock's admin has to call, so that the registry can work. */
  calls: { to: string; data: string; what: string }[];
}

/**
 * Looks at an existing timelock through the eyes of the registry: who else has power over it, and what its admin must call.
 * Others with power that nobody accepted by name end it with an error.
 */
export async function adopt(
  client: Client,
  registry: Registry,
  params: { timelock: string; accepted: readonly string[] },
): Promise<AdoptReport> {
  const { timelock } = params;
  await codeAt(client.provider, timelock, "timelock");
  const own = (await registry.contract.getFunction("timelock")()) as string;
  if (own.toLowerCase() !== timelock.toLowerCase()) {
    throw new SlipwayError("TimelockRisk", {
      where: `timelock ${timelock}`,
      expected: `the timelock that registry ${registry.address} was made with, ${own}`,
      found: timelock,
      meaning: "a registry keeps the timelock it was made with",
      next: "deploy a registry whose configuration says timelock: { address: … }",
    });
  }
  const contract = new Contract(timelock, TIMELOCK, client.provider);
  const accepted = new Set(params.accepted.map((account) => account.toLowerCase()));
  const holders = await holdersOf(client, contract, { timelock, registry: registry.address, accepted });
  const risks = holders.filter(({ isRisk }) => isRisk);
  if (risks.length > 0) {
    throw new SlipwayError("TimelockRisk", {
      where: `timelock ${timelock}`,
      expected: "no power beside the registry's, or each named with --accept-risk",
      found: risks.map(({ role, account, power }) => `${role} ${account} (${power})`).join("; "),
      next: `npx hardhat registry adopt ${timelock} --accept-risk ${[...new Set(risks.map(({ account }) => account))].join(",")}`,
    });
  }
  const isOpenExecutor = holders.some(({ role, account }) => role === "EXECUTOR" && account === ZeroAddress);
  return {
    timelock,
    registry: registry.address,
    minDelay: await contract.getFunction("getMinDelay")(),
    isOpenExecutor,
    holders,
    calls: grants(timelock, registry.address, holders, isOpenExecutor),
  };
}

/** The events tell who may hold a role; the timelock is asked who does. */
async function holdersOf(
  client: Client,
  contract: Contract,
  { timelock, registry, accepted }: { timelock: string; registry: string; accepted: Set<string> },
): Promise<RoleHolder[]> {
  const topics = ["RoleGranted", "RoleRevoked"].map((event) => TIMELOCK.getEvent(event)?.topicHash ?? "");
  const last = await client.provider.getBlockNumber();
  const logs = await logsOf(client, { address: timelock, topics: [topics] }, 0, last);
  const holders: RoleHolder[] = [];
  const recoveries = new Map<string, string | undefined>();
  for (const role of TIMELOCK_ROLES) {
    const seen = logs.filter((log) => log.topics[1] === role.id).map((log) => `0x${(log.topics[2] ?? "").slice(26)}`);
    for (const account of new Set(seen)) {
      if (!(await contract.getFunction("hasRole")(role.id, account))) continue;
      const isRegistry = account === registry.toLowerCase();
      if (!recoveries.has(account)) recoveries.set(account, await recoveryOwner(client, account, timelock));
      const owner = recoveries.get(account);
      const isRecovery = owner !== undefined && RECOVERY_ROLES.includes(role.name);
      const isHarmless =
        isRegistry ||
        isRecovery ||
        role.name === "EXECUTOR" ||
        (role.name === "ADMIN" && account === timelock.toLowerCase());
      const isAccepted = accepted.has(account);
      const { name } = role;
      const power = isRecovery
        ? `recovery proposer of ${owner}: grants the registry's roles, after thirty days`
        : role.power;
      const isRisk = !isHarmless && !isAccepted;
      holders.push({ role: name, account, power, isRegistry, isRecovery, isAccepted, isRisk });
    }
  }
  return holders;
}

/** Owner of a `RecoveryProposer` of this timelock: told by its code, which is the same for all of them. */
async function recoveryOwner(client: Client, account: string, timelock: string): Promise<string | undefined> {
  const { abi, deployedBytecode } = await client.artifacts.read("RecoveryProposer");
  if ((await client.provider.getCode(account)) !== deployedBytecode) return undefined;
  const contract = new Contract(account, abi, client.provider);
  const own = (await contract.getFunction("timelock")()) as string;
  return own.toLowerCase() === timelock.toLowerCase() ? ((await contract.getFunction("owner")()) as string) : undefined;
}

function grants(
  timelock: string,
  registry: string,
  holders: readonly RoleHolder[],
  isOpenExecutor: boolean,
): AdoptReport["calls"] {
  return TIMELOCK_ROLES.filter(({ name }) => name !== "ADMIN")
    .filter(({ name }) => !(name === "EXECUTOR" && isOpenExecutor))
    .filter(({ name }) => !holders.some(({ role, isRegistry }) => role === name && isRegistry))
    .map((role) => ({
      to: timelock,
      data: TIMELOCK.encodeFunctionData("grantRole", [role.id, registry]),
      what: `grantRole(${role.name}_ROLE, registry)`,
    }));
}
