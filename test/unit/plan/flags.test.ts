import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, ZeroHash } from "ethers";
import { readAddressBook } from "../../../src/chain/addressBook";
import { buildPlan } from "../../../src/plan/buildPlan";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { ModuleKind, type Plan } from "../../../src/plan/types";
import { statusOf } from "../../../src/registry/status";
import { renderPlan } from "../../../src/report/renderPlan";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { vaultFixture, type VaultFixture } from "../../fixtures/vaultModule";
import { asTimelock } from "../../helpers/asTimelock";
import { expectError } from "../../helpers/expectError";
import { State, stateOf, toInProgress, toNextStep, toScheduled } from "../../helpers/lifecycle";
import { addModule, REPORT } from "../../helpers/plans";

const OPTIONS = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };
const [NEW, OLD, VAULT, OTHER, REGISTRY] = ["withdraw-limit", "free-exit", "vault", "other", "registry"].map(
  encodeBytes32String,
) as [string, string, string, string, string];

const TEXT = `title: Vault v2 with a switch
module: vault
class: critical
upgrade:
  contract: contracts/examples/VaultV2.sol:VaultV2
  init: { function: migrateV2(uint256), args: ["1000_000000000000000000"] }
flags:
  - { stage: upgrade, clear: free-exit }
  - { stage: upgrade, enable: withdraw-limit }
requires:
  flag: withdraw-limit
  modules: [{ module: other, version: 3 }]
`;

describe("flags and requirements of a plan file", () => {
  let fixture: VaultFixture;

  beforeEach(async () => {
    fixture = withOwnFolder(await loadFixture(flagsFixture));
  });

  async function flagsFixture(): Promise<VaultFixture> {
    const base = await vaultFixture();
    await addModule(base, OTHER);
    return base;
  }

  const load = (text: string) => parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir));
  const prepare = (text = TEXT) => prepareDeployments(fixture.client, fixture.connected, load(text), OPTIONS);
  const preview = (text = TEXT) => buildPlan(fixture.client, fixture.connected, load(text), OPTIONS);
  const callsOf = (calls: Plan["stages"][number]["calls"]) =>
    calls
      .filter(({ target }) => target === fixture.deployment.registry)
      .map(({ data }) => fixture.connected.iface.parseTransaction({ data })!)
      .map(({ name, args }) => [name, ...(args.toArray(true) as unknown[])]);

  it("FLG-10 become calls of the stage that is named, behind the upgrade, and a way back that clears what was turned on", async () => {
    const { plan, explain } = await preview();
    expect(callsOf(plan.stages[0]!.calls)).to.deep.equal([
      ["clearFlag", OLD],
      ["enableFlag", NEW, 0n],
      ["setRequirements", VAULT, NEW, [[OTHER, 3n]]],
    ]);
    expect(plan.stages[0]!.calls[0]!.target).to.equal(fixture.vault);
    expect(callsOf(plan.rollbacks[0]!.calls)).to.deep.equal([
      ["clearFlag", NEW],
      ["setRequirements", VAULT, ZeroHash, []],
    ]);
    expect(plan.stages[0]!.pins.map(({ account }) => account)).to.include(fixture.deployment.registry);
    expect(renderPlan(explain)).to.include('"withdraw-limit"');
  });

  it("FLG-11 do what the file says when the plan runs, and the next plan on the module waits for the other one", async () => {
    const { registry, client, connected } = fixture;
    const { plan } = await prepare();
    await toInProgress(fixture, plan);
    expect([await registry.isEnabled(NEW), await registry.isEnabled(OLD)]).to.deep.equal([true, false]);
    expect(await registry.flagEpoch(OLD)).to.equal(1n);
    await toNextStep(fixture, await registry.proposalIdOf(plan));
    await registry.advance(plan);

    const { plan: next, explain } = await prepare(`title: Back to the first vault
module: vault
upgrade: { contract: "contracts/examples/VaultV2DoubleMint.sol:VaultV2DoubleMint" }
`);
    const unmet = "other is at version 0, needs 3";
    expect(explain.warnings.join("\n")).to.include(unmet);
    const proposalId = await toScheduled(fixture, next);
    await toNextStep(fixture, proposalId);
    const { blockers } = await statusOf(client, connected, proposalId);
    expect(blockers).to.deep.include({ what: "vault requires", measure: unmet, missing: [] });
    await registry.connect(fixture.incident).clearFlag(NEW);
    const measures = (await statusOf(client, connected, proposalId)).blockers.map(({ measure }) => measure);
    expect(measures).to.include.members([unmet, "flag withdraw-limit is off"]);
    await expect(registry.advance(next)).to.be.revertedWithCustomError(registry, "FlagDisabled");
  });

  it("FLG-12 a clearing after the plan was made stops the stage, and never the way back", async () => {
    const { registry, incident, council } = fixture;
    const text = TEXT.replace("  - { stage: upgrade, clear: free-exit }\n", "").replace(/requires:[^]*/, "");
    const { plan } = await prepare(text);
    const proposalId = await toScheduled(fixture, plan);
    await registry.connect(incident).clearFlag(NEW);
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "StaleFlag").withArgs(NEW, 0, 1);

    const { plan: second } = await prepare(`${text}nonce: 1\n`);
    expect(callsOf(second.stages[0]!.calls)).to.deep.equal([["enableFlag", NEW, 1n]]);
    const secondId = await toInProgress(fixture, second);
    await registry.connect(incident).clearFlag(NEW);
    for (const member of council.slice(0, 3)) await registry.connect(member).veto(secondId, "limit", 0, []);
    await registry.rollback(second);
    expect(await stateOf(fixture, secondId)).to.equal(State.RolledBack);
    expect(await registry.isEnabled(NEW)).to.equal(false);
  });

  it("FLG-13 lock the registry where it is a module, and the way back restores what was required before", async () => {
    const { registry, release, deployment } = fixture;
    await registry
      .connect(release)
      .registerModule(REGISTRY, ModuleKind.Diamond, deployment.registry, deployment.timelock);
    const timelock = await asTimelock(fixture);
    await timelock.setRequirements(VAULT, ZeroHash, [{ module: OTHER, minVersion: 0 }]);
    const { plan } = await prepare();
    expect(plan.targets.map(({ module }) => module)).to.deep.equal([VAULT, REGISTRY]);
    expect(callsOf(plan.rollbacks[0]!.calls)[1]).to.deep.equal(["setRequirements", VAULT, ZeroHash, [[OTHER, 0n]]]);
    const proposalId = await toInProgress(fixture, plan);
    expect((await registry.moduleOf(REGISTRY)).lockedBy).to.equal(proposalId);
  });

  it("FLG-14 a flag named twice counts its own clearing", async () => {
    const twice = TEXT.replace("clear: free-exit", "clear: withdraw-limit");
    const { plan } = await preview(twice);
    expect(callsOf(plan.stages[0]!.calls).slice(0, 2)).to.deep.equal([
      ["clearFlag", NEW],
      ["enableFlag", NEW, 1n],
    ]);
  });

  for (const [name, from, to, error, facts] of [
    ["a standard plan", "class: critical\n", "", "PlanFileInvalid", { expected: "class: critical" }],
    ["both verbs at once", "clear: free-exit", "clear: a, enable: b", "PlanFileInvalid", { expected: "either enable" }],
    ["a stage that the plan lacks", "stage: upgrade, clear", "stage: later, clear", "StageUnknown", { found: "later" }],
    ["a module that nobody registered", "module: other", "module: othr", "ModuleUnknown", { expected: "other" }],
    ["a name that fits no word", "free-exit", "f".repeat(32), "PlanFileInvalid", { expected: "1 to 31 bytes" }],
  ] as const) {
    it(`FLG-15 refuse ${name}`, async () => {
      expect(TEXT).to.include(from);
      await expectError(() => preview(TEXT.replace(from, to)), error, facts);
    });
  }

  it("FLG-15 refuse to enable what is on", async () => {
    await (await asTimelock(fixture)).enableFlag(NEW, 0);
    await expectError(() => preview(), "FlagOnAlready", { where: "flags.1" });
  });
});
