import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { impersonateAccount, setBalance } from "@nomicfoundation/hardhat-network-helpers";
import { AbiCoder, keccak256, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import type { Call } from "../../src/plan/types";
import { deployRegistry } from "../../src/registry/deployRegistry";
import type { UpgradeTimelock } from "../../typechain-types";
import {
  artifacts,
  connectRegistry,
  HOUR,
  namedActors,
  registryParameters,
  silent,
  type RegistryFixture,
} from "../fixtures/registry";

export const ROLLBACK_TAG = 1n << 255n;

/** A registry on a timelock as teams have it: open to any executor, with another proposer and canceller beside the registry. */
export interface AdoptedFixture extends RegistryFixture {
  rival: HardhatEthersSigner;
  /** The timelock as itself. */
  self: UpgradeTimelock;
}

export async function adoptedFixture(): Promise<AdoptedFixture> {
  const actors = await namedActors();
  const rival = actors.others[5]!;
  const adopted = await ethers.deployContract("UpgradeTimelock", [HOUR, rival.address, ZeroAddress]);
  const timelock = await adopted.getAddress();
  const parameters = { ...registryParameters(actors), timelock };
  const deployment = await deployRegistry({ artifacts, signer: actors.deployer, log: silent }, parameters);
  await impersonateAccount(timelock);
  await setBalance(timelock, 10n ** 18n);
  const self = adopted.connect(await ethers.getSigner(timelock)) as unknown as UpgradeTimelock;
  for (const role of [await self.PROPOSER_ROLE(), await self.CANCELLER_ROLE()])
    await self.grantRole(role, deployment.registry);
  await self.grantRole(await self.EXECUTOR_ROLE(), ZeroAddress);
  return { ...actors, ...(await connectRegistry(deployment, actors.stranger)), deployment, parameters, rival, self };
}

export type Batch = [targets: string[], values: bigint[], payloads: string[], predecessor: string, salt: string];

/** A stage or a way back as the timelock holds it. */
export function batchOf(
  { registry, deployment }: RegistryFixture,
  proposalId: string,
  tag: bigint,
  calls: readonly Call[],
): Batch {
  const first = registry.interface.encodeFunctionData("onlyWhileAdvancing", [proposalId, tag]);
  return [
    [deployment.registry, ...calls.map(({ target }) => target)],
    [0n, ...calls.map(({ value }) => value)],
    [first, ...calls.map(({ data }) => data)],
    ZeroHash,
    keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [proposalId, tag])),
  ];
}
