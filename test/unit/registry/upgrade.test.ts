import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, Interface, ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import { readStoredPlan } from "../../../src/journal/storedPlan";
import { ModuleKind } from "../../../src/plan/types";
import { CutAction } from "../../../src/registry/facetCuts";
import { counterFixture, type CounterFixture } from "../../fixtures/counterModule";
import { REPORT } from "../../helpers/plans";
import { asTimelock } from "../../helpers/asTimelock";
import { State, stateOf, toNextStep, toScheduled } from "../../helpers/lifecycle";
import { runTaskOf } from "../../helpers/runTaskOf";

const SNAPSHOT = resolve(__dirname, "../../snapshots/storage.json");
const READY_SEATS = "readySeatsOf(bytes32)";

/** A registry whose ReadinessFacet is another one than this tree compiles, with a function more. */
async function older() {
  const fixture = await counterFixture();
  const { registry, release, deployment } = fixture;
  const other = await ethers.deployContract("ReadinessFacetV2__MockForRegistry");
  const facetAddress = await other.getAddress();
  const served = await registry.facetFunctionSelectors(deployment.facets.ReadinessFacet);
  const { selector } = new Interface([`function ${READY_SEATS}`]).getFunction("readySeatsOf")!;
  const self = await asTimelock(fixture);
  const cuts = [
    { facetAddress, action: CutAction.Replace, functionSelectors: [...served] },
    { facetAddress, action: CutAction.Add, functionSelectors: [selector] },
  ];
  await self.diamondCut(cuts, ZeroAddress, "0x");
  await registry
    .connect(release)
    .registerModule(encodeBytes32String("registry"), ModuleKind.Diamond, deployment.registry, deployment.timelock);
  return { ...fixture, facetAddress, selector };
}

describe("registry upgrade", () => {
  let folder: string;
  const before = process.env["SLIPWAY_DEPLOYMENTS"];
  after(() => {
    if (before === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
    else process.env["SLIPWAY_DEPLOYMENTS"] = before;
  });

  function place({ client }: CounterFixture): void {
    folder = mkdtempSync(join(tmpdir(), "slipway-"));
    cpSync(client.deploymentsDir, join(folder, "hardhat"), { recursive: true });
    process.env["SLIPWAY_DEPLOYMENTS"] = folder;
  }

  const upgrade = ({ release }: CounterFixture, args: Record<string, unknown> = {}) =>
    runTaskOf("registry", "upgrade", {
      as: release.address,
      title: "Next version",
      nonce: "0",
      dwell: "1d",
      deploy: false,
      json: false,
      ...args,
    });

  it("PLN-130 builds a plan from the compiled facets that runs in the registry itself, and can be taken back", async () => {
    const fixture = await loadFixture(older);
    place(fixture);
    const { registry, facetAddress, selector, deployment } = fixture;
    const write = join(folder, "registry.json");
    const remove = READY_SEATS;
    const done = await upgrade(fixture, { write, remove, layout: SNAPSHOT, deploy: true, report: REPORT });
    expect(done.exitCode, done.stderr).to.equal(0);
    for (const part of [
      `ReadinessFacet: ${facetAddress} → `,
      `removed    ${selector}`,
      "Storage\n  compatible",
      "replaced",
    ]) {
      expect(done.stdout).to.contain(part);
    }
    expect(done.stdout).to.contain(`next: npx hardhat upgrade propose ${write}`);

    const proposed = await runTaskOf("upgrade", "propose", {
      file: write,
      as: fixture.release.address,
      out: "send",
      dryRun: true,
      json: false,
    });
    expect(proposed.exitCode, proposed.stderr).to.equal(0);
    const { plan, proposalId } = readStoredPlan(write);
    expect(await registry.proposalIdOf(plan)).to.equal(proposalId);
    await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    expect(await registry.facetAddress(selector)).to.equal(ZeroAddress);
    expect([...(await registry.facetAddresses())]).to.not.include(facetAddress);
    expect([...(await registry.facetAddresses())]).to.include(deployment.facets.StageFacet);
    for (const member of fixture.council.slice(0, 3))
      await registry.connect(member).rollbackByCouncil(plan, "look", 0, []);
    expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
    expect(await registry.facetAddress(selector)).to.equal(facetAddress);
  });

  it("PLN-131 refuses with one error what nobody confirmed, deployed, registered or stored so", async () => {
    const fixture = await loadFixture(older);
    place(fixture);
    const expectFault = async (args: Record<string, unknown>, error: string, text: string) => {
      const run = await upgrade(fixture, args);
      expect(run.stderr).to.contain(`error ${error} `);
      expect(run.stderr).to.contain(text);
      expect(run.stdout).to.equal("");
      expect(run.exitCode).to.not.equal(0);
    };
    await expectFault({}, "PlanNotDeployed", "no ReadinessFacet");
    await expectFault({ deploy: true }, "RemovalUnconfirmed", "1 that the new facets do not serve");
    await expectFault({ deploy: true, remove: "readySeats(bytes32)" }, "OptionInvalid", "--remove");
    await expectFault({ dwell: "soon" }, "OptionInvalid", "--dwell");
    await expectFault({ layout: join(folder, "absent.json") }, "OptionInvalid", "--layout");
    const layout = join(folder, "layout.json");
    const gone = { slot: "0x0", fields: [], types: {} };
    writeFileSync(layout, JSON.stringify({ "slipway.registry.gone": gone }));
    await expectFault({ layout }, "StorageLayoutBroken", "slipway.registry.gone");
  });

  it("PLN-131 refuses where the registry is no module of its own, and where nothing differs", async () => {
    const fixture = await loadFixture(counterFixture);
    place(fixture);
    const { registry, release, deployment } = fixture;
    const unknown = await upgrade(fixture);
    expect(unknown.stderr).to.contain("error ModuleUnknown ");
    expect(unknown.stderr).to.contain(`registry module registry --kind diamond --account ${deployment.registry}`);
    await registry
      .connect(release)
      .registerModule(encodeBytes32String("registry"), ModuleKind.Diamond, deployment.registry, deployment.timelock);
    const same = await upgrade(fixture);
    expect(same.stderr).to.contain("error CandidateIsStable ");
  });
});
