import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { id } from "ethers";
import hre from "hardhat";
import { governBridge, INVARIANTS, openWorld, PLAN_FILE, ROOT, type World } from "../../scripts/demo/openWorld";
import { readAddressBook } from "../../src/chain/addressBook";
import { readPlanFile } from "../../src/plan/readPlanFile";
import type { Registry } from "../../src/registry/connect";
import { simulate } from "../../src/simulate/simulate";
import type { RehearsalReport } from "../../src/simulate/types";
import { reportHashOf, writeReport } from "../../src/simulate/writeReport";
import { artifactsOf } from "../../tasks/support/artifacts";

describe("simulate > a canary of the bridge's gateway, on a fork of the remote chain", () => {
  let world: World;
  let registry: Registry;
  let report: RehearsalReport;
  let block: number;
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-test-"));

  const rehearse = (file = PLAN_FILE) => {
    const client = world.as(world.people.release);
    const loaded = readPlanFile(file, readAddressBook(deploymentsDir));
    return simulate(client, registry, loaded, {
      root: ROOT,
      invariantsDir: INVARIANTS,
      url: world.node.url,
      block,
      tool: "slipway test",
    });
  };

  before(async () => {
    world = await openWorld({ artifacts: artifactsOf(hre), deploymentsDir });
    registry = await governBridge(world);
    await world.traffic.prepare();
    await world.traffic.run(30);
    block = await world.provider.getBlockNumber();
    report = await rehearse();
  });

  after(async () => {
    await world.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  });

  it("SIM-10 runs", () => {
    console.log(report.checks.map((c) => c.name + ": " + c.status + " " + c.evidence.join("; ")).join("\n"), report.failure);
    expect(report.verdict).to.equal("pass");
    expect(id(readFileSync(writeReport(deploymentsDir, report).json, "utf8"))).to.equal(reportHashOf(report));
  });
});
