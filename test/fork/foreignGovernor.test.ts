import { readFileSync } from "node:fs";
import Ajv2020 from "ajv-2020/dist/2020";
import { expect } from "chai";
import { id, Interface, ZeroAddress, ZeroHash } from "ethers";
import { warp } from "../../src/chain/devChain";
import type { ErrorName } from "../../src/errors";
import { GOVERNOR } from "../../src/foreign/abis";
import { canonicalJson } from "../../src/simulate/canonicalJson";
import { reportJsonSchema } from "../../src/simulate/reportSchema";
import { readReport } from "../../src/simulate/readReport";
import { markdownOf } from "../../src/report/rehearsal/markdown";
import { notesPage } from "../../src/report/rehearsal/notesPage";
import { reportHashOf, writeReport } from "../../src/simulate/writeReport";
import { expectError } from "../helpers/expectError";
import { remoteEnvironment, runJson, temporaryDeployments } from "../helpers/tasks";
import { answersOf, checkOf, openForeignWorld, type ForeignWorld } from "../helpers/foreignWorld";

const DAY = 86_400;
const TOKEN = new Interface([
  "function mint(address,uint256)",
  "function delegate(address)",
  "function transfer(address,uint256)",
]);
const TIMELOCK = new Interface([
  "function schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
  "function hashOperation(address,uint256,bytes,bytes32,bytes32) view returns (bytes32)",
  "function cancel(bytes32)",
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
    const notes = markdownOf(notesPage(report, reportHashOf(report)));
    expect(notes).to.contain(`proposal ${proposal} · chain 42161 · OpenZeppelin governor ${governor}`);
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(reportJsonSchema() as object);
    const json = () => JSON.parse(canonicalJson(report)) as Record<string, unknown>;
    expect(validate(json()), JSON.stringify(validate.errors)).to.equal(true);
    const { governance: _, ...without } = json();
    expect(validate(without)).to.equal(false);
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
    const held = (account: string) => ({ target: world.coin, call: "balanceOf(address)", args: [account] });
    const conserved = [{ name: "coins of both", sum: [held(timelock), held(world.treasury)] }];
    const report = await world.rehearse({ calls: file, from: timelock }, { isTwice: true, expect: { conserved } });
    expect(report.failure).to.equal(undefined);
    expect(checkOf(report, "migration").status).to.equal("pass");
    expect(checkOf(report, "determinism").status).to.equal("pass");
    expect(checkOf(report, "value").status).to.equal("pass");
  });

  it("FGN-03 proposes what is new by the strongest holder, and runs it to its end", async () => {
    const file = world.write("new.json", { description: "Treasury v2", calls: [world.upgrade()] });
    const report = await world.rehearse({ governor, calls: file });
    expect(report.failure).to.equal(undefined);
    expect(report.governance?.state).to.equal("new");
    expect(report.steps[0]).to.include({ verb: "propose", by: "proposer", account: voters[4] });
    expect(checkOf(report, "integrity").status).to.equal("pass");
    expect(checkOf(report, "on-chain").status).to.equal("skip");
    // Another account than the strongest, where it is named.
    const named = await world.rehearse({ governor, calls: file, voters: voters.slice(1, 4) });
    expect(named.steps[0]?.account).to.equal(voters[3]);
  });

  it("FGN-04 tells the reason and the innermost frame of a call that reverts", async () => {
    const broken = {
      target: world.coin,
      value: 0n,
      data: TOKEN.encodeFunctionData("transfer", [world.treasury, 10_000n]),
    };
    const proposal = await propose([broken], "More than there is");
    const report = await world.rehearse({ governor, proposal: `0x${proposal.toString(16)}` });
    expect(report.verdict).to.equal("fail");
    expect(report.failure).to.include({ error: "GovernanceStepReverted" });
    expect(checkOf(report, "lifecycle").evidence.join()).to.contain(`in 0xa9059cbb of ${world.coin}`);
  });

  it("FGN-05 is inconclusive where today's holders do not carry it", async () => {
    const proposal = await propose([world.upgrade()], "Alone");
    const report = await world.rehearse({ governor, proposal: String(proposal), voters: [voters[0]!] });
    expect(report.failure).to.include({ error: "DelegatesTooFew" });
    expect(checkOf(report, "lifecycle").status).to.equal("inconclusive");
    expect(checkOf(report, "quorum").status).to.equal("warn");
    expect(report.verdict).to.equal("inconclusive");
  });

  it("FGN-06 finds what the calls do not say, unless it is stated", async () => {
    const gone = world.chain.users[9]!;
    const proposal = await propose([world.upgrade(1, gone)], "And a payment");
    const report = await world.rehearse({ governor, proposal: String(proposal) });
    expect(checkOf(report, "value").status).to.equal("fail");
    const expected = { flows: [{ from: world.treasury, to: gone, most: 5n }] };
    const stated = await world.rehearse({ governor, proposal: String(proposal) }, { expect: expected });
    expect(checkOf(stated, "value").status).to.equal("pass");
  });

  it("FGN-07 runs what was executed from the block before, and finds that it logs the same", async () => {
    const { provider } = world.chain;
    const calls = [{ target: world.coin, value: 0n, data: TOKEN.encodeFunctionData("transfer", [world.treasury, 3n]) }];
    const proposal = await propose(calls, "Done");
    await warp(provider, 10);
    for (const voter of voters)
      await (await world.at(governor, GOVERNOR, voter).getFunction("castVote")(proposal, 1)).wait();
    await warp(provider, 10_001);
    const hashed = [[world.coin], [0], [calls[0]!.data], id("Done")];
    await (await world.at(governor, GOVERNOR).getFunction("queue")(...hashed)).wait();
    await warp(provider, 2 * DAY + 1);
    const receipt = await (await world.at(governor, GOVERNOR).getFunction("execute")(...hashed)).wait();
    const report = await world.rehearse({ governor, proposal: String(proposal) });
    expect(report.failure).to.equal(undefined);
    expect(report.provenance.block).to.equal(receipt!.blockNumber - 1);
    expect(report.governance).to.deep.include({
      state: "executed",
      execution: { transaction: receipt!.hash, block: receipt!.blockNumber },
    });
    expect(report.steps.map(({ verb }) => verb)).to.deep.equal(["execute"]);
    expect(checkOf(report, "on-chain").status).to.equal("pass");
    expect(checkOf(report, "on-chain").evidence.join()).to.contain("events of its execution");
  });

  it("FGN-08 runs an operation of the timelock, one call or a batch, and what is new", async () => {
    const { people } = world.chain;
    const own = await world.deploy("TimelockController", [DAY, [people.release], [people.release], people.deployer]);
    await (await world.at(world.coin, TOKEN).getFunction("transfer")(own, 50)).wait();
    const data = TOKEN.encodeFunctionData("transfer", [world.treasury, 3n]);
    const contract = world.at(own, TIMELOCK, people.release);
    const salt = id("salt");
    await (await contract.getFunction("schedule")(world.coin, 0, data, ZeroHash, salt, 3 * DAY)).wait();
    const operation = (await contract.getFunction("hashOperation")(world.coin, 0, data, ZeroHash, salt)) as string;
    const report = await world.rehearse({ timelock: own, operation });
    expect(report.failure).to.equal(undefined);
    expect(answersOf(report).filter((line) => / (fail|inconclusive)$/.test(line))).to.deep.equal([]);
    expect(report.steps).to.have.length(1);
    expect(report.steps[0]).to.include({ by: "executor", account: people.release });
    expect(report.negatives.map(({ isRefused }) => isRefused)).to.deep.equal([true, true, true, true]);
    const call = { target: world.coin, data };
    const file = world.write("operation.json", [call, call]);
    const fresh = await world.rehearse({ timelock: own, calls: file });
    expect(fresh.failure).to.equal(undefined);
    expect(fresh.steps.map(({ verb }) => verb)).to.deep.equal(["schedule", "execute"]);
    // What waits already calls the same account.
    expect(checkOf(fresh, "nonces").status).to.equal("warn");
    expect(checkOf(fresh, "stack").status).to.equal("inconclusive");
    await (await contract.getFunction("cancel")(operation)).wait().catch(() => undefined);
  });

  it("FGN-09 ends with one clear error where there is nothing to rehearse", async () => {
    const cases: [Parameters<typeof world.rehearse>[0], string, string][] = [
      [{ governor: world.treasury, proposal: "1" }, "GovernanceUnknown", "neither COUNTING_MODE() nor quorumVotes()"],
      [{ governor: people0(), proposal: "1" }, "GovernanceUnknown", "no code there"],
      [{ governor, proposal: "1" }, "GovernanceProposalUnknown", "--proposal 1"],
      [{ governor, proposal: "one" }, "GovernanceInputInvalid", "one"],
      [{ timelock: world.coin, operation: ZeroHash }, "GovernanceUnknown", "neither getMinDelay() nor delay()"],
      [{ timelock, operation: ZeroHash }, "GovernanceProposalUnknown", `--operation ${ZeroHash}`],
      [{ timelock, operation: "0x12" }, "GovernanceInputInvalid", "0x12"],
      [{ governor }, "GovernanceInputInvalid", "--governor"],
      [{ governor, proposal: "1", safe: "a.json" }, "GovernanceInputInvalid", "--governor --proposal --safe"],
      [{}, "GovernanceInputInvalid", "nothing"],
    ];
    for (const [request, name, found] of cases) {
      await expectError(() => world.rehearse(request), name as ErrorName, { found });
    }
  });

  it("FGN-10 is one command, which writes the same report and no plan's next step", async () => {
    const on = await remoteEnvironment(world.chain.node.url);
    const books = temporaryDeployments();
    try {
      const file = world.write("command.json", [
        { target: world.coin, data: TOKEN.encodeFunctionData("transfer", [world.treasury, 20n]) },
      ]);
      const { exitCode, json } = await runJson<{ verdict: string; next?: string; markdown: string }>(
        "upgrade simulate",
        { calls: file, from: timelock },
        on,
      );
      expect([exitCode, json.verdict, json.next]).to.deep.equal([0, "pass", undefined]);
      expect(readFileSync(json.markdown, "utf8")).to.contain(`--calls ${file} --from ${timelock}`);
      const refusal = async (args: Record<string, string>) => {
        const run = await runJson<{ error: string; where: string }>("upgrade simulate", args, on);
        return `${run.exitCode} ${run.json.error} ${run.json.where}`;
      };
      expect(await refusal({ file: "plan.yaml", governor })).to.equal("1 OptionInvalid --governor");
      expect(await refusal({ calls: file, from: timelock, replay: "10" })).to.equal("1 OptionInvalid --replay");
      expect(await refusal({ calls: file, from: "0x12" })).to.equal("1 GovernanceInputInvalid --from");
      expect(await refusal({ calls: file })).to.equal("1 GovernanceInputInvalid --from");
    } finally {
      books.remove();
    }
  });

  const people0 = () => world.chain.users[50]!;

  it("FGN-11 refuses what was cancelled or defeated", async () => {
    const { provider } = world.chain;
    const pay = (amount: bigint) => ({
      target: world.coin,
      value: 0n,
      data: TOKEN.encodeFunctionData("transfer", [world.treasury, amount]),
    });
    const dead = async (proposal: bigint, found: string) =>
      expectError(() => world.rehearse({ governor, proposal: String(proposal) }), "GovernanceProposalDead", { found });
    const cancelled = await propose([pay(1n)], "Cancelled");
    const cancel = new Interface(["function cancel(address[],uint256[],bytes[],bytes32)"]);
    const hashed = [[world.coin], [0], [pay(1n).data], id("Cancelled")];
    await (await world.at(governor, cancel, voters[0]).getFunction("cancel")(...hashed)).wait();
    await dead(cancelled, "Canceled");
    const defeated = await propose([pay(2n)], "Defeated");
    await warp(provider, 10_010);
    await dead(defeated, "Defeated");
  });

  it("FGN-12 refuses operations that were cancelled, timelocks that nobody moves, and fails a file of another chain", async () => {
    const { people } = world.chain;
    const data = TOKEN.encodeFunctionData("transfer", [world.treasury, 0n]);
    const calls = world.write("some.json", [{ target: world.coin, data }]);
    const own = await world.deploy("TimelockController", [DAY, [people.release], [], people.deployer]);
    const contract = world.at(own, TIMELOCK, people.release);
    const args = [world.coin, 0, data, ZeroHash, id("cancelled")];
    await (await contract.getFunction("schedule")(...args, DAY)).wait();
    const operation = (await contract.getFunction("hashOperation")(...args)) as string;
    const waiting = await world.rehearse({ timelock: own, operation });
    expect(waiting.failure).to.include({ error: "GovernanceProposalDead" });
    expect(checkOf(waiting, "lifecycle").evidence.join()).to.include("an account with EXECUTOR_ROLE");
    expect(waiting.verdict).to.equal("fail");
    await (await contract.getFunction("cancel")(operation)).wait();
    await expectError(() => world.rehearse({ timelock: own, operation }), "GovernanceProposalDead", {
      found: "it was cancelled",
    });
    const idle = await world.deploy("TimelockController", [DAY, [], [ZeroAddress], people.deployer]);
    const nobody = await world.rehearse({ timelock: idle, calls });
    expect(nobody.failure).to.include({ error: "GovernanceProposalDead" });
    expect(checkOf(nobody, "lifecycle").evidence.join()).to.include("an account with PROPOSER_ROLE");
    const elsewhere = world.write("elsewhere.json", { chainId: 1, calls: [{ target: world.coin, data }] });
    const report = await world.rehearse({ calls: elsewhere, from: timelock });
    expect([checkOf(report, "provenance").status, report.verdict]).to.deep.equal(["fail", "fail"]);
  });
});
