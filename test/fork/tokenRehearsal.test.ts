import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Contract, ContractFactory, encodeBytes32String, getAddress } from "ethers";
import hre from "hardhat";
import { governBridge, INVARIANTS, openWorld, PLAN_FILE, ROOT, type World } from "../../scripts/demo/openWorld";
import { readAddressBook } from "../../src/chain/addressBook";
import { impersonate, mine, setBalance } from "../../src/chain/devChain";
import { parsePlanText } from "../../src/plan/readPlanFile";
import type { Registry } from "../../src/registry/connect";
import { simulate } from "../../src/simulate/simulate";
import type { RehearsalReport } from "../../src/simulate/types";
import { artifacts } from "../fixtures/registry";
import { artifactsOf } from "../../tasks/support/artifacts";

const UNIT = 10n ** 9n;
const SHARE = 100n * 10n ** 18n;

describe("simulate > a plan that a token's delegates decide, on a fork", function () {
  this.timeout(300_000);
  let world: World;
  let registry: Registry;
  let token: Contract;
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-test-"));
  const planText = readFileSync(PLAN_FILE, "utf8");

  const rehearse = async (delegates?: string[]): Promise<RehearsalReport> => {
    const loaded = parsePlanText(planText, PLAN_FILE, readAddressBook(deploymentsDir));
    const block = await world.provider.getBlockNumber();
    const options = { root: ROOT, invariantsDir: INVARIANTS, url: world.node.url, block, tool: "slipway test" };
    return simulate(world.as(world.people.release), registry, loaded, { ...options, delegates });
  };
  const stepsOf = (report: RehearsalReport, verb: string) => report.steps.filter((step) => step.verb === verb);
  const lifecycleOf = (report: RehearsalReport) => report.checks.find(({ id }) => id === "lifecycle")!;
  const send = async (account: string, name: string, ...args: unknown[]) => {
    const from = token.connect(await world.provider.getSigner(account)) as Contract;
    await (await from.getFunction(name)(...args)).wait();
  };

  before(async () => {
    world = await openWorld({ artifacts: artifactsOf(hre), deploymentsDir });
    registry = await governBridge(world);
    await world.traffic.prepare();
    await world.traffic.run(30);
    // OpenZeppelin's ERC20Votes, with a clock of blocks.
    const { abi, bytecode } = await artifacts.read("BlockVotesToken");
    const deployed = await new ContractFactory(
      abi,
      bytecode,
      await world.provider.getSigner(world.people.deployer),
    ).deploy();
    await deployed.waitForDeployment();
    token = new Contract(await deployed.getAddress(), abi, await world.provider.getSigner(world.people.deployer));
    // Holders who keep their votes, holders who gave them to another, and one who never delegated.
    const [first, ...others] = world.people.electors as [string, ...string[]];
    for (const elector of world.people.electors) await send(first, "mint", elector, SHARE);
    await send(first, "delegate", first);
    for (const [i, elector] of others.entries()) {
      if (i < 3) await send(elector, "delegate", first);
      else if (i < 10) await send(elector, "delegate", elector);
    }
    await mine(world.provider);
    const timelock = getAddress((await registry.contract.getFunction("timelock")()) as string);
    await setBalance(world.provider, timelock, 10n ** 18n);
    const governed = registry.contract.connect(await impersonate(world.provider, timelock)) as Contract;
    const electorate = { token: await token.getAddress(), tokenUnit: UNIT };
    await (await governed.getFunction("setTokenElectorate")(electorate, encodeBytes32String("vote"))).wait();
    await mine(world.provider);
  });
  after(async () => {
    await world?.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  });

  it("SIM-40 finds those who hold the votes, takes their snapshot, and carries the plan to its end by their votes", async () => {
    const report = await rehearse();
    expect(report.failure).to.equal(undefined);
    expect(report.verdict).to.equal("warn");
    expect(stepsOf(report, "snapshot")).to.have.length(1);
    const [strongest] = world.people.electors;
    const votes = stepsOf(report, "vote for");
    // 4 of 12 by one delegate, then one each: the quorum is half, readiness two thirds.
    expect(votes[0]!.account).to.equal(strongest);
    expect([votes.length, stepsOf(report, "signal ready").length]).to.deep.equal([3, 5]);
    const holders = new Set(world.people.electors);
    expect([...votes, ...stepsOf(report, "signal ready")].every(({ account }) => holders.has(account))).to.equal(true);
    // Nothing of it happened on the chain itself.
    expect(await registry.contract.getFunction("timepointOf")(report.proposalId)).to.equal(0n);
  });

  it("SIM-41 says so where the delegates do not make the quorum, and does not call that a fault of the plan", async () => {
    const named = world.people.electors.slice(0, 1);
    const report = await rehearse(named);
    expect(report.verdict).to.equal("inconclusive");
    const { status, evidence, remedy } = lifecycleOf(report);
    expect(status).to.equal("inconclusive");
    expect(evidence.join("\n"))
      .to.include("DelegatesTooFew (SLIP-286)")
      .and.to.include(`${(4n * SHARE) / UNIT}, of 1 delegates`)
      .and.to.include(`of ${(12n * SHARE) / UNIT}`);
    expect(remedy).to.include("delegate before it is proposed");
    expect(stepsOf(report, "vote for")).to.deep.equal([]);
  });

  it("SIM-42 lets those vote who are named", async () => {
    const named = [0, 4, 5, 6, 7].map((i) => world.people.electors[i]!);
    const report = await rehearse(named);
    expect(report.verdict, JSON.stringify(report.failure)).to.equal("warn");
    const voters = [...stepsOf(report, "vote for"), ...stepsOf(report, "signal ready")];
    expect(voters.every(({ account }) => named.includes(account))).to.equal(true);
  });

  it("SIM-43 waits for delegates where too much of the supply was never delegated", async () => {
    const [first] = world.people.electors as [string];
    await send(first, "mint", world.people.deployer, 30n * SHARE);
    await mine(world.provider);
    const report = await rehearse();
    expect(report.verdict).to.equal("inconclusive");
    expect(lifecycleOf(report).evidence.join("\n")).to.include("DelegatesTooFew");
  });
});
