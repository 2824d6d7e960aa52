import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, mine } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { ethers } from "hardhat";
import { readAddressBook } from "../../src/chain/addressBook";
import { checkInvariants } from "../../src/invariants/checkInvariants";
import { loadInvariants } from "../../src/invariants/loadInvariants";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText } from "../../src/plan/readPlanFile";
import type {
  Aggregator__MockForVault,
  Bridge__MockForVault,
  HookToken__MockForRouter,
  Liquidator__MockForVault,
  VaultV2,
} from "../../typechain-types";
import { CATALOGUE, ROOT, withOwnFolder } from "../fixtures/bridgeModule";
import { vaultFixture, type VaultFixture } from "../fixtures/vaultModule";
import { steer } from "../helpers/canary";
import { toNextStep, toScheduled } from "../helpers/lifecycle";
import { REPORT } from "../helpers/plans";

const ONE = 10n ** 18n;
const TEXT = readFileSync(join(ROOT, "upgrades/vault-v2.yaml"), "utf8");

interface IntegratedFixture extends VaultFixture {
  app: VaultV2;
  token: HookToken__MockForRouter;
  aggregator: Aggregator__MockForVault;
  liquidator: Liquidator__MockForVault;
  bridge: Bridge__MockForVault;
}

/** The vault with three protocols that others built on it, and users of theirs. */
async function integratedFixture(): Promise<IntegratedFixture> {
  const fixture = await vaultFixture();
  const { vault, asset, others } = fixture;
  const deploy = async (name: string) => ethers.deployContract(`${name}__MockForVault`, [vault]);
  const aggregator = (await deploy("Aggregator")) as unknown as Aggregator__MockForVault;
  const liquidator = (await deploy("Liquidator")) as unknown as Liquidator__MockForVault;
  const bridge = (await deploy("Bridge")) as unknown as Bridge__MockForVault;
  const app = (await ethers.getContractAt("VaultV2", vault)) as unknown as VaultV2;
  const token = (await ethers.getContractAt("HookToken__MockForRouter", asset)) as unknown as HookToken__MockForRouter;
  for (const user of others) {
    await token.mint(user.address, 100_000n * ONE);
    for (const spender of [aggregator, bridge]) await token.connect(user).approve(spender, 2n ** 256n - 1n);
    for (const spender of [aggregator, liquidator]) await app.connect(user).approve(spender, 2n ** 256n - 1n);
  }
  await mine();
  return { ...fixture, app, token, aggregator, liquidator, bridge };
}

/** Every path of every integrator once, for one user; what it comes to for him. */
async function walk({ app, token, aggregator, liquidator, bridge }: IntegratedFixture, user: HardhatEthersSigner) {
  const [before, bridged] = [await token.balanceOf(user.address), await bridge.bridged(user.address)];
  await aggregator.connect(user).zapIn(100n * ONE);
  await aggregator.connect(user).roundTrips(50n * ONE, 3);
  await liquidator.connect(user).pledge((await app.balanceOf(user.address)) / 2n);
  await liquidator.connect(user).liquidate(user.address);
  await aggregator.connect(user).zapOut(await app.balanceOf(user.address));
  await bridge.connect(user).deliver([user.address], 30n * ONE);
  await bridge.connect(user).release(user.address, 20n * ONE);
  return { paid: before - (await token.balanceOf(user.address)), left: (await bridge.bridged(user.address)) - bridged };
}

describe("scenario: protocols that others built on the one that is upgraded", () => {
  const fresh = async () => withOwnFolder(await loadFixture(integratedFixture));

  async function inProgress(change: (text: string) => string) {
    const fixture = await fresh();
    const { client, connected, registry } = fixture;
    const loaded = parsePlanText(change(TEXT), "plan.yaml", readAddressBook(client.deploymentsDir));
    const options = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };
    const { plan } = await prepareDeployments(client, connected, loaded, options);
    await mine();
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    return { ...fixture, plan, proposalId, advance: () => registry.advance(plan) };
  }

  const holds = async ({ connected, client, app, deployment }: IntegratedFixture) => {
    const [solvent] = loadInvariants(CATALOGUE, ["vault-solvent"], readAddressBook(client.deploymentsDir));
    const [checked] = await checkInvariants(connected, [solvent!.id]);
    expect(checked!.state).to.equal("holds");
    expect(await app.owner()).to.equal(deployment.timelock);
  };

  it("SCN-30 an aggregator, a liquidator and a bridge come to the same before, in every step of the canary, and after it", async () => {
    const fixture = await inProgress((text) => text);
    const { registry, app, vault, plan, proposalId, advance, others } = fixture;
    const before = await walk(fixture, others[0]!);
    expect(before).to.deep.equal({ paid: 10n * ONE, left: 10n * ONE });
    await holds(fixture);
    const control = await steer(vault);
    for (let stage = 0; stage < plan.stages.length; ++stage) {
      if (stage > 0) await toNextStep(fixture, proposalId);
      await advance();
      await mine();
      for (const user of others.slice(1, 5)) expect(await walk(fixture, user)).to.deep.equal(before);
      await holds(fixture);
      if (stage < plan.stages.length - 1) expect((await control.status()).isFrozen).to.equal(false);
    }
    expect(await app.version()).to.equal(2n);
    expect((await registry.stateOf(proposalId)).state).to.equal(7n);
  });

  it("SCN-31 a candidate that skims what comes in by any of them is undone in the same call, and frozen", async () => {
    const fixture = await inProgress((text) =>
      text
        .replaceAll("VaultV2.sol:VaultV2", "VaultV2LyingAssets.sol:VaultV2LyingAssets")
        .replace("  init:", `  args: ["0x${"77".repeat(20)}"]\n  init:`)
        .replace("share: 5%, dwell", "share: 100%, dwell")
        .replace(/\n {4}- \{ share: 25%.*\n.*share: 100%, dwell: 24h.*/, ""),
    );
    const { vault, advance, others, token } = fixture;
    await advance();
    await mine();
    for (const user of others.slice(1, 4)) {
      expect(await walk(fixture, user)).to.deep.equal({ paid: 10n * ONE, left: 10n * ONE });
    }
    expect((await (await steer(vault)).status()).isFrozen).to.equal(true);
    expect(await token.balanceOf(`0x${"77".repeat(20)}`)).to.equal(0n);
    await holds(fixture);
  });
});
