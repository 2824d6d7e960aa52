import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { readAddressBook } from "../../src/chain/addressBook";
import { readSlots } from "../../src/chain/erc1967";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText } from "../../src/plan/readPlanFile";
import type { Plan } from "../../src/plan/types";
import { CATALOGUE, ROOT, withOwnFolder } from "../fixtures/bridgeModule";
import { vaultFixture, type VaultFixture } from "../fixtures/vaultModule";
import { expectError } from "../helpers/expectError";
import { propose, RollbackReason, State, stateOf, toInProgress } from "../helpers/lifecycle";
import { REPORT } from "../helpers/plans";

/*
 * The team that ran a canary went away after its first step. Nobody advances, the window lapses. A stranger takes the plan
 * back, and the next team proposes the same upgrade from the version that is now.
 */
describe("scenario: a plan that nobody drives any more", () => {
  let fixture: VaultFixture;
  let plan: Plan;
  let proposalId: string;

  const FILE = readFileSync(join(ROOT, "upgrades/vault-v2.yaml"), "utf8");
  const prepare = async (file: string) => {
    const loaded = parsePlanText(file, "vault-v2.yaml", readAddressBook(fixture.client.deploymentsDir));
    const options = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };
    return (await prepareDeployments(fixture.client, fixture.connected, loaded, options)).plan;
  };

  before(async () => {
    fixture = withOwnFolder(await loadFixture(vaultFixture));
    plan = await prepare(FILE);
    proposalId = await toInProgress(fixture, plan);
  });

  it("ADV-15 while its window is open nobody can take it back, and nobody else can have the vault", async () => {
    const { registry, others, release } = fixture;
    await expect(registry.connect(others[0]!).rollback(plan))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(proposalId, State.InProgress, State.Stalled);
    await expect(registry.connect(release).propose({ ...plan, nonce: 7n }))
      .to.be.revertedWithCustomError(registry, "ModuleLocked")
      .withArgs(encodeBytes32String("vault"), proposalId);
  });

  it("ADV-16 expired_mid_canary_can_roll_back: once it lapsed it is stalled, and only a rollback is left", async () => {
    const { registry, others, client, vault, stable } = fixture;
    const { notAfter } = await registry.stateOf(proposalId);
    await time.increaseTo(notAfter);
    expect(await stateOf(fixture, proposalId), "the last second still counts").to.equal(State.InProgress);
    await time.increaseTo(notAfter + 1n);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(proposalId, State.Stalled, State.InProgress);
    await expect(registry.connect(others[0]!).rollback(plan))
      .to.emit(registry, "PlanRolledBack")
      .withArgs(proposalId, 0, 1, others[0]!.address, RollbackReason.Window, "");
    expect((await readSlots(client.provider, vault)).implementation).to.equal(stable);
  });

  it("ADV-17 the same plan cannot come back, and a new one starts from the version that is now", async () => {
    const { registry, release } = fixture;
    await expect(registry.connect(release).propose(plan))
      .to.be.revertedWithCustomError(registry, "ProposalExists")
      .withArgs(proposalId);
    // What the first plan's migration wrote is still there, so it is refused a second time, and the next plan does without.
    await expectError(() => prepare(`${FILE}nonce: 1\n`), "CallReverts", {});
    const next = await prepare(`${FILE.replace(/ {2}init: .*\n/, "")}nonce: 1\n`);
    expect(next.targets[0]!.baseVersion).to.equal(1n);
    expect(await stateOf(fixture, await propose(fixture, next))).to.equal(State.Voting);
  });
});
