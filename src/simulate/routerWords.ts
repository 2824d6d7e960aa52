import { AbiCoder, Interface, keccak256, toBeHex } from "ethers";
import type { Client } from "../client";
import type { Deployment } from "../plan/deployments";

const coder = AbiCoder.defaultAbiCoder();

/** What the plan's routers keep in their proxy's storage, by slot: their namespace follows from the policy's id. */
export async function routerWords(client: Client, deployments: readonly Deployment[]): Promise<Map<string, string>> {
  const words = new Map<string, string>();
  for (const { role, contractName, initCode } of deployments) {
    if (role !== "router") continue;
    const { abi, bytecode } = await client.artifacts.read(contractName);
    const [target] = coder.decode(new Interface(abi).deploy.inputs, `0x${initCode.slice(bytecode.length)}`);
    const outer = keccak256(coder.encode(["string", "bytes32"], ["slipway.traffic", target.policyId]));
    const inner = keccak256(coder.encode(["uint256"], [BigInt(outer) - 1n]));
    const slot = BigInt(inner) & ~0xffn;
    ["policy", "counters", "limits"].forEach((name, i) => words.set(toBeHex(slot | BigInt(i), 32), `router ${name}`));
  }
  return words;
}
