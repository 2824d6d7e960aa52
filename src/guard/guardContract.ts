import { concat, dataSlice, getAddress, getCreate2Address, id, Interface, keccak256, zeroPadValue } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";

/** The deployer of contracts at addresses that follow from their code alone, under the same address on most chains. */
export const DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
const SALT = id("slipway.guard.v1");

export interface Guard {
  address: string;
  abi: Interface;
  initCode: string;
  /** Of the code at that address, if any. */
  codeHash: string;
}

/** Where this build's guard is, or would be, on every chain. */
export async function guardOf(client: Client): Promise<Guard> {
  const { abi, bytecode, deployedBytecode } = await client.artifacts.read("UpgradeGuard");
  const address = getCreate2Address(DEPLOYER, SALT, keccak256(bytecode));
  return {
    address,
    abi: new Interface(abi),
    initCode: bytecode,
    codeHash: keccak256(withSelf(deployedBytecode, address)),
  };
}

/** Its own address is the only immutable that the guard has: one word of zeros in the code until it is deployed. */
function withSelf(code: string, address: string): string {
  return code.replaceAll(`7f${"00".repeat(32)}`, `7f${zeroPadValue(address, 32).slice(2).toLowerCase()}`);
}

/** What a deployment sends to the deployer. */
export function deploymentData({ initCode }: Guard): string {
  return concat([SALT, initCode]);
}

/** A batch whose guard has no code would carry itself out unguarded, without an error. */
export async function requireGuard(client: Client, guard: Guard): Promise<void> {
  const code = await client.provider.getCode(guard.address);
  if (keccak256(code) === guard.codeHash) return;
  throw new SlipwayError("AddressWithoutCode", {
    where: `guard ${guard.address}`,
    expected: `this build's guard, code hash ${guard.codeHash}`,
    found: code === "0x" ? "no code, and a call of no code succeeds" : `code hash ${keccak256(code)}`,
    next: "npx hardhat upgrade guard --deploy",
  });
}

/** Puts the guard at its address. Does nothing where it is there. */
export async function deployGuard(client: Client, guard: Guard): Promise<string | undefined> {
  if ((await client.provider.getCode(guard.address)) !== "0x") return undefined;
  if (client.signer === undefined) {
    throw new SlipwayError("SignerMissing", { where: "guard", expected: "--as ADDRESS, or an account of the network" });
  }
  if ((await client.provider.getCode(DEPLOYER)) === "0x") {
    throw new SlipwayError("AddressWithoutCode", {
      where: DEPLOYER,
      expected: "the deterministic deployer (github.com/Arachnid/deterministic-deployment-proxy)",
      found: "no code there on this chain",
    });
  }
  const sent = await client.signer.sendTransaction({ to: DEPLOYER, data: deploymentData(guard) });
  await sent.wait();
  return sent.hash;
}

/** The address in each word of calldata that could be one, of calls inside calls too: each selector moves what follows by four bytes. */
export function addressesIn(data: string): string[] {
  const found = new Set<string>();
  for (let at = 4; at + 32 <= (data.length - 2) / 2; at += 4) {
    const word = BigInt(dataSlice(data, at, at + 32));
    // A small number is no address that somebody has.
    if (word >> 160n === 0n && word >> 64n !== 0n) found.add(getAddress(`0x${word.toString(16).padStart(40, "0")}`));
  }
  return [...found];
}
