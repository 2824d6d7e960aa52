import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { AbiCoder, Contract, id, Interface, keccak256, ZeroAddress, ZeroHash } from "ethers";
import hre, { ethers } from "hardhat";
import { deployArtifact } from "../../../scripts/remote/artifact";
import {
  COMMAND_GAS,
  commandsOf,
  deployGateway,
  GATEWAY_ABI,
  gatewayArtifact,
  GatewayTraffic,
  type Gateway,
} from "../../../scripts/remote/axelarGateway";
import { addressAt, eternalSlot, readSlots, SLOTS } from "../../../src/chain/erc1967";
import { inspectProxy } from "../../../src/chain/inspectProxy";
import { ModuleKind } from "../../../src/plan/types";
import { OWN_ADMIN_ABI } from "../../../src/plan/upgradeCalls";
import { providerOf } from "../../../tasks/support/provider";
import {
  conditionOf,
  deployRouter,
  Kind,
  Op,
  Right,
  steer,
  step,
  type PolicyStruct,
  type Steer,
} from "../../helpers/canary";

const KEY_GOVERNANCE = "0xabea6fd3db56a6e6d0242111b43ebb13d1c42709651c032c7894962023a1f909";
const OWN = {
  kind: Kind.ownAdmin,
  implementationSlot: eternalSlot(SLOTS.implementation),
  authoritySlot: eternalSlot(KEY_GOVERNANCE),
};
type RouterSlots = { kind: number; implementationSlot: string; authoritySlot: string };
const coder = AbiCoder.defaultAbiCoder();

/** Axelar's gateway, governed by a contract that acts in batches, as a timelock does. */
async function deployGoverned() {
  const signers = (await ethers.getSigners()) as HardhatEthersSigner[];
  const guardian = signers[2]!;
  const provider = providerOf(hre);
  const at = await deployGateway(provider);
  const governor = await ethers.deployContract("Puppet__MockForRouter");
  const governance = await governor.getAddress();
  const gateway = new Contract(at.gateway, GATEWAY_ABI, signers[0]);
  await gateway.getFunction("transferGovernance")(governance);
  const users = signers.slice(20, 40).map(({ address }) => address);
  await new GatewayTraffic(provider, at, users).prepare();
  const published = await (
    await deployArtifact(signers[0]!, gatewayArtifact("AxelarGateway"), [at.auth, at.tokenDeployer])
  ).getAddress();
  return {
    at,
    provider,
    governor,
    governance,
    gateway,
    guardian,
    stranger: signers[3]!,
    users,
    published,
    control: await steer(at.gateway),
  };
}

type Governed = Awaited<ReturnType<typeof deployGoverned>>;

/** The books do not go back with the chain. */
async function fresh() {
  const world = await loadFixture(deployGoverned);
  return { ...world, traffic: new GatewayTraffic(world.provider, world.at, world.users) };
}

async function upgradeData(implementation: string, params = "0x"): Promise<string> {
  const hash = keccak256(await ethers.provider.getCode(implementation));
  return OWN_ADMIN_ABI.encodeFunctionData("upgrade", [implementation, hash, params]);
}

/** One atomic batch of the governance, to the gateway. */
function batch({ governor, at }: { governor: Governed["governor"]; at: Gateway }, calls: string[]) {
  return governor.run(calls.map((data) => step(at.gateway, data)));
}

async function routerFor(
  world: Governed,
  candidate: string,
  policy: Partial<PolicyStruct> = {},
  slots: RouterSlots = OWN,
) {
  const { at, governance, guardian } = world;
  return deployRouter(
    { stable: at.implementation, candidate, controller: governance, guardian },
    { isCounted: true, ...policy },
    slots,
  );
}

async function install(world: Governed, candidate: string, policy: Partial<PolicyStruct> = {}, init = "0x") {
  const router = await routerFor(world, candidate, policy);
  const address = await router.getAddress();
  await batch(world, [await upgradeData(address), world.control.installData(init)]);
  await ethers.provider.send("hardhat_mine", ["0x1"]);
  return { router: router.attach(world.at.gateway) as typeof router, address };
}

async function spoilt(world: Governed, what: string, slot = ZeroHash, word = ZeroHash): Promise<string> {
  const { selector } = GATEWAY_ABI.getFunction(what)!;
  const mock = await ethers.deployContract("Gateway__MockForRouter", [world.published, selector, slot, word]);
  return mock.getAddress();
}

const implementationOf = ({ provider, at }: Governed) => addressAt(provider, at.gateway, OWN.implementationSlot);
const callContract = GATEWAY_ABI.encodeFunctionData("callContract", ["Osmosis", "osmo1", "0x"]);

describe("TrafficRouter > behind Axelar's gateway", () => {
  it("OWN-01 the gateway keeps its implementation in a mapping, under the name of ERC-1967's slot, and is found there", async () => {
    const { provider, at, governance } = await fresh();
    expect(await provider.getStorage(at.gateway, SLOTS.implementation)).to.equal(ZeroHash);
    expect((await readSlots(provider, at.gateway)).implementation).to.equal(at.implementation);
    const found = await inspectProxy(provider, at.gateway);
    expect(found.kind).to.equal(ModuleKind.OwnAdmin);
    expect(found.ownAdmin).to.deep.equal({
      implementationSlot: OWN.implementationSlot,
      authoritySlot: OWN.authoritySlot,
      authority: governance,
    });
  });

  it("OWN-02 is installed, steered and taken out by governance in batches; the router answers for stable's id", async () => {
    const world = await fresh();
    const { address } = await install(world, world.published);
    expect(await implementationOf(world)).to.equal(address);
    const asked = new Contract(address, GATEWAY_ABI, ethers.provider);
    expect(await asked.getFunction("contractId")()).to.equal(id("axelar-gateway"));
    await expect(asked.getFunction("governance")()).to.be.reverted;
    await world.traffic.run(30);
    expect([world.traffic.failed, await world.traffic.surprises()]).to.deep.equal([0, []]);
    const status = await world.control.status();
    expect([Number(status.candidateCalls), status.breaks, status.fallbacks]).to.deep.equal([
      world.traffic.sent,
      0n,
      0n,
    ]);

    // Promotion: in the block that sets a share stable serves, and so the upgrade among others.
    await batch(world, [world.control.shareData(1, 10_000), await upgradeData(world.published)]);
    expect(await implementationOf(world)).to.equal(world.published);
    await world.traffic.run(30);
    expect([world.traffic.failed, await world.traffic.surprises()]).to.deep.equal([0, []]);
  });

  it("OWN-03 nobody but governance installs, steers or takes out", async () => {
    const world = await fresh();
    const { control, stranger, guardian } = world;
    const router = await routerFor(world, world.published);
    // Governance was interrupted in the middle: the router is there, and idle.
    await batch(world, [await upgradeData(await router.getAddress())]);
    for (const sender of [stranger, guardian]) {
      await expect(control.install(sender)).to.be.revertedWithCustomError(router, "TrafficUnauthorized");
    }
    await world.traffic.run(6);
    expect([world.traffic.failed, await world.traffic.surprises()]).to.deep.equal([0, []]);
    await batch(world, [control.installData()]);
    await expect(control.setShare(stranger, 1, 1)).to.be.revertedWithCustomError(router, "TrafficUnauthorized");
    await expect(stranger.sendTransaction({ to: world.at.gateway, data: await upgradeData(world.published) })).to.be
      .reverted;
    // `setup` is the proxy's own, and does nothing: no way to the candidate's leads there.
    const setup = coder.encode(["address", "address", "bytes"], [stranger.address, stranger.address, "0x"]);
    await stranger.sendTransaction({ to: world.at.gateway, data: OWN_ADMIN_ABI.encodeFunctionData("setup", [setup]) });
    expect(await world.gateway.getFunction("governance")()).to.equal(world.governance);
  });

  it("OWN-04 refuses slots that are not the proxy's, and kinds without theirs", async () => {
    const world = await fresh();
    const elsewhere = { ...OWN, implementationSlot: SLOTS.implementation };
    const router = await routerFor(world, world.published, {}, elsewhere);
    await expect(batch(world, [await upgradeData(await router.getAddress()), world.control.installData()]))
      .to.be.revertedWithCustomError(router, "NotImplementation")
      .withArgs(ZeroAddress);
    for (const slots of [
      { ...OWN, authoritySlot: ZeroHash },
      { ...OWN, implementationSlot: ZeroHash },
      { ...OWN, kind: Kind.uups },
    ]) {
      await expect(routerFor(world, world.published, {}, slots)).to.be.revertedWithCustomError(
        router,
        "TargetSlotsInvalid",
      );
    }
  });

  for (const [name, slot] of [
    ["governance", OWN.authoritySlot],
    ["implementation", OWN.implementationSlot],
  ] as const) {
    it(`OWN-05 a candidate that writes the ${name} slot is undone, stable serves, and it counts`, async () => {
      const world = await fresh();
      const word = coder.encode(["address"], [world.stranger.address]);
      const { router } = await install(world, await spoilt(world, "callContract", slot, word));
      await expect(world.stranger.sendTransaction({ to: world.at.gateway, data: callContract }))
        .to.emit(router, "SlotBroken")
        .withArgs(callContract.slice(0, 10), slot, 1)
        .and.to.emit(world.gateway, "ContractCall");
      expect(await world.gateway.getFunction("governance")()).to.equal(world.governance);
      expect((await world.control.status()).isFrozen).to.equal(true);
    });
  }

  it("OWN-06 an init that changes who governs is refused", async () => {
    const world = await fresh();
    const router = await routerFor(world, world.published);
    const params = (governance: string) =>
      OWN_ADMIN_ABI.encodeFunctionData("setup", [
        coder.encode(["address", "address", "bytes"], [governance, world.guardian.address, "0x"]),
      ]);
    const upgrade = await upgradeData(await router.getAddress());
    await expect(batch(world, [upgrade, world.control.installData(params(world.stranger.address))]))
      .to.be.revertedWithCustomError(router, "SlotWritten")
      .withArgs(OWN.authoritySlot);
    await batch(world, [upgrade, world.control.installData(params(ZeroAddress))]);
    expect(await world.gateway.getFunction("mintLimiter")()).to.equal(world.guardian.address);
  });

  it("OWN-07 a candidate that is deaf to the upgrade cannot stay: the way back freezes first", async () => {
    const world = await fresh();
    const deaf = await spoilt(world, "upgrade");
    const { address } = await install(world, deaf);
    const back = await upgradeData(world.at.implementation);
    // Without the freeze the candidate is asked, and does nothing.
    await batch(world, [back]);
    expect(await implementationOf(world)).to.equal(address);
    await batch(world, [world.control.freezeData("taken back"), back]);
    expect(await implementationOf(world)).to.equal(world.at.implementation);
    await world.traffic.run(6);
    expect([world.traffic.failed, await world.traffic.surprises()]).to.deep.equal([0, []]);
  });

  it("OWN-08 tokens a million million times too many: each batch is undone and served by stable, the canary freezes", async () => {
    const world = await fresh();
    const loose = await (await ethers.deployContract("LooseMintGateway", [world.published])).getAddress();
    const supply = new Interface(["function totalSupply()"]).encodeFunctionData("totalSupply");
    const { router } = await install(world, loose, {
      errorBudget: 3,
      invariants: [
        // No command batch mints more than a thousand.
        conditionOf(world.at.token, supply, Op.lte, 0, { rightKind: Right.before, tolerance: 1_000 }),
      ],
    });
    await world.traffic.run(12);
    expect([world.traffic.failed, await world.traffic.surprises()]).to.deep.equal([0, []]);
    const status = await world.control.status();
    expect([status.isFrozen, status.breaks]).to.deep.equal([true, 3n]);
    // Frozen is not promoted.
    await expect(
      batch(world, [world.control.shareData(2, 10_000), await upgradeData(loose)]),
    ).to.be.revertedWithCustomError(router, "CanaryFrozen");
    await batch(world, [world.control.freezeData("taken back"), await upgradeData(world.at.implementation)]);
    expect(await implementationOf(world)).to.equal(world.at.implementation);
  });

  it("OWN-08 the broken gateway alone does its harm", async () => {
    const world = await fresh();
    const loose = await (await ethers.deployContract("LooseMintGateway", [world.published])).getAddress();
    await batch(world, [await upgradeData(loose)]);
    await world.traffic.run(1);
    expect(await world.traffic.surprises()).to.not.deep.equal([]);
  });

  it("OWN-09 neither promotion nor the way back runs from inside a call: both batches wait until the gateway rests", async () => {
    const world = await fresh();
    const { address } = await install(world, world.published);
    const { chainId } = await world.provider.getNetwork();
    // A token that calls its receiver back; here that is who governs.
    const hook = await ethers.deployContract("HookToken__MockForRouter");
    await (hook as unknown as Contract).getFunction("mint")(world.at.gateway, 100);
    const token = ["Hook", "HOOK", 18, 0, await hook.getAddress(), 0];
    const types = ["string", "string", "uint8", "uint256", "address", "uint256"];
    const execute = async (command: [string, string]) =>
      world.stranger.sendTransaction({
        to: world.at.gateway,
        data: await commandsOf(chainId, [command]),
        gasLimit: COMMAND_GAS,
      });
    await execute(["deployToken", coder.encode(types, token)]);
    const batches = [
      [world.control.shareData(1, 10_000), await upgradeData(world.published)],
      [world.control.freezeData("taken back"), await upgradeData(world.at.implementation)],
    ];
    for (const calls of batches) {
      const data = world.governor.interface.encodeFunctionData("run", [
        calls.map((each) => step(world.at.gateway, each)),
      ]);
      await world.governor.setReaction([step(world.governance, data, { isCaught: true })], 1);
      const mint = coder.encode(["string", "address", "uint256"], ["HOOK", world.governance, 5]);
      await execute(["mintToken", mint]);
      const refused = (await world.governor.outcomes()).map((outcome) => outcome.data);
      expect(refused).to.deep.equal([id("CallInProgress()").slice(0, 10)]);
      expect(await implementationOf(world)).to.equal(address);
    }
    expect((await world.control.status()).isFrozen).to.equal(false);
  });

  it("OWN-10 Axelar's gas service, with ERC-1967's slot and an owner, compares ids with the router itself", async () => {
    const world = await fresh();
    const [deployer, , guardian, collector] = (await ethers.getSigners()) as HardhatEthersSigner[];
    const deploy = async (path: string, args: unknown[]) =>
      (await deployArtifact(deployer!, gatewayArtifact(path), args)).getAddress();
    const stable = await deploy("gas-service/AxelarGasService", [collector!.address]);
    const candidate = await deploy("gas-service/AxelarGasService", [collector!.address]);
    const proxy = await deploy("gas-service/AxelarGasServiceProxy", []);
    const empty = new Contract(proxy, ["function init(address,address,bytes)"], deployer);
    await empty.getFunction("init")(stable, world.governance, "0x");
    const found = await inspectProxy(world.provider, proxy);
    expect([found.kind, found.ownAdmin?.authority]).to.deep.equal([ModuleKind.OwnAdmin, world.governance]);
    const router = await deployRouter(
      { stable, candidate, controller: world.governance, guardian: guardian! },
      { isCounted: true },
      {
        kind: Kind.ownAdmin,
        implementationSlot: found.ownAdmin!.implementationSlot,
        authoritySlot: found.ownAdmin!.authoritySlot,
      },
    );
    const control: Steer = await steer(proxy);
    const send = (calls: string[]) => world.governor.run(calls.map((data) => step(proxy, data)));
    await send([await upgradeData(await router.getAddress()), control.installData()]);
    await ethers.provider.send("hardhat_mine", ["0x1"]);
    const service = new Contract(proxy, gatewayArtifact("gas-service/AxelarGasService").abi, collector);
    await service.getFunction("addNativeGas")(ZeroHash, 0, collector!.address, { value: 5n });
    expect((await control.status()).candidateCalls).to.equal(1n);
    await send([control.shareData(1, 10_000), await upgradeData(candidate)]);
    expect(await addressAt(world.provider, proxy, SLOTS.implementation)).to.equal(candidate);
  });
});
