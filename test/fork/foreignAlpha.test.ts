import { readFileSync } from "node:fs";
import { expect } from "chai";
import { getCreateAddress, Interface, toQuantity, ZeroHash, type InterfaceAbi } from "ethers";
import { chainTime } from "../../src/chain/devChain";
import { BRAVO, CAST_VOTE, COMPOUND_TIMELOCK, GOVERNOR } from "../../src/foreign/abis";
import { openHardhatFork } from "../../tasks/support/openHardhatFork";
import { expectError } from "../helpers/expectError";
import { answersOf, checkOf, openForeignWorld, type ForeignWorld } from "../helpers/foreignWorld";

const DAY = 86_400;
const UNIT = 10n ** 18n;
const CANCELLABLE = [
  "function queueTransaction(address,uint256,string,bytes,uint256) returns (bytes32)",
  "function cancelTransaction(address,uint256,string,bytes,uint256)",
];
const UNI = ["function uni() view returns (address)"];

function published(name: string): { abi: InterfaceAbi; bytecode: string } {
  const file = require.resolve(`@uniswap/governance/build/${name}.json`);
  const { abi, bytecode } = JSON.parse(readFileSync(file, "utf8")) as { abi: []; bytecode: string };
  return { abi, bytecode: `0x${bytecode}` };
}

/** Uniswap's governance with the code it was published with. */
describe("rehearsal of GovernorAlpha and of Compound's timelock, on a fork of the remote chain", () => {
  let world: ForeignWorld;
  let governor: string;
  let timelock: string;
  let voters: string[];

  before(async () => {
    world = await openForeignWorld();
    const { people, users, provider } = world.chain;
    voters = users.slice(0, 4);
    const inAYear = (await chainTime(provider)) + 365 * DAY;
    const uni = published("Uni");
    const token = await world.deployFrom(uni, [people.deployer, people.deployer, inAYear]);
    for (const voter of voters) {
      await (await world.at(token, uni.abi).getFunction("transfer")(voter, 15_000_000n * UNIT)).wait();
      await (await world.at(token, uni.abi, voter).getFunction("delegate")(voter)).wait();
    }
    const nonce = await provider.getTransactionCount(people.deployer);
    const next = getCreateAddress({ from: people.deployer, nonce: nonce + 1 });
    timelock = await world.deployFrom(published("Timelock"), [next, 2 * DAY]);
    governor = await world.deployFrom(published("GovernorAlpha"), [timelock, token]);
    expect(governor).to.equal(next);
    await world.handOver(timelock);
  });

  after(() => world.close());

  it("FGN-20 runs a proposal with signatures through vote, queue, delay and execution", async () => {
    const { data } = world.upgrade();
    const args = [[world.treasury], [0], ["upgradeToAndCall(address,bytes)"], [`0x${data.slice(10)}`], "Treasury v2"];
    await (await world.at(governor, BRAVO, voters[0]).getFunction("propose")(...args)).wait();
    // This engine mines the 40,320 blocks of its vote at once.
    const report = await world.rehearse({ governor, proposal: "1" }, { openFork: openHardhatFork });
    expect(report.failure).to.equal(undefined);
    expect(report.governance).to.include({ kind: "GovernorAlpha", executor: timelock, state: "proposed" });
    expect(report.governance?.calls[0]?.data).to.equal(data);
    expect(answersOf(report).filter((line) => / (fail|inconclusive)$/.test(line))).to.deep.equal([]);
    expect(report.steps.map(({ verb }) => verb)).to.deep.equal([
      "vote for",
      "vote for",
      "vote for",
      "queue",
      "execute",
    ]);
    expect(report.negatives.filter(({ isRefused }) => !isRefused)).to.deep.equal([]);
    // A vote counts blocks: they are mined, and told.
    expect(report.overrides.some((entry) => entry.kind === "blocks" && entry.count > 40_000)).to.equal(true);
    expect(checkOf(report, "on-chain").evidence.join()).to.contain("actions as the governor keeps them");
  });

  it("FGN-21 runs a transaction that is queued in the timelock, and new ones, and refuses it after its last day", async () => {
    const { people, provider } = world.chain;
    const own = await world.deployFrom(published("Timelock"), [people.release, 2 * DAY]);
    await world.deployer.sendTransaction({ to: own, value: 100n });
    const eta = (await chainTime(provider)) + 3 * DAY;
    const contract = world.at(own, COMPOUND_TIMELOCK, people.release);
    const sent = await contract.getFunction("queueTransaction")(world.treasury, 7, "", "0x", eta);
    const { logs } = (await sent.wait())!;
    const operation = logs[0]!.topics[1]!;
    const report = await world.rehearse({ timelock: own, operation });
    expect(report.failure).to.equal(undefined);
    expect(report.governance).to.include({ kind: "Compound timelock", state: "proposed" });
    expect(answersOf(report).filter((line) => / (fail|inconclusive)$/.test(line))).to.deep.equal([]);
    expect(report.negatives.map(({ name, isRefused }) => `${name}: ${isRefused}`)).to.deep.equal([
      "execute before the delay is over: true",
      "execute without being admin: true",
      "execute after its last day: true",
      "execute a second time: true",
    ]);
    expect(report.flows).to.have.length(1);
    const file = world.write("two.json", [
      { target: world.treasury, value: "1" },
      { target: world.treasury, value: "2" },
    ]);
    const fresh = await world.rehearse({ timelock: own, calls: file });
    expect(fresh.failure).to.equal(undefined);
    expect(fresh.stages).to.have.length(2);
    expect(fresh.steps.map(({ by }) => by)).to.deep.equal(Array.from({ length: 4 }, () => "the timelock's admin"));
  });

  it("FGN-22 runs what is queued on chain, sends along what the governor takes from whoever executes, and is no rival of itself", async () => {
    const { provider, people } = world.chain;
    const mine = (blocks: number) => provider.send("hardhat_mine", [toQuantity(blocks), "0x1"]);
    const nonce = await provider.getTransactionCount(people.deployer);
    const next = getCreateAddress({ from: people.deployer, nonce: nonce + 1 });
    const delayed = await world.deployFrom(published("Timelock"), [next, 2 * DAY]);
    const { abi, bytecode } = published("GovernorAlpha");
    // Its vote of 40,320 blocks is one of 100: nothing else is another.
    const brief = { abi, bytecode: bytecode.replace("619d80", "610064") };
    const token = (await world.at(governor, UNI).getFunction("uni")()) as string;
    const alpha = await world.deployFrom(brief, [delayed, token]);
    const own = world.at(alpha, BRAVO, voters[3]);
    const toSafety = new Interface(["function setDelay(uint256)"]).encodeFunctionData("setDelay", [3 * DAY]);
    const args = [
      [world.treasury, delayed],
      [7n, 0n],
      ["", "setDelay(uint256)"],
      ["0x", `0x${toSafety.slice(10)}`],
      "A gift, and a longer delay",
    ];
    await (await own.getFunction("propose")(...args)).wait();
    const proposal = (await own.getFunction("proposalCount")()) as bigint;
    await mine(2);
    for (const voter of voters) {
      await (await world.at(alpha, CAST_VOTE.alpha, voter).getFunction("castVote")(proposal, true)).wait();
    }
    await mine(101);
    await (await own.getFunction("queue")(proposal)).wait();
    const report = await world.rehearse({ governor: alpha, proposal: String(proposal) });
    expect(report.failure).to.equal(undefined);
    expect(report.governance).to.include({ state: "proposed", told: "Queued" });
    expect(checkOf(report, "governance").evidence.join()).to.include(`delay: ${2 * DAY}, then ${3 * DAY}`);
    expect(report.steps.map(({ verb }) => verb)).to.deep.equal(["execute"]);
    expect(checkOf(report, "nonces").status).to.equal("pass");
    expect(checkOf(report, "stack").status).to.equal("skip");
    expect(checkOf(report, "funds").evidence.join()).to.include("sends that along");
    expect(answersOf(report).filter((line) => / (fail|inconclusive)$/.test(line))).to.deep.equal([]);
    expect(report.flows.map(({ amount }) => amount)).to.include(7n);
  });

  it("FGN-23 runs OpenZeppelin's governor of 4.8 with Bravo's interface over Compound's timelock", async () => {
    const { people, provider } = world.chain;
    const token = (await world.at(governor, UNI).getFunction("uni")()) as string;
    const nonce = await provider.getTransactionCount(people.deployer);
    const next = getCreateAddress({ from: people.deployer, nonce: nonce + 1 });
    const delayed = await world.deployFrom(published("Timelock"), [next, 2 * DAY]);
    const bravo = await world.deploy("BravoGovernor__MockForRehearsal", [token, delayed]);
    expect(bravo).to.equal(next);
    await world.deployer.sendTransaction({ to: delayed, value: 50n });
    const contract = world.at(bravo, BRAVO, voters[0]);
    const args = [[world.treasury, world.treasury], [9n, 3n], ["", ""], ["0x", "0x"], "# Two gifts"];
    const propose = (of: typeof args) => contract.getFunction("propose")(...of);
    const { logs } = (await (await propose(args)).wait())!;
    const proposal = (new Interface(GOVERNOR.fragments).parseLog(logs[0]!)!.args[0] as bigint).toString();
    const report = await world.rehearse({ governor: bravo, proposal });
    expect(report.failure).to.equal(undefined);
    expect(report.governance).to.include({ kind: "OpenZeppelin governor", executor: delayed, state: "proposed" });
    expect(report.steps.map(({ verb }) => verb)).to.deep.equal([
      "vote for",
      "vote for",
      "vote for",
      "queue",
      "execute",
    ]);
    expect(report.negatives.filter(({ isRefused }) => !isRefused)).to.deep.equal([]);
    expect(answersOf(report).filter((line) => / (fail|inconclusive)$/.test(line))).to.deep.equal([]);
    // What is new is proposed by the interface that every OpenZeppelin governor has.
    const file = world.write("bravo.json", { description: "New", calls: [{ target: world.treasury, value: "4" }] });
    const fresh = await world.rehearse({ governor: bravo, calls: file });
    expect(fresh.failure).to.equal(undefined);
    expect(fresh.verdict).to.be.oneOf(["pass", "warn"]);
    const poor = await world.rehearse({ governor: bravo, calls: file, voters: [world.chain.users[40]!] });
    expect(poor.failure).to.include({ error: "DelegatesTooFew" });
    expect(checkOf(poor, "lifecycle").evidence.join()).to.include("an account with 1 votes");
    // Votes that were cast count, those against too: `proposals` tells them where `proposalVotes` is not there.
    await provider.send("hardhat_mine", ["0x2", "0x1"]);
    const cast = (voter: string, support: number) =>
      world.at(bravo, CAST_VOTE.bravo, voter).getFunction("castVote")(proposal, support);
    await (await cast(voters[0]!, 1)).wait();
    await (await cast(voters[1]!, 0)).wait();
    const close = await world.rehearse({ governor: bravo, proposal });
    expect(close.steps.filter(({ verb }) => verb === "vote for")).to.have.length(2);
    expect(checkOf(close, "quorum").evidence.join()).to.include(`${15_000_000n * UNIT} against`);
    // Queued on chain: its transactions are no rivals of it.
    await (await cast(voters[2]!, 1)).wait();
    await (await cast(voters[3]!, 1)).wait();
    await provider.send("hardhat_mine", [toQuantity(101), "0x1"]);
    await (await contract.getFunction("queue")(proposal)).wait();
    const queued = await world.rehearse({ governor: bravo, proposal });
    expect(queued.steps.map(({ verb }) => verb)).to.deep.equal(["execute"]);
    expect(checkOf(queued, "stack").status).to.equal("skip");
    expect(answersOf(queued).filter((line) => / (fail|inconclusive)$/.test(line))).to.deep.equal([]);
  });

  it("FGN-24 refuses a transaction of a timelock that was cancelled, and one that it does not know", async () => {
    const { people, provider } = world.chain;
    const own = await world.deployFrom(published("Timelock"), [people.release, 2 * DAY]);
    const eta = (await chainTime(provider)) + 3 * DAY;
    const contract = world.at(own, CANCELLABLE, people.release);
    const args = [world.treasury, 7, "", "0x", eta];
    const { logs } = (await (await contract.getFunction("queueTransaction")(...args)).wait())!;
    const operation = logs[0]!.topics[1]!;
    await (await contract.getFunction("cancelTransaction")(...args)).wait();
    await expectError(() => world.rehearse({ timelock: own, operation }), "GovernanceProposalDead", {
      found: "it was cancelled",
    });
    await expectError(() => world.rehearse({ timelock: own, operation: ZeroHash }), "GovernanceProposalUnknown", {
      found: `--operation ${ZeroHash}`,
    });
  });
});
