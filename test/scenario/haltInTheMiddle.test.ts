import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { readAddressBook } from "../../src/chain/addressBook";
import { readSlots } from "../../src/chain/erc1967";
import { readCanaryAt } from "../../src/canary/status";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText } from "../../src/plan/readPlanFile";
import type { Plan } from "../../src/plan/types";
import { CATALOGUE, ROOT, withOwnFolder } from "../fixtures/bridgeModule";
import { vaultFixture, type VaultFixture } from "../fixtures/vaultModule";
import { State, stateOf, toInProgress, toNextStep } from "../helpers/lifecycle";
import { REPORT } from "../helpers/plans";

const VAULT = encodeBytes32String("vault");

/*
 * A canary of the vault is at 5% when operators report something odd. The council halts the module, looks, finds that the
 * candidate is at fault, and takes the plan back without waiting for the halt to end.
 */
describe("scenario: a halt in the middle of a canary", () => {
  let fixture: VaultFixture;
  let plan: Plan;
  let proposalId: string;

  before(async () => {
    fixture = withOwnFolder(await loadFixture(vaultFixture));
    const text = readFileSync(join(ROOT, "upgrades/vault-v2.yaml"), "utf8");
    const loaded = parsePlanText(text, "vault-v2.yaml", readAddressBook(fixture.client.deploymentsDir));
    const options = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };
    ({ plan } = await prepareDeployments(fixture.client, fixture.connected, loaded, options));
    proposalId = await toInProgress(fixture, plan);
  });

  const canary = async () => {
    const status = await readCanaryAt(fixture.client, { module: "vault", proxy: fixture.vault });
    if (status === undefined) throw new Error("no router serves the vault");
    return status;
  };

  it("EMG-28 two of five members halt the vault, and its canary freezes in the same transaction", async () => {
    const { registry, council } = fixture;
    expect((await canary()).isFrozen).to.equal(false);
    await registry.connect(council[0]!).halt(VAULT, "shares look wrong", 0, []);
    expect((await canary()).isFrozen, "one member alone stops nothing").to.equal(false);
    await expect(registry.connect(council[1]!).halt(VAULT, "shares look wrong", 0, []))
      .to.emit(registry, "CanaryFrozen")
      .withArgs(VAULT);
    expect((await canary()).isFrozen).to.equal(true);
  });

  it("EMG-29 nobody advances while it lasts, and the dwell grows by as long", async () => {
    const { registry } = fixture;
    const before = await registry.stateOf(proposalId);
    await time.increase(3_600);
    const after = await registry.stateOf(proposalId);
    expect(after.isHalted).to.equal(true);
    expect(after.notBefore - before.notBefore).to.equal(3_600n);
    expect(after.notAfter - before.notAfter).to.equal(3_600n);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "ProposalHalted").withArgs(proposalId);
  });

  it("EMG-30 lifting the halt does not thaw the canary: a stage that would widen it finds a newer epoch", async () => {
    const { registry, council } = fixture;
    for (const member of council.slice(0, 3)) await registry.connect(member).lift(VAULT, 0, []);
    expect((await registry.stateOf(proposalId)).isHalted).to.equal(false);
    await toNextStep(fixture, proposalId);
    const errors = await fixture.client.artifacts.read("TrafficErrors");
    const { Interface } = await import("ethers");
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError({ interface: new Interface(errors.abi) }, "StalePolicy")
      .withArgs(1, 2);
  });

  it("EMG-31 three members take it back at once: stable serves, no router is left, the vault is free", async () => {
    const { registry, council, client, vault, stable } = fixture;
    for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(plan, "why", 0, []);
    expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
    expect((await readSlots(client.provider, vault)).implementation).to.equal(stable);
    expect(await readCanaryAt(client, { module: "vault", proxy: vault })).to.equal(undefined);
    const module = await registry.moduleOf(VAULT);
    expect([module.lockedBy, module.version]).to.deep.equal([`0x${"00".repeat(32)}`, 1n]);
  });
});
