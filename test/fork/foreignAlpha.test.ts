import { readFileSync } from "node:fs";
import { expect } from "chai";
import { getCreateAddress, type InterfaceAbi } from "ethers";
import { chainTime } from "../../src/chain/devChain";
import { BRAVO, COMPOUND_TIMELOCK } from "../../src/foreign/abis";
import { openHardhatFork } from "../../tasks/support/openHardhatFork";
import { answersOf, checkOf, openForeignWorld, type ForeignWorld } from "../helpers/foreignWorld";

const DAY = 86_400;
const UNIT = 10n ** 18n;

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
});
