import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { ethers } from "hardhat";
import type { BeaconRouter, Candidate__MockForRouter, Puppet__MockForRouter } from "../../typechain-types";
import type { BeaconTargetStruct } from "../../typechain-types/contracts/traffic/BeaconRouter";
import {
  cohortNumber,
  deployVersions,
  interfaces,
  keyOf,
  POLICY_ID,
  policyOf,
  steer,
  type Canary,
  type PolicyStruct,
} from "./canary";

const SALT = policyOf().salt as string;

/** A beacon on the mock protocol, owned by the controller. */
export async function deployBeacon(owner?: string) {
  const [, controller, guardian, user, other] = (await ethers.getSigners()) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const { stable, candidate } = await deployVersions();
  const puppet = (await ethers.deployContract("Puppet__MockForRouter")) as unknown as Puppet__MockForRouter;
  const beacon = await ethers.deployContract("UpgradeableBeacon", [
    await stable.getAddress(),
    owner ?? controller.address,
  ]);
  return { stable, candidate, puppet, beacon, controller, guardian, user, other };
}

export type BeaconProtocol = Awaited<ReturnType<typeof deployBeacon>>;

/** A step's router, not yet installed. */
export async function deployStep(
  at: BeaconProtocol,
  policy: Partial<PolicyStruct> = {},
  overrides: Partial<BeaconTargetStruct> = {},
): Promise<BeaconRouter> {
  const target = {
    beacon: await at.beacon.getAddress(),
    stable: await at.stable.getAddress(),
    candidate: await at.candidate.getAddress(),
    controller: at.controller.address,
    guardian: at.guardian.address,
    policyId: POLICY_ID,
    predecessor: ethers.ZeroAddress,
    ...overrides,
  };
  return ethers.deployContract("BeaconRouter", [target, policyOf(policy)]) as unknown as Promise<BeaconRouter>;
}

/** As a stage does, in two transactions; the block after is the first in which it is in force. */
export async function installStep(at: BeaconProtocol, router: BeaconRouter): Promise<void> {
  const address = await router.getAddress();
  await at.beacon.connect(at.controller).getFunction("upgradeTo")(address);
  await (await steer(address)).install(at.controller);
  await ethers.provider.send("hardhat_mine", ["0x1"]);
}

export async function startStep(at: BeaconProtocol, policy: Partial<PolicyStruct> = {}): Promise<BeaconRouter> {
  const router = await deployStep(at, policy);
  await installStep(at, router);
  return router;
}

export function isInShare(proxy: string, share: number): boolean {
  return cohortNumber(SALT, keyOf(proxy)) < BigInt(share);
}

/** A new proxy of the beacon, on one side of the share. */
export async function proxyOf(at: BeaconProtocol, share = 10_000, isIn = true): Promise<string> {
  const init = at.stable.interface.encodeFunctionData("initialize", [at.controller.address]);
  for (;;) {
    const proxy = await ethers.deployContract("BeaconProxy", [await at.beacon.getAddress(), init]);
    const address = await proxy.getAddress();
    if (isInShare(address, share) === isIn) return address;
  }
}

/** One proxy, as the helpers for single proxies want it. */
export async function viewOf(at: BeaconProtocol, proxy: string): Promise<Canary> {
  return {
    ...at,
    proxy,
    router: undefined as unknown as Canary["router"],
    app: at.candidate.attach(proxy) as Candidate__MockForRouter,
    control: await steer(proxy),
  };
}

/** Messages that only a beacon's router knows, wrapped. */
export async function beaconMessages() {
  const { traffic } = await interfaces();
  const abi = (await ethers.getContractAt("IBeaconControl", ethers.ZeroAddress)).interface;
  const wrap = (message: string) => traffic.encodeFunctionData("traffic", [message]);
  return {
    abi,
    requireLive: (epoch = 1) => wrap(abi.encodeFunctionData("requireLive", [epoch])),
    requireResting: () => wrap(abi.encodeFunctionData("requireResting")),
    lineage: () => wrap(abi.encodeFunctionData("lineage")),
  };
}
