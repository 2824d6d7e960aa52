import {
  concat,
  ContractFactory,
  Interface,
  encodeBytes32String,
  ZeroAddress,
  type BaseContract,
  type Signer,
  type TransactionReceipt,
} from "ethers";
import { waitForReceipt } from "../chain/waitForReceipt";
import type { ArtifactSource, Client } from "../client";
import { SlipwayError } from "../errors";
import { FACETS, registryAbi, type FacetName } from "./registryAbi";
import type { RegistryParameters } from "./registryParameters";
import { packSeats } from "./seats";

/** Where a deployed registry lives. */
export interface RegistryDeployment {
  registry: string;
  timelock: string;
  /** The recovery proposer; absent where nobody may recover. */
  recovery?: string;
  facets: Record<FacetName, string>;
  /** Block in which the registry was created: the first one to look for its events. */
  block: number;
}

export interface DeployRegistryOptions {
  /** Facets of an interrupted run. One is used again only where its code is the compiled one. */
  known?: Partial<Record<FacetName, string>>;
  /** Called after each deployment, so that an interrupted run can go on. */
  onFacet?: (name: FacetName, address: string) => Promise<void> | void;
}

/** In the order of the contract's `PlanClass`. */
const CLASSES = ["standard", "critical", "emergency"] as const;

/** How long a run waits for one deployment. */
const WAIT_MS = 300_000;

/**
 * Deploys the facets, then the registry and its timelock in one transaction. The deployer has no power afterwards: roles,
 * council, thresholds and electorate are arguments of the constructor.
 */
export async function deployRegistry(
  client: Pick<Client, "artifacts" | "log"> & { signer?: Signer },
  parameters: RegistryParameters,
  { known = {}, onFacet }: DeployRegistryOptions = {},
): Promise<RegistryDeployment> {
  const { artifacts, signer, log } = client;
  if (signer === undefined) throw new SlipwayError("SignerMissing", { where: "registry deploy" });

  const facets: Partial<Record<FacetName, string>> = {};
  const packed = [];
  for (const name of FACETS) {
    const address =
      (await reuse(artifacts, signer, name, known[name])) ?? (await deployContract(artifacts, signer, name));
    facets[name] = address;
    packed.push({ facet: address, selectors: concat(await selectorsOf(artifacts, name)) });
    log(`${name} ${address}`);
    await onFacet?.(name, address);
  }

  const { policies, roles, council, maxPower, recoveryOwner } = parameters;
  const recovery =
    recoveryOwner === undefined
      ? undefined
      : await deployContract(artifacts, signer, "RecoveryProposer", [ZeroAddress, recoveryOwner]);
  if (recovery !== undefined) log(`RecoveryProposer ${recovery}`);
  const { abi, bytecode } = await artifacts.read("UpgradeRegistry");
  const factory = new ContractFactory(abi, bytecode, signer);
  const registry = await factory.deploy({
    facets: packed,
    roles,
    policies: CLASSES.map((name) => policies[name]),
    council,
    maxPower: CLASSES.map((name) => parameters.maxPowerOf?.[name] ?? maxPower),
    seats: packSeats(parameters.seats),
    token: parameters.token ?? { token: ZeroAddress, tokenUnit: 0n },
    unit: encodeBytes32String(parameters.unit ?? ""),
    timelock: parameters.timelock ?? ZeroAddress,
    timelockMinDelay: parameters.timelockMinDelay,
    recovery: recovery ?? ZeroAddress,
  });
  const receipt = await mined(registry, "UpgradeRegistry");
  const iface = new Interface(await registryAbi(artifacts));
  const timelock = receipt.logs.map((entry) => iface.parseLog(entry)).find((event) => event?.name === "TimelockSet")
    ?.args["timelock"] as string;
  const address = await registry.getAddress();
  log(`UpgradeRegistry ${address}, timelock ${timelock}`);
  return {
    registry: address,
    timelock,
    recovery,
    facets: facets as Record<FacetName, string>,
    block: receipt.blockNumber,
  };
}

/** Selectors that a facet brings to the diamond: every function it has. */
export async function selectorsOf(artifacts: ArtifactSource, name: FacetName): Promise<string[]> {
  const iface = Interface.from((await artifacts.read(name)).abi);
  const selectors: string[] = [];
  iface.forEachFunction(({ selector }) => selectors.push(selector));
  return selectors;
}

async function reuse(
  artifacts: ArtifactSource,
  signer: Signer,
  name: FacetName,
  address: string | undefined,
): Promise<string | undefined> {
  if (address === undefined) return undefined;
  const { deployedBytecode } = await artifacts.read(name);
  return (await signer.provider?.getCode(address)) === deployedBytecode ? address : undefined;
}

/** Deploys a facet, or another contract of the registry, and waits until it is there. */
export async function deployContract(
  artifacts: ArtifactSource,
  signer: Signer,
  name: FacetName | "RecoveryProposer",
  args: readonly string[] = [],
): Promise<string> {
  const { abi, bytecode } = await artifacts.read(name);
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(...args);
  await mined(contract, name);
  return contract.getAddress();
}

async function mined(contract: BaseContract, name: string): Promise<TransactionReceipt> {
  const sent = contract.deploymentTransaction();
  const receipt = sent === null ? undefined : await waitForReceipt(sent.provider, sent.hash, WAIT_MS);
  if (receipt === undefined) throw new SlipwayError("TransactionLost", { where: name, found: sent?.hash });
  if (receipt.status !== 1) throw new SlipwayError("TransactionFailed", { where: name, found: receipt.hash });
  return receipt;
}
