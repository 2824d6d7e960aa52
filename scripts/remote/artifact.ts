import { readFileSync } from "node:fs";
import { ContractFactory, type BaseContract, type InterfaceAbi, type Signer } from "ethers";

export interface PublishedArtifact {
  abi: InterfaceAbi;
  bytecode: string;
  deployedBytecode: string;
}

const BRIDGES = { "1.1.2": "arb-112", "1.2.5": "arb-125" } as const;
export type BridgeVersion = keyof typeof BRIDGES;

/** Where a published version of the bridge keeps one compiled contract, as plan files name it after `npm:`. */
export function bridgeArtifactPath(version: BridgeVersion, path: string, name = path.split("/").pop()): string {
  return `${BRIDGES[version]}/build/contracts/contracts/tokenbridge/${path}.sol/${name}.json`;
}

/** @param name Of the contract, where it is not the file's. */
export function bridgeArtifact(version: BridgeVersion, path: string, name?: string): PublishedArtifact {
  return read(bridgeArtifactPath(version, path, name));
}

/** OpenZeppelin 4.8.3, the proxies of that time. */
export function proxyArtifact(
  name: "ProxyAdmin" | "TransparentUpgradeableProxy" | "UpgradeableBeacon",
): PublishedArtifact {
  return read(`oz-483/build/contracts/${name}.json`);
}

/** Deploys a published contract as it was compiled by its authors. */
export async function deployArtifact(
  signer: Signer,
  { abi, bytecode }: PublishedArtifact,
  args: unknown[] = [],
): Promise<BaseContract> {
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(...args);
  return contract.waitForDeployment();
}

function read(path: string): PublishedArtifact {
  return JSON.parse(readFileSync(require.resolve(path), "utf8")) as PublishedArtifact;
}
