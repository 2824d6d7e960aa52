import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Contract, Interface, JsonRpcSigner } from "ethers";
import hre from "hardhat";
import { refusalOf, untilScheduled, waitFor, type GovernedChain, type Story } from "../../scripts/demo/lifecycle";
import { governModule, openChain, ROOT, type Chain } from "../../scripts/demo/openWorld";
import { Show } from "../../scripts/demo/show";
import { deployArtifact } from "../../scripts/remote/artifact";
import { canaryStatus, readCanary } from "../../src/canary/status";
import { readSlots } from "../../src/chain/erc1967";
import type { Artifact } from "../../src/client";
import { rollbackByCouncil } from "../../src/emergency/acts";
import { ModuleKind } from "../../src/plan/types";
import { advance } from "../../src/registry/advance";
import { readStatus } from "../../src/registry/state";
import { artifactsOf } from "../../tasks/support/artifacts";
import { VaultTraffic } from "../helpers/vaultTraffic";

const MODULE = "vault";
const ONE = 10n ** 18n;

/** OpenZeppelin's ERC-4626 vault behind its UUPS proxy, upgraded from plan files, with many users at work. */
describe("an ERC-4626 vault's canary, on a local node that plays the remote chain", () => {
  const silent = new Show(() => undefined, false);
  let chain: Chain;
  let traffic: VaultTraffic;
  let deploymentsDir: string;

  beforeEach(async () => {
    deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-vault-"));
    chain = await openChain({ artifacts: artifactsOf(hre), deploymentsDir });
    traffic = await VaultTraffic.open(chain);
    await traffic.run(60);
    await traffic.earn(500n * ONE);
  });

  afterEach(async () => {
    await chain.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  });

  async function govern(): Promise<GovernedChain> {
    const registry = await governModule(chain, {
      name: MODULE,
      kind: ModuleKind.Uups,
      account: traffic.vault,
      invariants: ["vault-solvent", "share-price-kept", "owner-unchanged"],
      addresses: { vault: traffic.vault, vaultAsset: traffic.asset },
      handOver: (timelock) => traffic.handOver(timelock),
    });
    return { ...chain, registry };
  }

  const keeper = () => chain.as(chain.people.deployer);
  const implementation = async () => (await readSlots(chain.provider, traffic.vault)).implementation;
  const candidateOf = ({ plan }: Story) => plan.deployments.find(({ role }) => role === "candidate")!.address;
  const planFile = (name: string) => join(ROOT, "upgrades", name);

  it("SIM-50 promotes V2 through 5%, 25% and 100% of deposits and withdrawals, and takes the router out", async () => {
    const world = await govern();
    const story = await untilScheduled(silent, world, planFile("vault-v2.yaml"));
    const { proposalId } = story;
    const shares: number[] = [];
    const before = traffic.sent;
    for (const stage of story.plan.plan.stages.keys()) {
      await waitFor(silent, world, proposalId, "the next stage");
      await advance(keeper(), world.registry, { proposalId, stage });
      await traffic.run(60);
      await traffic.earn(50n * ONE);
      expect(await traffic.surprises()).to.deep.equal([]);
      const status = await readCanary(keeper(), world.registry, MODULE);
      if (status === undefined) continue;
      shares.push(status.share);
      expect([Number(status.breaks), Number(status.fallbacks)]).to.deep.equal([0, 0]);
      expect(Number(status.stableCalls + status.candidateCalls)).to.equal(traffic.sent - before);
      if (stage > 0) expect(status.candidateCalls > 0n).to.equal(true);
    }
    expect(shares).to.deep.equal([500, 2_500, 10_000]);
    expect(traffic.failed).to.equal(0);
    expect((await readStatus(world.registry, proposalId)).state).to.equal("Completed");
    expect(await implementation()).to.equal(candidateOf(story));
    const vault = new Contract(traffic.vault, ["function version() view returns (uint256)"], chain.provider);
    expect(await vault.getFunction("version")()).to.equal(2n);
  });

  it("SIM-51 shares sold at par: deposits are undone and served by V1, the canary freezes, the council goes back", async () => {
    const world = await govern();
    const { registry, people } = world;
    const story = await untilScheduled(silent, world, planFile("vault-v2-par-deposits.yaml"));
    const { proposalId } = story;
    await waitFor(silent, world, proposalId, "the timelock");
    await advance(keeper(), registry, { proposalId, stage: 0 });
    await traffic.run(90);
    const status = await canaryStatus(keeper(), registry, MODULE);
    expect([status.isFrozen, Number(status.breaks)]).to.deep.equal([true, 3]);
    expect([traffic.failed, await traffic.surprises()]).to.deep.equal([0, []]);

    await waitFor(silent, world, proposalId, "the dwell");
    expect((await refusalOf(advance(keeper(), registry, { proposalId, stage: 1 })))?.errorName).to.equal("StalePolicy");
    for (const member of people.council.slice(0, 3)) {
      await rollbackByCouncil(chain.as(member), registry, { proposalId, reason: "shares are sold at par" });
    }
    expect((await readStatus(registry, proposalId)).state).to.equal("RolledBack");
    expect(await implementation()).to.equal(traffic.stable);
    expect(await readCanary(keeper(), registry, MODULE)).to.equal(undefined);
    await traffic.run(30);
    expect([traffic.failed, await traffic.surprises()]).to.deep.equal([0, []]);
  });

  it("SIM-51 the broken vault alone does its harm: who comes takes from who was there", async () => {
    const signer = new JsonRpcSigner(chain.provider, chain.people.deployer);
    const artifact = await artifactsOf(hre).read("VaultV2ParDeposits");
    const broken = await deployArtifact(signer, artifact as Artifact & { deployedBytecode: string });
    const abi = new Interface(artifact.abi);
    const vault = new Contract(traffic.vault, abi, signer);
    const init = abi.encodeFunctionData("migrateV2", [1_000n * ONE]);
    await (await vault.getFunction("upgradeToAndCall")(await broken.getAddress(), init)).wait();
    const before = (await vault.getFunction("convertToAssets")(ONE)) as bigint;
    await traffic.deposit(chain.users[0]!, 500n * ONE);
    expect(((await vault.getFunction("convertToAssets")(ONE)) as bigint) < before).to.equal(true);
    expect(await traffic.surprises()).to.not.deep.equal([]);
  });
});
