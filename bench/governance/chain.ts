import { id, Wallet, type BaseContract, type Interface, type SigningKey } from "ethers";
import hre, { ethers } from "hardhat";

/** Someone who votes: a key, and an account that the network lets send. */
export interface Voter {
  address: string;
  key: SigningKey;
}

const ETHER = "0xde0b6b3a7640000";
const voters: Voter[] = [];

/** The first `count` voters, in order of address, with ether to send from. */
export async function votersOf(count: number): Promise<Voter[]> {
  for (let i = voters.length; i < count; ++i) {
    const { address, signingKey } = new Wallet(id(`voter ${i}`));
    await hre.network.provider.send("hardhat_impersonateAccount", [address]);
    await hre.network.provider.send("hardhat_setBalance", [address, ETHER]);
    voters.push({ address, key: signingKey });
  }
  return voters.slice(0, count).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
}

/** Gas of one transaction from `from`, which is sent without an estimate; throws where it fails. */
export async function gasOf(from: string, contract: BaseContract, name: string, args: unknown[]): Promise<number> {
  const data = (contract.interface as Interface).encodeFunctionData(name, args);
  const { provider } = hre.network;
  const call = { from, to: await contract.getAddress(), data, gas: "0xf42400" };
  const hash = await provider.send("eth_sendTransaction", [call]);
  const receipt = (await provider.send("eth_getTransactionReceipt", [hash])) as { gasUsed: string; status: string };
  if (Number(receipt.status) !== 1) throw new Error(`${name} failed`);
  return Number(receipt.gasUsed);
}

/** Lets the account of a contract send transactions. */
export async function impersonate(address: string): Promise<string> {
  await hre.network.provider.send("hardhat_impersonateAccount", [address]);
  await hre.network.provider.send("hardhat_setBalance", [address, ETHER]);
  return address;
}

export async function mineBlocks(count: number): Promise<void> {
  await hre.network.provider.send("hardhat_mine", [`0x${count.toString(16)}`]);
}

export async function passTime(seconds: number): Promise<void> {
  await hre.network.provider.send("evm_increaseTime", [seconds]);
  await mineBlocks(1);
}

export async function sender(index: number): Promise<string> {
  const signer = (await ethers.getSigners())[index];
  if (signer === undefined) throw new Error(`account ${index} needed`);
  return signer.address;
}

export function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}

export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}
