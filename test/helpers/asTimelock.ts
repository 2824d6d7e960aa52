import { impersonateAccount, setBalance } from "@nomicfoundation/hardhat-network-helpers";
import { ethers } from "hardhat";
import type { RegistryContract, RegistryFixture } from "../fixtures/registry";

/** The registry as its timelock sees it, for what is the timelock's alone. Scenarios go through a plan instead. */
export async function asTimelock({ registry, deployment }: RegistryFixture): Promise<RegistryContract> {
  await impersonateAccount(deployment.timelock);
  await setBalance(deployment.timelock, 10n ** 18n);
  return registry.connect(await ethers.getSigner(deployment.timelock)) as RegistryContract;
}
