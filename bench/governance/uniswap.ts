import { readFileSync } from "node:fs";
import { ContractFactory, getCreateAddress, TypedDataEncoder, type BaseContract } from "ethers";
import { ethers } from "hardhat";
import { gasOf, mineBlocks, passTime, sender, sum, votersOf, type Voter } from "./chain";
import { newUpgrade, requireUpgraded, type JobResult, type Mode } from "./job";

const DAY = 86_400;
const DELAY = 2 * DAY;
const UNIT = 10n ** 18n;
const VOTES_OF_ALL = 900_000_000n * UNIT;
const PROPOSER_VOTES = 20_000_000n * UNIT;
const BALLOT = {
  Ballot: [
    { name: "proposalId", type: "uint256" },
    { name: "support", type: "bool" },
  ],
};

/** A contract of the published package, from the code it was published with. */
async function deploy(name: string, args: unknown[]): Promise<BaseContract> {
  const file = require.resolve(`@uniswap/governance/build/${name}.json`);
  const { abi, bytecode } = JSON.parse(readFileSync(file, "utf8")) as { abi: []; bytecode: string };
  const [signer] = await ethers.getSigners();
  const contract = await new ContractFactory(abi, `0x${bytecode}`, signer).deploy(...args);
  await contract.waitForDeployment();
  return contract;
}

const tokens = new Map<number, BaseContract>();

async function tokenOf(voters: readonly Voter[], proposer: string): Promise<BaseContract> {
  const known = tokens.get(voters.length);
  if (known !== undefined) return known;
  const holder = await sender(0);
  const { timestamp } = (await ethers.provider.getBlock("latest")) as { timestamp: number };
  const token = await deploy("Uni", [holder, holder, timestamp + 365 * DAY]);
  for (const { address } of voters) {
    await gasOf(holder, token, "transfer", [address, VOTES_OF_ALL / BigInt(voters.length)]);
    await gasOf(address, token, "delegate", [address]);
  }
  await gasOf(holder, token, "transfer", [proposer, PROPOSER_VOTES]);
  await gasOf(proposer, token, "delegate", [proposer]);
  tokens.set(voters.length, token);
  return token;
}

/** Uniswap's GovernorAlpha and Timelock, as published: one upgrade from proposal to execution. */
export async function uniswapJob(count: number, mode: Mode): Promise<JobResult> {
  const [from, proposer] = [await sender(0), await sender(1)];
  const voters = await votersOf(count);
  const token = await tokenOf(voters, proposer);
  const nonce = await ethers.provider.getTransactionCount(from);
  const timelock = await deploy("Timelock", [getCreateAddress({ from, nonce: nonce + 1 }), DELAY]);
  const governor = await deploy("GovernorAlpha", [await timelock.getAddress(), await token.getAddress()]);
  const upgrade = await newUpgrade(await timelock.getAddress());

  const call = [[upgrade.proxy], [0], [""], [upgrade.data]];
  const propose = await gasOf(proposer, governor, "propose", [...call, "Vault v2"]);
  const proposalId = 1;
  await mineBlocks(2);

  const votes: number[] = [];
  const { chainId } = await ethers.provider.getNetwork();
  const domain = { name: "Uniswap Governor Alpha", chainId, verifyingContract: await governor.getAddress() };
  const digest = TypedDataEncoder.hash(domain, BALLOT, { proposalId, support: true });
  for (const { address, key } of voters) {
    if (mode === "transaction") {
      votes.push(await gasOf(address, governor, "castVote", [proposalId, true]));
      continue;
    }
    const { v, r, s } = key.sign(digest);
    votes.push(await gasOf(from, governor, "castVoteBySig", [proposalId, true, v, r, s]));
  }
  await mineBlocks(40_321);

  const schedule = await gasOf(from, governor, "queue", [proposalId]);
  await passTime(DELAY);
  const execute = await gasOf(from, governor, "execute", [proposalId]);
  const system = "Uniswap GovernorAlpha";
  await requireUpgraded(upgrade, system);
  const vote = sum(votes);
  return {
    system,
    voters: count,
    mode,
    propose,
    vote,
    schedule,
    execute,
    total: propose + vote + schedule + execute,
    firstVote: votes[0] as number,
    lastVote: votes.at(-1) as number,
  };
}
