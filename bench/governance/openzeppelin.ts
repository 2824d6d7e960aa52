import { id, TypedDataEncoder, ZeroAddress, type BaseContract } from "ethers";
import { ethers } from "hardhat";
import { chunksOf, gasOf, mineBlocks, passTime, sender, sum, votersOf, type Voter } from "./chain";
import { newUpgrade, requireUpgraded, type JobResult, type Mode } from "./job";

const DAY = 86_400;
const FOR = 1;
const DESCRIPTION = "Vault v2";
const BALLOT = {
  Ballot: [
    { name: "proposalId", type: "uint256" },
    { name: "support", type: "uint8" },
    { name: "voter", type: "address" },
    { name: "nonce", type: "uint256" },
  ],
};

const tokens = new Map<number, string>();

/** A token that so many voters hold equal parts of, each his own delegate. */
export async function tokenOf(voters: readonly Voter[]): Promise<string> {
  const known = tokens.get(voters.length);
  if (known !== undefined) return known;
  const token = await ethers.deployContract("VotesToken__MockForBench");
  const from = await sender(0);
  for (const chunk of chunksOf(voters, 100)) {
    await gasOf(from, token, "endow", [chunk.map(({ address }) => address), 10n ** 18n]);
  }
  const address = await token.getAddress();
  tokens.set(voters.length, address);
  return address;
}

/** OpenZeppelin's governor and timelock: one upgrade from proposal to execution. */
export async function openZeppelinJob(
  contract: "Governor__MockForBench" | "GovernorStorage__MockForBench",
  count: number,
  mode: Mode,
): Promise<JobResult> {
  const from = await sender(0);
  const voters = await votersOf(count);
  const token = await tokenOf(voters);
  const timelock = await ethers.deployContract("TimelockController", [DAY, [], [], from]);
  const governor: BaseContract = await ethers.deployContract(contract, [token, await timelock.getAddress()]);
  const governorAddress = await governor.getAddress();
  await gasOf(from, timelock, "grantRole", [await timelock.PROPOSER_ROLE(), governorAddress]);
  await gasOf(from, timelock, "grantRole", [await timelock.EXECUTOR_ROLE(), ZeroAddress]);
  const upgrade = await newUpgrade(await timelock.getAddress());
  const calls = [[upgrade.proxy], [0], [upgrade.data]];

  const propose = await gasOf(from, governor, "propose", [...calls, DESCRIPTION]);
  const hashed = [...calls, id(DESCRIPTION)];
  const proposalId = (await governor.getFunction("hashProposal")(...hashed)) as bigint;
  await mineBlocks(2);

  const votes: number[] = [];
  const { chainId } = await ethers.provider.getNetwork();
  const domain = { name: "Governor", version: "1", chainId, verifyingContract: governorAddress };
  for (const { address, key } of voters) {
    if (mode === "transaction") {
      votes.push(await gasOf(address, governor, "castVote", [proposalId, FOR]));
      continue;
    }
    const ballot = { proposalId, support: FOR, voter: address, nonce: 0 };
    const { serialized } = key.sign(TypedDataEncoder.hash(domain, BALLOT, ballot));
    votes.push(await gasOf(from, governor, "castVoteBySig", [proposalId, FOR, address, serialized]));
  }
  await mineBlocks(10_001);

  const schedule = await gasOf(from, governor, "queue(address[],uint256[],bytes[],bytes32)", hashed);
  await passTime(DAY);
  const execute = await gasOf(from, governor, "execute(address[],uint256[],bytes[],bytes32)", hashed);
  const system = contract === "Governor__MockForBench" ? "OpenZeppelin" : "OpenZeppelin, GovernorStorage";
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
