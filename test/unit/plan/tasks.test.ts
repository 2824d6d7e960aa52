import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import { Exit } from "../../../src/errors";
import { readStoredPlan } from "../../../src/journal/storedPlan";
import { bridgeFixture, planText, type BridgeFixture } from "../../fixtures/bridgeModule";
import { runTaskOf, type TaskRun } from "../../helpers/runTaskOf";

describe("tasks of plans and invariants", () => {
  let fixture: BridgeFixture;
  let folder: string;
  const before = process.env["SLIPWAY_DEPLOYMENTS"];

  beforeEach(async () => {
    fixture = await loadFixture(bridgeFixture);
    folder = mkdtempSync(join(tmpdir(), "slipway-"));
    cpSync(fixture.client.deploymentsDir, join(folder, "hardhat"), { recursive: true });
    process.env["SLIPWAY_DEPLOYMENTS"] = folder;
  });

  after(() => {
    if (before === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
    else process.env["SLIPWAY_DEPLOYMENTS"] = before;
  });

  function planFile(change?: [string, string]): string {
    const file = join(folder, "plan.yaml");
    writeFileSync(file, planText(change));
    return file;
  }

  const plan = (args: Record<string, unknown>): Promise<TaskRun> =>
    runTaskOf("upgrade", "plan", { as: fixture.release.address, json: false, deploy: false, ...args });

  it("PLN-90 upgrade plan prints the stages and the next command, and sends nothing", async () => {
    const block = await ethers.provider.getBlockNumber();
    const file = planFile();
    const { exitCode, stdout } = await plan({ file });
    expect(exitCode).to.equal(Exit.pass);
    expect(stdout).to.contain("0. canary 5%, then 6h of observation");
    expect(stdout).to.contain(`next: npx hardhat upgrade plan ${file} --deploy`);
    expect(await ethers.provider.getBlockNumber()).to.equal(block);
  });

  it("PLN-91 upgrade plan --deploy --json deploys, and gives the plan as JSON and nothing else", async () => {
    const write = join(folder, "plan.json");
    const { exitCode, stdout, stderr } = await plan({ file: planFile(), deploy: true, json: true, write });
    expect(exitCode, stderr).to.equal(Exit.pass);
    const report = JSON.parse(stdout) as { isFinal: boolean; proposalId: string; plan: { stages: unknown[] } };
    expect(report.isFinal).to.equal(true);
    expect(report.plan.stages).to.have.length(4);
    expect(stderr).to.contain("deploying candidate L2CustomGateway");
    const stored = readStoredPlan(write);
    expect(await fixture.registry.proposalIdOf(stored.plan)).to.equal(report.proposalId);

    const again = await plan({ file: planFile(), deploy: true, write });
    expect(again.exitCode).to.equal(Exit.toolError);
    expect(again.stderr).to.contain("error FileExists (SLIP-134)");
  });

  it("PLN-92 a fault of the file is one clear error, with its exit code", async () => {
    const typo = await plan({ file: planFile(["rollback: auto", "rollbak: auto"]) });
    expect([typo.exitCode, typo.stdout]).to.deep.equal([Exit.toolError, ""]);
    expect(typo.stderr).to.match(
      /^error PlanFileInvalid \(SLIP-101\)\n {2}where {5}\S+plan\.yaml:\d+:1, key rollbak\n/,
    );

    const stale = await plan({ file: planFile(["module: l2", "baseVersion: 7\nmodule: l2"]), json: true });
    expect(stale.exitCode).to.equal(Exit.drift);
    expect(JSON.parse(stale.stdout)).to.include({ error: "StaleBase", code: "SLIP-300", found: "version 0" });

    const missing = await plan({ file: join(folder, "absent.yaml") });
    expect([missing.exitCode, missing.stderr.split("\n")[0]]).to.deep.equal([1, "error PlanFileMissing (SLIP-102)"]);
  });

  it("PLN-93 upgrade init writes a file that upgrade plan reads", async () => {
    const write = join(folder, "new.yaml");
    const { proxy, contract } = { proxy: fixture.bridge.gateway, contract: /artifact: (\S+)/.exec(planText())![1]! };
    const done = await runTaskOf("upgrade", "init", { proxy, contract, write, json: false });
    expect(done.exitCode, done.stderr).to.equal(Exit.pass);
    expect(existsSync(write)).to.equal(true);
    expect(readFileSync(write, "utf8")).to.contain("module: l2-custom-gateway");
    const read = await plan({ file: write });
    // It is left to a person to lock the published initialiser, and the plan says so.
    expect(read.stderr).to.contain("error InitializerOpen (SLIP-120)");
  });

  it("PLN-94 invariant list and check tell how the catalogue stands", async () => {
    const list = await runTaskOf("invariant", "list", { json: true });
    const { invariants } = JSON.parse(list.stdout) as { invariants: { name: string; state: string }[] };
    expect(invariants.filter(({ state }) => state === "live")).to.have.length(5);

    const check = await runTaskOf("invariant", "check", { json: false });
    expect(check.exitCode, check.stderr).to.equal(Exit.pass);
    expect(check.stdout).to.match(/bridge-backed +holds/);
  });

  it("PLN-95 invariant check exits with 2 while a row is broken", async () => {
    const { bridge } = fixture;
    const gateway = await ethers.getImpersonatedSigner(bridge.gateway);
    await ethers.provider.send("hardhat_setBalance", [gateway.address, "0xde0b6b3a7640000"]);
    const token = new ethers.Contract(bridge.l2Token, ["function bridgeMint(address,uint256)"], gateway);
    await token.getFunction("bridgeMint")(fixture.stranger.address, 5n);
    const check = await runTaskOf("invariant", "check", { json: false });
    expect(check.exitCode, check.stderr).to.equal(Exit.checkFailed);
    expect(check.stdout).to.match(/bridge-backed +broken/);
  });

  it("PLN-96 invariant define says what would be sent, and for whom it is missing", async () => {
    const base = { json: false, out: "send", dryRun: true, as: fixture.risk.address };
    const known = await runTaskOf("invariant", "define", { ...base, names: ["bridge-backed"] });
    expect(known.stdout).to.contain("define bridge-backed: already done");
    const unknown = await runTaskOf("invariant", "define", { ...base, names: ["vault-solvent"] });
    expect(unknown.exitCode).to.equal(Exit.toolError);
    expect(unknown.stderr).to.contain("error AddressNameUnknown (SLIP-103)");
    const none = await runTaskOf("invariant", "define", base);
    expect(none.stdout).to.contain("every row is defined already");
  });
});
