import { AbiCoder, concat, getCreate2Address, getCreateAddress, Interface, keccak256, ZeroHash } from "ethers";
import type { AddressBook } from "../chain/addressBook";
import type { Artifact, Client } from "../client";
import type { LoadedInvariant } from "../invariants/loadInvariants";
import type { Registry } from "../registry/connect";
import { beaconPolicy, beaconRouters, checkBeaconCanary } from "./beaconCanary";
import { buildPolicy, type Policy } from "./buildPolicy";
import type { StageContext } from "./buildStages";
import { checkControlSelector } from "./checkControlSelector";
import type { Defaults } from "./defaults";
import { locateDeployment, type Deployment } from "./deployments";
import type { Candidate } from "./findCandidate";
import type { Ground } from "./findGround";
import type { LoadedPlanFile } from "./readPlanFile";
import type { CanaryFile } from "./schema";
import { ModuleKind } from "./types";

/** `RouterKind` by kind of module. */
const ROUTER_KINDS: Partial<Record<ModuleKind, number>> = {
  [ModuleKind.Uups]: 0,
  [ModuleKind.Transparent]: 1,
  [ModuleKind.OwnAdmin]: 2,
};

export interface CanaryContext {
  registry: Registry;
  chainId: bigint;
  ground: Ground;
  candidate: Candidate;
  invariants: readonly LoadedInvariant[];
  /** Version of the module, and nonce, that the plan carries. */
  baseVersion: bigint;
  nonce: bigint;
  defaults: Defaults;
  book: AddressBook;
  deployer: string;
}

export interface BuiltCanary {
  /** One router, or for a beacon one a step. */
  deployments: Deployment[];
  stages: NonNullable<StageContext["canary"]>;
}

/** The router of a plan's canary, made for its policy: the pin of the router's code binds both. */
export async function buildCanary(
  client: Client,
  loaded: LoadedPlanFile,
  canary: CanaryFile,
  context: CanaryContext,
): Promise<BuiltCanary> {
  const { registry, ground, candidate, baseVersion, book, deployer } = context;
  const { module, proxy, timelock, route } = ground;
  const { where } = loaded;
  const isBeacon = module.kind === ModuleKind.Beacon;
  if (isBeacon) checkBeaconCanary(canary, where);
  const [router, control, routerAbi, controlAbi] = await Promise.all([
    client.artifacts.read("TrafficRouter"),
    client.artifacts.read("TrafficControl"),
    client.artifacts.read("ITrafficRouter").then((artifact) => new Interface(artifact.abi)),
    client.artifacts.read("ITrafficControl").then((artifact) => new Interface(artifact.abi)),
  ]);
  await checkControlSelector(client, candidate, proxy.implementation, routerAbi, where("upgrade"));

  const { policy, salt } = await canaryPolicy(client, loaded, canary, context);
  const { steps } = canary;
  const accounts = {
    stable: proxy.implementation,
    candidate: candidate.deployment.address,
    controller: timelock,
    guardian: registry.address,
    policyId: policyIdOf(module.word, baseVersion, salt),
  };
  const place = { book, deployer, pending: [candidate.deployment], where: where("canary") };
  if (isBeacon) {
    const target = { ...accounts, beacon: module.account };
    const common = beaconPolicy(policy, candidate.abi, module.account, ground.proxies);
    const shares = steps.map(({ share }) => share);
    const deployments = await beaconRouters(client, { target, policy: common, shares }, place);
    const routers = deployments.map(({ address }) => address);
    const abi = new Interface((await client.artifacts.read("IBeaconControl")).abi);
    const built = { router: routers[0]!, policy: common, steps, routerAbi, controlAbi };
    return { deployments, stages: { ...built, beacon: { routers, abi } } };
  }
  const target = {
    ...accounts,
    kind: ROUTER_KINDS[route.kind],
    implementationSlot: proxy.ownAdmin?.implementationSlot ?? ZeroHash,
    authoritySlot: proxy.ownAdmin?.authoritySlot ?? ZeroHash,
  };
  const deployment = await locateDeployment(
    client,
    {
      role: "router",
      contractName: router.contractName,
      initCode: router.bytecode + new Interface(router.abi).encodeDeploy([target, policy]).slice(2),
      children: (self) => childrenOf(self, control, target, controlAbi.encodeFunctionResult("policy", [policy])),
    },
    place,
  );
  return { deployments: [deployment], stages: { router: deployment.address, policy, steps, routerAbi, controlAbi } };
}

/** What decides which code serves which call, and the salt that the policy's id is made of as well. */
export async function canaryPolicy(
  client: Client,
  loaded: LoadedPlanFile,
  canary: CanaryFile,
  context: CanaryContext,
): Promise<{ policy: Policy; salt: string }> {
  const { registry, chainId, candidate, baseVersion, nonce, defaults } = context;
  const { module } = context.ground;
  const { plan: file, where } = loaded;
  const salt = defaults.fill(
    "canary.salt",
    canary.salt,
    keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["uint256", "address", "bytes32", "uint64", "string", "uint256"],
        [chainId, registry.address, module.word, baseVersion, file.title, nonce],
      ),
    ),
    "from registry, module, title and nonce: who is in one canary says nothing about the next",
  );
  const policy = await buildPolicy(canary, {
    client,
    abi: candidate.abi,
    proxy: module.account,
    isBeacon: module.kind === ModuleKind.Beacon,
    salt,
    invariants: context.invariants,
    defaults,
    where: (...path) => where("canary", ...path),
  });
  return { policy, salt };
}

/** What a router creates: the store of its policy, and the control, whose address names its code. */
function childrenOf(router: string, control: Artifact, target: object, policy: string): string[] {
  const store = getCreateAddress({ from: router, nonce: 1 });
  const storeHash = keccak256(concat(["0x00", policy]));
  const args = new Interface(control.abi).encodeDeploy([target, store, storeHash]);
  return [store, getCreate2Address(router, ZeroHash, keccak256(concat([control.bytecode, args])))];
}

/** Id of a router's policy: a new canary never reads an old one's storage. */
export function policyIdOf(module: string, baseVersion: bigint, salt: string): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint64", "bytes32"], [module, baseVersion, salt]));
}
