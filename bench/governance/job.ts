import { Contract, Interface } from "ethers";
import { ethers } from "hardhat";

/** How electors vote: each by a transaction, or by signatures that somebody submits. */
export type Mode = "transaction" | "signature";
export const MODES = ["transaction", "signature"] as const;

/** One upgrade, from its proposal to its execution, gas by step. */
export interface JobResult {
  system: string;
  voters: number;
  mode: Mode;
  propose: number;
  /** Of all ballots. */
  vote: number;
  /** Of attestations and signals of readiness, which only the full path has. */
  statements?: number;
  /** `schedule` or `queue`. */
  schedule: number;
  /** `advance` or `execute`, the upgrade and its init call included. */
  execute: number;
  total: number;
  /** Gas of the first and of the last transaction that voted. */
  firstVote: number;
  lastVote: number;
}

export const LIMIT = 1_000n;

/** What every system has to do: the proxy of the example vault from version 1 to 2, with an init call. */
export interface Upgrade {
  proxy: string;
  stable: string;
  /** `upgradeToAndCall(V2, migrateV2(1000))`. */
  data: string;
  /** `upgradeToAndCall(V1, "")`. */
  undo: string;
}

const VAULT = new Interface([
  "function upgradeToAndCall(address,bytes)",
  "function migrateV2(uint256)",
  "function initialize(address,address)",
  "function version() view returns (uint256)",
  "function withdrawalLimit() view returns (uint256)",
]);

/** A vault that `owner` may upgrade. */
export async function newUpgrade(owner: string): Promise<Upgrade> {
  const asset = await (await ethers.deployContract("HookToken__MockForRouter")).getAddress();
  const stable = await (await ethers.deployContract("VaultV1")).getAddress();
  const candidate = await (await ethers.deployContract("VaultV2")).getAddress();
  const init = VAULT.encodeFunctionData("initialize", [asset, owner]);
  const proxy = await (await ethers.deployContract("ERC1967Proxy", [stable, init])).getAddress();
  const migrate = VAULT.encodeFunctionData("migrateV2", [LIMIT]);
  return {
    proxy,
    stable,
    data: VAULT.encodeFunctionData("upgradeToAndCall", [candidate, migrate]),
    undo: VAULT.encodeFunctionData("upgradeToAndCall", [stable, "0x"]),
  };
}

/** Throws unless the proxy runs version 2 and its init call was made. */
export async function requireUpgraded({ proxy }: Upgrade, system: string): Promise<void> {
  const vault = new Contract(proxy, VAULT, ethers.provider);
  const version = (await vault.getFunction("version")()) as bigint;
  const limit = (await vault.getFunction("withdrawalLimit")()) as bigint;
  if (version !== 2n || limit !== LIMIT) throw new Error(`${system} did not upgrade: version ${version}`);
}
