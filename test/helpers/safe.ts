import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { readFileSync } from "node:fs";
import { concat, ContractFactory, Interface, ZeroAddress, type BaseContract } from "ethers";
import { ethers } from "hardhat";

const PACKAGE = "@safe-global/safe-smart-account/build/artifacts/contracts";
const SETUP = new Interface(["function setup(address[],uint256,address,bytes,address,address,uint256,address)"]);

async function deploy(path: string): Promise<BaseContract> {
  const { abi, bytecode } = JSON.parse(readFileSync(require.resolve(`${PACKAGE}/${path}.json`), "utf8")) as {
    abi: [];
    bytecode: string;
  };
  const [signer] = await ethers.getSigners();
  const contract = await new ContractFactory(abi, bytecode, signer).deploy();
  await contract.waitForDeployment();
  return contract;
}

/** A Safe as its makers published it, behind their proxy, with their fallback handler. */
export async function deploySafe(owners: readonly HardhatEthersSigner[], threshold: number): Promise<string> {
  const singleton = await deploy("Safe.sol/Safe");
  const handler = await deploy("handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler");
  const factory = await deploy("proxies/SafeProxyFactory.sol/SafeProxyFactory");
  const setup = SETUP.encodeFunctionData("setup", [
    owners.map(({ address }) => address),
    threshold,
    ZeroAddress,
    "0x",
    await handler.getAddress(),
    ZeroAddress,
    0,
    ZeroAddress,
  ]);
  const create = factory.getFunction("createProxyWithNonce");
  const args = [await singleton.getAddress(), setup, 0];
  const safe = (await create.staticCall(...args)) as string;
  await (await create.send(...args)).wait();
  return safe;
}

/** What the Safe's handler accepts as its signature of a digest: its owners', in order of their addresses. */
export async function signAsSafe(
  safe: string,
  owners: readonly HardhatEthersSigner[],
  digest: string,
): Promise<string> {
  const { chainId } = await ethers.provider.getNetwork();
  const domain = { chainId, verifyingContract: safe };
  const types = { SafeMessage: [{ name: "message", type: "bytes" }] };
  const sorted = [...owners].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const signatures = await Promise.all(sorted.map((owner) => owner.signTypedData(domain, types, { message: digest })));
  return concat(signatures);
}
