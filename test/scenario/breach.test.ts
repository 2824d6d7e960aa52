import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFixture, mine, setCode } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { ethers, network } from "hardhat";
import { readAddressBook, writeAddresses } from "../../src/chain/addressBook";
import { loadInvariants } from "../../src/invariants/loadInvariants";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText } from "../../src/plan/readPlanFile";
import { BreachClass, type Plan } from "../../src/plan/types";
import type { HookToken__MockForRouter, VaultV2 } from "../../typechain-types";
import { CATALOGUE, ROOT, withOwnFolder } from "../fixtures/bridgeModule";
import { vaultFixture, type VaultFixture } from "../fixtures/vaultModule";
import { interfaces, steer } from "../helpers/canary";
import { State, stateOf, toInProgress, toNextStep, toScheduled } from "../helpers/lifecycle";
import { addModule, dialPlan, REPORT } from "../helpers/plans";

const ONE = 10n ** 18n;

/** The vault's catalogue with two rows of these scenarios' own: none of them inline, so that only `poke` sees a break. */
function catalogue(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-catalogue-"));
  cpSync(CATALOGUE, folder, { recursive: true });
  const covered = readFileSync(join(folder, "vault-solvent.yaml"), "utf8")
    .replace("name: vault-solvent", "name: vault-covers-shares")
    .replace("inline: true\n", "")
    .replace("totalAssets()(uint256)", "totalSupply()(uint256)");
  writeFileSync(join(folder, "vault-covers-shares.yaml"), covered);
  writeFileSync(
    join(folder, "vault-lets-out.yaml"),
    `name: vault-lets-out
description: Half of what a large holder has can leave at once.
category: liveness
severity: critical
owner: vault risk
action: rollback
left: { target: "\${vault}", call: "maxWithdraw(address)(uint256)", args: ["\${holder}"] }
op: ">="
right: { target: "\${vault}", call: "balanceOf(address)(uint256)", args: ["\${holder}"] }
tolerance: 50%
`,
  );
  return folder;
}

interface BreachFixture extends VaultFixture {
  app: VaultV2;
  token: HookToken__MockForRouter;
  laneAt: string;
  invariantsDir: string;
  invariants: Record<"vault-covers-shares" | "vault-lets-out", string>;
}

async function breachFixture(): Promise<BreachFixture> {
  const fixture = await vaultFixture();
  const { registry, risk, client, vault, asset, others, deployment } = fixture;
  const holder = others[1]!;
  const lane = await ethers.deployContract("Lane__MockForContainment", [deployment.timelock, others[0]!.address]);
  const laneAt = await lane.getAddress();
  const invariantsDir = catalogue();
  writeAddresses(client.deploymentsDir, {
    ...readAddressBook(client.deploymentsDir).addresses,
    holder: holder.address,
  });
  const names = ["vault-covers-shares", "vault-lets-out"];
  const rows = loadInvariants(invariantsDir, names, readAddressBook(client.deploymentsDir));
  for (const { invariant } of rows) await registry.connect(risk).defineInvariant(invariant);
  const token = (await ethers.getContractAt("HookToken__MockForRouter", asset)) as unknown as HookToken__MockForRouter;
  const app = (await ethers.getContractAt("VaultV2", vault)) as unknown as VaultV2;
  for (const user of [holder, others[2]!]) {
    await token.mint(user.address, 1_000n * ONE);
    await token.connect(user).approve(vault, 2n ** 256n - 1n);
  }
  await app.connect(holder).deposit(100n * ONE, holder.address);
  await mine();
  const invariants = Object.fromEntries(rows.map((row) => [row.name, row.id])) as BreachFixture["invariants"];
  return { ...fixture, app, token, laneAt, invariantsDir, invariants };
}

async function planOf(fixture: BreachFixture, text: string): Promise<Plan> {
  const { client, connected, invariantsDir } = fixture;
  const loaded = parsePlanText(text, "plan.yaml", readAddressBook(client.deploymentsDir));
  const { plan } = await prepareDeployments(client, connected, loaded, {
    root: ROOT,
    invariantsDir,
    reportHash: REPORT,
  });
  await mine();
  return plan;
}

/** A skimming candidate for everybody, and one containment for a breach of assets: lane, selector and canary at once. */
async function skimmingPlan(fixture: BreachFixture): Promise<Plan> {
  const { control } = await interfaces();
  const inner = (name: string, args: unknown[]) => control.encodeFunctionData(name as "freeze", args as [string]);
  const call = (name: string, args: unknown[]) =>
    `      - { target: "\${vault}", function: "traffic(bytes)", args: ["${inner(name, args)}"] }`;
  return planOf(
    fixture,
    `
title: Vault v2, that skims
module: vault
upgrade:
  contract: contracts/examples/VaultV2LyingAssets.sol:VaultV2LyingAssets
  args: ["${fixture.others[3]!.address}"]
  replaces: contracts/examples/VaultV1.sol:VaultV1
  init: { function: migrateV2(uint256), args: ["${1_000n * ONE}"] }
canary:
  steps: [{ share: 100%, dwell: 6h }]
  lanes:
    pause: 1h
    groups:
      - { name: entry, functions: ["deposit(uint256,address)", "mint(uint256,address)"] }
      - { name: exit, exit: true, functions: ["withdraw(uint256,address,address)", "redeem(uint256,address,address)"] }
  lockable: ["transferOwnership(address)"]
invariants: [vault-covers-shares]
containments:
  - label: isolate the vault
    breach: asset
    calls:
${call("pauseLane", [1, false])}
${call("lockSelector", [id("transferOwnership(address)").slice(0, 10)])}
${call("freeze", ["assets are missing"])}
`,
  );
}

/** V2 with a limit that was enough for the holders of its day. */
const stuckPlan = (fixture: BreachFixture) =>
  planOf(
    fixture,
    `
title: Vault v2, migrated to a limit of nothing
module: vault
upgrade:
  contract: contracts/examples/VaultV2.sol:VaultV2
  replaces: contracts/examples/VaultV1.sol:VaultV1
  init: { function: migrateV2(uint256), args: ["${60n * ONE}"] }
promote: { dwell: 1d }
invariants: [vault-lets-out]
containments:
  - label: degraded mode
    breach: liveness
    calls:
      - { target: "${fixture.laneAt}", function: "pause()" }
`,
  );

describe("scenario: what a breach sets off", () => {
  const fresh = async () => withOwnFolder(await loadFixture(breachFixture));

  /** The plan runs, and the first deposit since is skimmed. */
  async function breached() {
    const fixture = await fresh();
    const plan = await skimmingPlan(fixture);
    const proposalId = await toInProgress(fixture, plan);
    await mine();
    const { app, others } = fixture;
    await app.connect(others[2]!).deposit(100n * ONE, others[2]!.address);
    return { ...fixture, plan, proposalId, breachedAt: await ethers.provider.getBlockNumber() };
  }

  it("CTN-70 assets: one call by anyone closes the lane, locks what is privileged, freezes the canary and isolates the module", async () => {
    const fixture = await breached();
    const { registry, stranger, council, plan, proposalId, invariants, app, vault, others } = fixture;
    const invariant = invariants["vault-covers-shares"];
    await registry.connect(stranger).poke(plan, invariant);
    await mine();
    await registry.connect(stranger).poke(plan, invariant);
    const control = await steer(vault);
    expect((await control.limits()).locked).to.deep.equal([]);

    await expect(registry.connect(stranger).contain(plan, 0))
      .to.emit(registry, "ContainmentExecuted")
      .withArgs(proposalId, 0, BreachClass.Asset, true, stranger.address);

    const [status, limits] = [await control.status(), await control.limits()];
    expect(status.isFrozen).to.equal(true);
    expect(limits.locked).to.deep.equal([id("transferOwnership(address)").slice(0, 10)]);
    const router = await ethers.getContractAt("TrafficRouter", vault);
    const user = app.connect(others[2]!);
    await expect(user.deposit(1n, others[2]!.address)).to.be.revertedWithCustomError(router, "LanePaused");
    // Who is in gets out.
    await user.redeem(ONE, others[2]!.address, others[2]!.address);
    await expect(user.transferOwnership(others[2]!.address)).to.be.revertedWithCustomError(router, "SelectorLocked");
    // Nothing widens any more, and no other plan gets hold of the module.
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "PlanContained");
    const module = await addModule(fixture);
    const other = await dialPlan(fixture, module, {
      nonce: 1n,
      targets: [{ module: plan.targets[0]!.module, baseVersion: 0n }],
      stages: [{ ...plan.stages[0]!, gates: [], invariants: [] }],
      rollbacks: plan.rollbacks.map((way) => ({ ...way, invariants: [], to: 0 })),
      readiness: { ...plan.readiness, threshold: { numerator: 0, denominator: 1 } },
    });
    await expect(toScheduled(fixture, other)).to.be.revertedWithCustomError(registry, "ModuleLocked");
    for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(plan, "skims", 0, []);
    expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
  });

  it("CTN-71 the same breach sets off the same actions, whoever sees it, and is contained one block after it is proven", async () => {
    const fixture = await breached();
    const { registry, stranger, incident, council, plan, invariants, vault, breachedAt } = fixture;
    let snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
    const outcomes: unknown[] = [];
    for (const who of [stranger, incident, council[0]!]) {
      await registry.connect(who).poke(plan, invariants["vault-covers-shares"]);
      // The second sighting and the containment, in one block.
      await network.provider.send("evm_setAutomine", [false]);
      const sent = [];
      try {
        const gas = { gasLimit: 4_000_000n };
        const poke = registry
          .connect(who)
          .poke(plan, invariants["vault-covers-shares"], { ...gas, gasPrice: 2n * 10n ** 10n });
        sent.push(await poke, await registry.connect(who).contain(plan, 0, { ...gas, gasPrice: 10n ** 10n }));
        await mine();
      } finally {
        await network.provider.send("evm_setAutomine", [true]);
      }
      const receipts = await Promise.all(sent.map(({ hash }) => ethers.provider.getTransactionReceipt(hash)));
      expect(receipts.map((receipt) => receipt!.status)).to.deep.equal([1, 1]);
      const blocks = receipts[1]!.blockNumber - breachedAt;
      const logs = receipts.flatMap((receipt) => receipt!.logs);
      const events = logs.map((log) => registry.interface.parseLog(log)?.name).filter((name) => name !== undefined);
      const control = await steer(vault);
      const { closedUntil, locked } = await control.limits();
      const { isFrozen, share } = await control.status();
      outcomes.push({
        blocks,
        events,
        closed: closedUntil.map((until) => until !== 0n),
        locked: [...locked],
        isFrozen,
        share,
      });
      await ethers.provider.send("evm_revert", [snapshot]);
      snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
    }
    expect(outcomes[1]).to.deep.equal(outcomes[0]);
    expect(outcomes[2]).to.deep.equal(outcomes[0]);
    // Broken in one block, seen in the next, proven and contained in the one after.
    expect(outcomes[0]).to.include({ blocks: 2, isFrozen: true });
    expect((outcomes[0] as { events: string[] }).events).to.include.members([
      "BreachProven",
      "CanaryFrozen",
      "ContainmentExecuted",
    ]);
  });

  /** V2 serves everybody, and the holder grew beyond its limit: seen in two blocks. */
  async function stuck() {
    const fixture = await fresh();
    const { registry, stranger, invariants, app, others } = fixture;
    const plan = await stuckPlan(fixture);
    const proposalId = await toInProgress(fixture, plan);
    const holder = others[1]!;
    await app.connect(holder).deposit(100n * ONE, holder.address);
    const out = () => app.connect(holder).withdraw(200n * ONE, holder.address, holder.address);
    await expect(out()).to.be.revertedWithCustomError(app, "LimitExceeded");
    const poke = () => registry.connect(stranger).poke(plan, invariants["vault-lets-out"]);
    await poke();
    await mine();
    await poke();
    return { ...fixture, plan, proposalId, out };
  }

  it("CTN-72 liveness: where the old code is what was agreed, anyone goes back to it at once, and users get out", async () => {
    const fixture = await stuck();
    const { registry, stranger, app, plan, proposalId, out } = fixture;
    expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
    await registry.connect(stranger).rollback(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
    expect(await app.version()).to.equal(1n);
    await out();
  });

  it("CTN-73 liveness: where it is not, the way back is refused, and what was agreed for that runs instead and tells its users", async () => {
    const fixture = await stuck();
    const { registry, stranger, app, stable, plan, proposalId, laneAt } = fixture;
    const honest = await ethers.provider.getCode(stable);
    // Going back would be worse than being stuck: other code stands where the old one stood.
    await setCode(stable, await ethers.provider.getCode(laneAt));
    await expect(registry.connect(stranger).rollback(plan)).to.be.revertedWithCustomError(registry, "CodeHashMismatch");
    const lane = await ethers.getContractAt("Lane__MockForContainment", laneAt);
    const contained = registry.connect(stranger).contain(plan, 0);
    await expect(contained).to.emit(lane, "Paused");
    await expect(contained)
      .to.emit(registry, "ContainmentExecuted")
      .withArgs(proposalId, 0, BreachClass.Liveness, true, stranger.address);
    expect(await app.version()).to.equal(2n);
    // Once it is safe again the way back is still open.
    await setCode(stable, honest);
    await registry.connect(stranger).rollback(plan);
    expect(await app.version()).to.equal(1n);
    expect(await lane.paused()).to.equal(true);
  });
});
