import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ContractFactory, keccak256, ZeroHash } from "ethers";
import hre from "hardhat";
import { governBridge, INVARIANTS, openWorld, PLAN_FILE, ROOT, type World } from "../../scripts/demo/openWorld";
import { readAddressBook } from "../../src/chain/addressBook";
import { readSlots } from "../../src/chain/erc1967";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText, readPlanFile } from "../../src/plan/readPlanFile";
import type { Registry } from "../../src/registry/connect";
import { canonicalJson } from "../../src/simulate/canonicalJson";
import type { OpenFork } from "../../src/simulate/openFork";
import { simulate } from "../../src/simulate/simulate";
import type { RehearsalReport } from "../../src/simulate/types";
import { reportHashOf, writeReport } from "../../src/simulate/writeReport";
import { artifactsOf } from "../../tasks/support/artifacts";
import { openHardhatFork } from "../../tasks/support/openHardhatFork";
import { remoteEnvironment, runJson, runTask } from "../helpers/tasks";

describe("simulate > a canary of the bridge's gateway, on a fork of the remote chain", () => {
  let world: World;
  let registry: Registry;
  let block: number;
  let first: RehearsalReport;
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-test-"));
  const planText = readFileSync(PLAN_FILE, "utf8");

  const rehearse = (text = planText, openFork?: OpenFork) => {
    const loaded = parsePlanText(text, PLAN_FILE, readAddressBook(deploymentsDir));
    return simulate(world.as(world.people.release), registry, loaded, {
      root: ROOT,
      invariantsDir: INVARIANTS,
      url: world.node.url,
      block,
      tool: "slipway test",
      openFork,
    });
  };
  const check = (report: RehearsalReport, id: string) => report.checks.find((entry) => entry.id === id);

  before(async () => {
    world = await openWorld({ artifacts: artifactsOf(hre), deploymentsDir });
    registry = await governBridge(world);
    await world.traffic.prepare();
    await world.traffic.run(30);
    block = await world.provider.getBlockNumber();
    first = await rehearse();
  });

  after(async () => {
    await world.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  });

  it("SIM-10 runs the plan to its end through the real contracts, by actors of the registry's own data", () => {
    expect(first.failure).to.equal(undefined);
    expect(first.checks.map(({ id, status }) => `${id} ${status}`)).to.deep.equal([
      "overrides pass",
      "lifecycle pass",
      "negatives pass",
      "pointers pass",
      "invariants pass",
      "rollbacks pass",
      "containments skip",
      "gas pass",
      "drift pass",
    ]);
    expect(first.verdict).to.equal("pass");
    const count = (verb: string) => first.steps.filter((step) => step.verb.startsWith(verb)).length;
    // Two thirds of twelve equal seats.
    expect([count("vote for"), count("signal ready")]).to.deep.equal([8, 8]);
    expect([count("propose"), count("attest"), count("schedule"), count("advance")]).to.deep.equal([1, 2, 1, 4]);
    const electors = new Set(world.people.electors);
    expect(
      first.steps.filter(({ verb }) => verb === "vote for").every(({ account }) => electors.has(account)),
    ).to.equal(true);
    expect(first.steps.every(({ gasUsed }) => gasUsed > 21_000n)).to.equal(true);
  });

  it("SIM-11 names where it comes from: chain, block, its hash, engine, registry and plan", async () => {
    const pinned = await world.provider.getBlock(block);
    expect(first.provenance).to.deep.include({ chainId: 42161n, block, blockHash: pinned?.hash });
    expect(first.provenance.engine).to.match(/^anvil \d+\.\d+\.\d+$/);
    expect(first.deployments.map(({ role, isOnChain }) => [role, isOnChain])).to.deep.equal([
      ["candidate", false],
      ["router", false],
    ]);
  });

  it("SIM-12 records the ERC-1967 slots around every stage: router in, router stays, candidate at the end", () => {
    const [candidate, router] = first.deployments.map(({ address }) => address);
    const implementations = first.stages.map(({ before, after }) => [
      before[0]?.slots.implementation,
      after[0]?.slots.implementation,
    ]);
    expect(implementations).to.deep.equal([
      [world.bridge.gatewayImplementation, router],
      [router, router],
      [router, router],
      [router, candidate],
    ]);
    expect(first.stages.flatMap(({ after }) => after.map(({ slots }) => slots.admin))).to.deep.equal(
      Array(4).fill(world.bridge.proxyAdmin),
    );
    const written = first.stages[0]?.writes ?? [];
    expect(written.map(({ account }) => account)).to.include(world.bridge.gateway);
    expect(written.every(({ before, after }) => before !== after)).to.equal(true);
  });

  it("SIM-13 takes every prefix of stages back, and finds code and pointers as they were", () => {
    expect(first.rollbacks.map(({ afterStages, state, isRestored }) => [afterStages, state, isRestored])).to.deep.equal(
      [
        [1, "RolledBack", true],
        [2, "RolledBack", true],
        [3, "RolledBack", true],
      ],
    );
    for (const { after, invariants, residue } of first.rollbacks) {
      expect(after[0]?.slots.implementation).to.equal(world.bridge.gatewayImplementation);
      expect(after[0]).to.deep.include({ version: 1, lockedBy: ZeroHash });
      expect(invariants.map(({ isOk }) => isOk)).to.deep.equal([true, true, true, true, true]);
      // What a router leaves behind is its own policy word, and nothing that the bridge reads.
      expect(residue).to.have.length(1);
    }
  });

  it("SIM-14 is refused what must not work, each with the error that says why", () => {
    const answers = first.negatives.map(({ name, found }) => `${name}: ${found.split("(")[0]}`);
    expect(answers).to.include.members([
      "propose without the release role: Unauthorized",
      "schedule before the vote: ProposalInState",
      "advance before the delay is over: NotYet",
      "schedule a second time: ProposalInState",
      "a stranger executes stage 0 on the timelock: AccessControlUnauthorizedAccount",
      "a stranger executes rollback 0 on the timelock: AccessControlUnauthorizedAccount",
      "advance an edited plan: ProposalUnknown",
      "advance twice at stage 1: NotYet",
      "a stranger takes back a plan in good order, after stage 2: ProposalInState",
      "advance a completed plan: ProposalInState",
    ]);
    expect(first.negatives.filter(({ isRefused }) => !isRefused)).to.deep.equal([]);
  });

  it("SIM-15 gives one report hash however often it runs", async () => {
    const second = await rehearse();
    expect(canonicalJson(second)).to.equal(canonicalJson(first));
    expect(reportHashOf(second)).to.equal(reportHashOf(first));
  });

  it("SIM-16 writes report.json whose bytes have the report's hash, and a page that says so", () => {
    const { json, markdown, reportHash } = writeReport(deploymentsDir, first, "npx hardhat upgrade simulate FILE");
    expect(keccak256(readFileSync(json))).to.equal(reportHash);
    expect(json).to.equal(join(deploymentsDir, "reports", first.subject.slice(0, 12), "report.json"));
    const page = readFileSync(markdown, "utf8");
    expect(page.split("\n")[0]).to.equal(`# [PASS] ${first.title}`);
    expect(page).to.include(reportHash).and.to.include("without its key");
  });

  it("SIM-17 sends nothing to the chain it copies, and leaves nothing in its folder", async () => {
    expect(await world.provider.getBlockNumber()).to.equal(block);
    expect((await readSlots(world.provider, world.bridge.gateway)).implementation).to.equal(
      world.bridge.gatewayImplementation,
    );
    expect(Object.keys(readAddressBook(deploymentsDir).addresses)).to.have.length(7);
    expect(existsSync(join(deploymentsDir, "plans"))).to.equal(false);
  });

  it("SIM-18 lists every override: each impersonated actor, each grant of gas money, the clock", () => {
    const acted = new Set(first.steps.map(({ account }) => account));
    const impersonated = first.overrides.filter(({ kind }) => kind === "impersonation");
    expect(impersonated).to.have.length(acted.size);
    expect(first.overrides.filter(({ kind }) => kind === "balance")).to.have.length(1);
    const [time] = first.overrides.filter((entry) => entry.kind === "time");
    // Vote 3 d, delay 1 d, dwells 6 + 12 + 24 h, less the seconds that the blocks between took.
    expect(time?.kind === "time" && time.seconds).to.be.within(496_000, 496_800);
  });

  it("SIM-19 is inconclusive, not passed, where a gate waits for users", async () => {
    const gate = `gates:\n  - { stage: canary 25%, call: "canaryCalls(address)", args: ["${world.bridge.gateway}"], op: ">=", value: 10 }\n`;
    const report = await rehearse(`${planText}\n${gate}`);
    expect(report.failure).to.deep.include({ error: "GateNotMet" });
    expect(report.verdict).to.equal("inconclusive");
    expect(check(report, "lifecycle")?.status).to.equal("inconclusive");
    expect(check(report, "rollbacks")).to.deep.include({ status: "inconclusive" });
    expect(report.stages.map(({ label }) => label)).to.deep.equal(["canary 5%"]);
  });

  it("CTN-80 tries each containment after each stage: a stranger is refused, the incident role is not, and the way back stays open", async function () {
    this.timeout(600_000);
    const { abi, bytecode } = await hre.artifacts.readArtifact("Lane__MockForContainment");
    const client = world.as(world.people.deployer);
    const lane = await new ContractFactory(abi, bytecode, client.signer).deploy(
      readAddressBook(deploymentsDir).addresses["timelock"],
      world.people.deployer,
    );
    await lane.waitForDeployment();
    const before = block;
    block = await world.provider.getBlockNumber();
    const stated = (call: string) =>
      `containments:\n  - { label: stop the lane, breach: asset, calls: [{ target: "${String(lane.target)}", function: "${call}" }] }\n`;
    const report = await rehearse(`${planText}\n${stated("pause()")}`);
    // One that can never run: the lane is not paused.
    const broken = await rehearse(`${planText}\n${stated("unpause()")}`);
    block = before;
    expect(report.failure).to.equal(undefined);
    expect(check(report, "containments")?.status).to.equal("pass");
    expect(report.containments).to.have.length(report.rollbacks.length);
    for (const { by, state, isRestored } of report.containments) {
      expect({ by, state, isRestored }).to.deep.equal({ by: "incident role", state: "RolledBack", isRestored: true });
    }
    const refusals = report.negatives.filter(({ name }) => name.includes("containment 0"));
    expect(refusals).to.have.length(report.containments.length + 1);
    expect(refusals.every(({ isRefused }) => isRefused)).to.equal(true);
    expect(writeReport(deploymentsDir, report, "").json).to.include("report.json");
    expect(broken.verdict).to.equal("fail");
    expect(broken.failure).to.not.equal(undefined);
  });

  it("SIM-20 fails where the registry refuses the plan, with its error", async () => {
    const report = await rehearse(planText.replace("deadline: 7d", "deadline: 1s"));
    expect(report.verdict).to.equal("fail");
    expect(report.failure).to.deep.include({
      error: "ContractRefused",
      where: "propose",
      found: "field readiness.deadline, actual 1, min 60, max 31536000",
    });
  });

  it("SIM-21 finds the same on Hardhat's node, and says that storage was not traced", async function () {
    this.timeout(180_000);
    const report = await rehearse(planText, openHardhatFork);
    expect(report.verdict).to.equal("pass");
    expect(report.provenance.engine).to.match(/^hardhat \d+\.\d+\.\d+$/);
    expect(report.subject).to.equal(first.subject);
    expect(report.proposalId).to.equal(first.proposalId);
    expect(report.steps.map(({ verb, account }) => [verb, account])).to.deep.equal(
      first.steps.map(({ verb, account }) => [verb, account]),
    );
    expect(report.stages.map(({ after }) => after)).to.deep.equal(first.stages.map(({ after }) => after));
    expect(report.stages.every(({ writes }) => writes === undefined)).to.equal(true);
  });

  it("SIM-22 names the plan that is built once candidate and router are really deployed", async () => {
    const loaded = readPlanFile(PLAN_FILE, readAddressBook(deploymentsDir));
    const options = { root: ROOT, invariantsDir: INVARIANTS, reportHash: reportHashOf(first) };
    const built = await prepareDeployments(world.as(world.people.release), registry, loaded, options);
    expect(built.isFinal).to.equal(true);
    expect(built.subject).to.equal(first.subject);
    expect(built.plan.evidence.reportHash).to.equal(reportHashOf(first));
  });

  describe("upgrade simulate", () => {
    const before = process.env["SLIPWAY_DEPLOYMENTS"];
    let on: Awaited<ReturnType<typeof remoteEnvironment>>;

    beforeEach(async () => {
      // The world's folder is that of a network named remote.
      const base = mkdtempSync(join(tmpdir(), "slipway-test-"));
      cpSync(deploymentsDir, join(base, "remote"), { recursive: true });
      process.env["SLIPWAY_DEPLOYMENTS"] = base;
      on = await remoteEnvironment(world.node.url);
    });

    afterEach(() => {
      rmSync(process.env["SLIPWAY_DEPLOYMENTS"] as string, { recursive: true });
      if (before === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
      else process.env["SLIPWAY_DEPLOYMENTS"] = before;
    });

    it("SIM-23 prints nothing but JSON with --json, and exits 0 where every check passes", async () => {
      const args = { file: PLAN_FILE, as: world.people.release, block: String(block) };
      const { json, exitCode } = await runJson<RehearsalReport & { reportHash: string; json: string; next: string }>(
        "upgrade simulate",
        args,
        on,
      );
      expect(exitCode).to.equal(0);
      expect(json).to.deep.include({ verdict: "pass", subject: first.subject });
      expect(keccak256(readFileSync(json.json))).to.equal(json.reportHash);
      expect(json.next).to.equal(
        `npx hardhat --network remote upgrade propose ${PLAN_FILE} --report ${json.reportHash}`,
      );
    });

    it("SIM-24 exits 4 and says which gate waits where the rehearsal is inconclusive", async () => {
      const file = join(process.env["SLIPWAY_DEPLOYMENTS"] as string, "gated.yaml");
      const gate = `{ stage: promote, call: "canaryCalls(address)", args: ["${world.bridge.gateway}"], op: ">=", value: 1 }`;
      writeFileSync(file, `${planText}\ngates:\n  - ${gate}\n`);
      const { stdout, exitCode } = await runTask("upgrade simulate", { file, as: world.people.release }, on);
      expect(exitCode).to.equal(4);
      expect(stdout).to.include("INCONCLUSIVE").and.to.include("GateNotMet").and.not.to.include("next:");
    });

    it("SIM-25 refuses a network without an RPC URL, an unknown engine and a block that is no number", async () => {
      const refused = async (args: Record<string, string>, environment = on) => {
        const { json, exitCode } = await runJson<{ error: string; where: string }>(
          "upgrade simulate",
          { file: PLAN_FILE, ...args },
          environment,
        );
        expect(exitCode).to.equal(1);
        return `${json.error} ${json.where}`;
      };
      expect(await refused({ engine: "ganache" })).to.equal("OptionInvalid --engine");
      expect(await refused({ block: "latest" })).to.equal("OptionInvalid --block");
      const urlless = { ...on, network: { ...on.network, config: hre.network.config } };
      expect(await refused({}, urlless)).to.equal("OptionInvalid --network remote");
    });
  });
});
