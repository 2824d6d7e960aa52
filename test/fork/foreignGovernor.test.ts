import { readFileSync } from "node:fs";
import { expect } from "chai";
import { id, Interface, ZeroAddress } from "ethers";
import { GOVERNOR } from "../../src/foreign/abis";
import { readReport } from "../../src/simulate/readReport";
import { writeReport } from "../../src/simulate/writeReport";
import { answersOf, checkOf, openForeignWorld, type ForeignWorld } from "../helpers/foreignWorld";

const DAY = 86_400;
const TOKEN = new Interface([
  "function mint(address,uint256)",
  "function delegate(address)",
  "function transfer(address,uint256)",
]);
const ROLES = new Interface(["function grantRole(bytes32,address)", "function renounceRole(bytes32,address)"]);

/** OpenZeppelin's governor and timelock as published, over a token whose clock counts seconds. */
describe("rehearsal of a proposal of OpenZeppelin's governor, on a fork of the remote chain", () => {
  let world: ForeignWorld;
  let governor: string;
  let timelock: string;
  let voters: string[];

  const propose = async (calls: { target: string; value: bigint; data: string }[], description: string) => {
    const lists = [calls.map(({ target }) => target), calls.map(({ value }) => value), calls.map(({ data }) => data)];
    const contract = world.at(governor, GOVERNOR, voters[0]);
    await (await contract.getFunction("propose")(...lists, description)).wait();
    return (await contract.getFunction("hashProposal")(...lists, id(description))) as bigint;
  };

  before(async () => {
    world = await openForeignWorld();
    const { people, users } = world.chain;
    voters = users.slice(0, 5);
    const token = await world.deploy("TimeVotesToken");
    for (const [i, voter] of voters.entries()) {
      await (await world.at(token, TOKEN).getFunction("mint")(voter, BigInt(10 + i))).wait();
      await (await world.at(token, TOKEN, voter).getFunction("delegate")(voter)).wait();
    }
    timelock = await world.deploy("TimelockController", [2 * DAY, [], [ZeroAddress], people.deployer]);
    governor = await world.deploy("Governor__MockForBench", [token, timelock]);
    const admin = world.at(timelock, ROLES);
    await (await admin.getFunction("grantRole")(id("PROPOSER_ROLE"), governor)).wait();
    await (await admin.getFunction("renounceRole")(`0x${"0".repeat(64)}`, people.deployer)).wait();
    await world.handOver(timelock);
    await (await world.at(world.coin, TOKEN).getFunction("transfer")(timelock, 500)).wait();
  });

  after(() => world.close());

  it("FGN-01 runs vote, queue, delay and execution by the real holders, and answers every check", async () => {
    const pay = { target: world.coin, value: 0n, data: TOKEN.encodeFunctionData("transfer", [world.treasury, 20n]) };
    const proposal = await propose([world.upgrade(), pay], "# Treasury v2\n\nMore of it.");
    const report = await world.rehearse({ governor, proposal: String(proposal) });
    expect(report.failure).to.equal(undefined);
    expect(answersOf(report).filter((line) => !/ (pass|skip)$/.test(line))).to.deep.equal([
      // The mock's vote is shorter than a weekend, and the migration names somebody without code.
      "delays warn",
      "existence warn",
    ]);
    expect(report.steps.map(({ by, verb }) => `${by}: ${verb}`)).to.deep.equal([
      "voter: vote for",
      "voter: vote for",
      "voter: vote for",
      "stranger: queue",
      "stranger: execute",
    ]);
    expect(report.negatives.map(({ name, isRefused }) => `${name}: ${isRefused}`)).to.deep.equal([
      "execute before the vote is over: true",
      "queue before the vote is over: true",
      "vote twice: true",
      "execute before the delay is over: true",
      "a stranger executes calls on the timelock that nobody voted on: true",
      "execute a second time: true",
    ]);
    expect(report.title).to.equal("Treasury v2");
    expect(report.stages[0]?.after[0]?.slots.implementation).to.equal(world.next);
    // Nobody's storage is written but by transactions, and nobody's balance but for gas.
    expect(new Set(report.overrides.map(({ kind }) => kind))).to.deep.equal(
      new Set(["impersonation", "balance", "time"]),
    );
    const written = writeReport(world.folder, report, "the command");
    expect(readReport(written.json).reportHash).to.equal(written.reportHash);
    expect(readFileSync(written.markdown, "utf8")).to.contain(
      `OpenZeppelin governor ${governor} · proposal ${proposal}`,
    );
  });

  it("FGN-02 runs plain calls of one account, each in its own transaction", async () => {
    const file = world.write("calls.json", [
      { target: world.coin, data: TOKEN.encodeFunctionData("transfer", [world.treasury, 20n]) },
    ]);
    const report = await world.rehearse({ calls: file, from: timelock });
    expect(report.failure).to.equal(undefined);
    expect(checkOf(report, "value").status).to.equal("pass");
  });
});
