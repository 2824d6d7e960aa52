import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Contract, JsonRpcSigner } from "ethers";
import hre from "hardhat";
import { refusalOf, untilScheduled, waitFor, type GovernedChain } from "../../scripts/demo/lifecycle";
import { governModule, openChain, ROOT, type Chain } from "../../scripts/demo/openWorld";
import { Show } from "../../scripts/demo/show";
import { deployArtifact } from "../../scripts/remote/artifact";
import {
  deployGateway,
  GATEWAY_ABI,
  gatewayArtifact,
  GatewayTraffic,
  type Gateway,
} from "../../scripts/remote/axelarGateway";
import { canaryStatus, readCanary } from "../../src/canary/status";
import { writeAddresses } from "../../src/chain/addressBook";
import { readSlots } from "../../src/chain/erc1967";
import { rollbackByCouncil } from "../../src/emergency/acts";
import { ModuleKind } from "../../src/plan/types";
import { advance } from "../../src/registry/advance";
import { readStatus } from "../../src/registry/state";
import { driftError, revalidate } from "../../src/revalidate/revalidate";
import { artifactsOf } from "../../tasks/support/artifacts";

const MODULE = "axelar-gateway";

/** Axelar's gateway as published, upgraded from plan files while relayers and users go on. */
describe("Axelar's gateway, on a local node that plays the remote chain", () => {
  const silent = new Show(() => undefined, false);
  let chain: Chain;
  let at: Gateway;
  let traffic: GatewayTraffic;
  let world: GovernedChain;
  let deploymentsDir: string;

  beforeEach(async () => {
    deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-axelar-"));
    chain = await openChain({ artifacts: artifactsOf(hre), deploymentsDir });
    at = await deployGateway(chain.provider);
    traffic = new GatewayTraffic(chain.provider, at, chain.users.slice(0, 30));
    await traffic.prepare();
    await traffic.run(30);
    const registry = await governModule(chain, {
      name: MODULE,
      kind: ModuleKind.OwnAdmin,
      account: at.gateway,
      invariants: ["gateway-mints-bounded", "gateway-governance-unchanged"],
      addresses: {
        axelarGateway: at.gateway,
        gatewayToken: at.token,
        axelarAuth: at.auth,
        axelarTokenDeployer: at.tokenDeployer,
      },
      handOver: async (timelock) => {
        const owner = new JsonRpcSigner(chain.provider, chain.people.deployer);
        const governed = new Contract(at.gateway, GATEWAY_ABI, owner);
        await (await governed.getFunction("transferGovernance")(timelock)).wait();
      },
    });
    world = { ...chain, registry };
  });

  afterEach(async () => {
    await chain.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  });

  const keeper = () => chain.as(chain.people.deployer);
  const implementation = async () => (await readSlots(chain.provider, at.gateway)).implementation;
  const planFile = (name: string) => join(ROOT, "upgrades", name);

  it("OWN-30 promotes through 25% and 100% of commands and sends, every pointer revalidated, and takes the router out", async () => {
    const story = await untilScheduled(silent, world, planFile("axelar-gateway.yaml"));
    const { proposalId } = story;
    for (const stage of story.plan.plan.stages.keys()) {
      await waitFor(silent, world, proposalId, "the next stage");
      expect(driftError(await revalidate(keeper(), world.registry, proposalId))).to.equal(undefined);
      await advance(keeper(), world.registry, { proposalId, stage });
      await traffic.run(45);
      expect([traffic.failed, await traffic.surprises()]).to.deep.equal([0, []]);
      const status = await readCanary(keeper(), world.registry, MODULE);
      if (status === undefined) continue;
      expect([Number(status.breaks), Number(status.fallbacks)]).to.deep.equal([0, 0]);
      expect(status.candidateCalls > 0n).to.equal(true);
    }
    expect((await readStatus(world.registry, proposalId)).state).to.equal("Completed");
    const candidate = story.plan.deployments.find(({ role }) => role === "candidate")!.address;
    expect(await implementation()).to.equal(candidate);
  });

  it("OWN-31 a loose mint: batches are undone and served by the published code, the canary freezes, the council goes back", async () => {
    const owner = new JsonRpcSigner(chain.provider, chain.people.deployer);
    const published = await deployArtifact(owner, gatewayArtifact("AxelarGateway"), [at.auth, at.tokenDeployer]);
    writeAddresses(deploymentsDir, { publishedAxelarGateway: await published.getAddress() });
    const story = await untilScheduled(silent, world, planFile("axelar-gateway-loose-mint.yaml"));
    const { proposalId } = story;
    await waitFor(silent, world, proposalId, "the timelock");
    await advance(keeper(), world.registry, { proposalId, stage: 0 });
    await traffic.run(60);
    const status = await canaryStatus(keeper(), world.registry, MODULE);
    expect([status.isFrozen, Number(status.breaks)]).to.deep.equal([true, 3]);
    expect([traffic.failed, await traffic.surprises()]).to.deep.equal([0, []]);

    await waitFor(silent, world, proposalId, "the dwell");
    const refusal = await refusalOf(advance(keeper(), world.registry, { proposalId, stage: 1 }));
    expect(refusal?.errorName).to.equal("StalePolicy");
    for (const member of chain.people.council.slice(0, 3)) {
      await rollbackByCouncil(chain.as(member), world.registry, { proposalId, reason: "mints too much" });
    }
    expect((await readStatus(world.registry, proposalId)).state).to.equal("RolledBack");
    expect(await implementation()).to.equal(at.implementation);
    expect(await readCanary(keeper(), world.registry, MODULE)).to.equal(undefined);
    await traffic.run(15);
    expect([traffic.failed, await traffic.surprises()]).to.deep.equal([0, []]);
  });
});
