import { concat, getCreate2Address, getCreateAddress, Interface, keccak256, ZeroAddress, ZeroHash } from "ethers";
import type { Artifact, Client } from "../../client";
import { SlipwayError } from "../../errors";
import { functionsOf } from "../abi";
import { canaryPolicy, policyIdOf, type BuiltCanary, type CanaryContext } from "../buildCanary";
import type { Policy } from "../buildPolicy";
import { locateDeployment, type Deployment } from "../deployments";
import type { LoadedPlanFile } from "../readPlanFile";
import type { CanaryFile } from "../schema";
import type { Facets } from "./findFacets";
import { UNROUTED, type Diamond } from "./readDiamond";

export interface BuiltRouters {
  deployments: Deployment[];
  stages: BuiltCanary["stages"];
  /** Facet by selector while the canary runs. */
  routed: ReadonlyMap<string, string>;
  /** The stable facet of the router that is steered. */
  stable: string;
}

interface Pair {
  stable: string;
  candidate: string;
  selectors: string[];
  isAddition: boolean;
  isRemoval: boolean;
}

/** One router a pair of stable and candidate facet. The first is the one that is told and asked. */
export async function buildRouters(
  client: Client,
  loaded: LoadedPlanFile,
  canary: CanaryFile,
  context: CanaryContext & { diamond: Diamond; facets: Facets },
): Promise<BuiltRouters> {
  const { registry, ground, diamond, facets, book, deployer } = context;
  const { where } = loaded;
  const at = where("canary");
  const [router, control, absentArtifact, routerAbi, controlAbi] = await Promise.all([
    client.artifacts.read("DiamondRouter"),
    client.artifacts.read("DiamondControl"),
    client.artifacts.read("AbsentFacet"),
    client.artifacts.read("ITrafficRouter").then((artifact) => new Interface(artifact.abi)),
    client.artifacts.read("ITrafficControl").then((artifact) => new Interface(artifact.abi)),
  ]);
  const traffic = routerAbi.getFunction("traffic")!.selector;
  checkRouted(diamond, facets, traffic, where("upgrade"));

  const deployments: Deployment[] = facets.facets.map(({ deployment }) => deployment);
  const locate = async (role: Deployment["role"], artifact: Artifact, args: unknown[], children?: Children) => {
    const request = {
      role,
      contractName: artifact.contractName,
      initCode: artifact.bytecode + new Interface(artifact.abi).encodeDeploy(args).slice(2),
      ...(children === undefined ? {} : { children }),
    };
    const deployment = await locateDeployment(client, request, { book, deployer, pending: deployments, where: at });
    deployments.push(deployment);
    return deployment.address;
  };

  const pairs = pairsOf(diamond, facets);
  const absent = pairs.some(({ isAddition }) => isAddition) ? await locate("absent", absentArtifact, []) : ZeroAddress;
  const { policy, salt } = await canaryPolicy(client, loaded, canary, context);
  const routed = new Map(diamond.routes);
  let leader = ZeroAddress;
  for (const pair of pairs) {
    const own = pair.isRemoval ? withoutCandidate(policy) : policy;
    const target = {
      stable: pair.isAddition ? absent : pair.stable,
      candidate: pair.candidate,
      controller: ground.timelock,
      guardian: registry.address,
      policyId: policyIdOf(ground.module.word, context.baseVersion, salt),
      loupe: diamond.loupe,
      cutFacet: diamond.cutFacet,
      leader,
      isAddition: pair.isAddition,
    };
    const stored = controlAbi.encodeFunctionResult("policy", [own]);
    const address = await locate("router", router, [target, own], (self) => childrenOf(self, control, target, stored));
    if (leader === ZeroAddress) {
      leader = address;
      routed.set(traffic, address);
    }
    for (const selector of pair.selectors) routed.set(selector, address);
  }
  const { steps } = canary;
  return {
    deployments: deployments.slice(facets.facets.length),
    stages: { router: leader, policy, steps, routerAbi, controlAbi },
    routed,
    stable: pairs[0]!.isAddition ? absent : pairs[0]!.stable,
  };
}

type Children = (self: string) => string[];

/** What is routed, by pair: first that of the facet with the init, then what is replaced, added and removed. */
function pairsOf({ routes }: Diamond, { facets, candidate, removed }: Facets): Pair[] {
  const pairs = new Map<string, Pair>();
  const put = (stable: string | undefined, target: string, selector: string, isRemoval: boolean) => {
    const key = `${stable} ${target}`;
    const isAddition = stable === undefined;
    const pair = pairs.get(key) ?? {
      stable: stable ?? ZeroAddress,
      candidate: target,
      selectors: [],
      isAddition,
      isRemoval,
    };
    pair.selectors.push(selector);
    pairs.set(key, pair);
  };
  for (const { deployment, selectors } of facets) {
    for (const selector of selectors) {
      // What the candidate does not change needs no router.
      if (routes.get(selector) !== deployment.address) put(routes.get(selector), deployment.address, selector, false);
    }
  }
  // Stable's until the promotion, for everybody; routed all the same, so that its callbacks meet stable.
  for (const selector of removed) put(routes.get(selector), routes.get(selector)!, selector, true);
  const rank = (pair: Pair) =>
    (pair.isRemoval ? 4 : 0) + (pair.isAddition ? 2 : 0) + (pair.candidate === candidate.deployment.address ? 0 : 1);
  return [...pairs.values()].sort((a, b) => rank(a) - rank(b));
}

/** A cap, no meter and nothing free: no call is the candidate's. Rules stay at their places, which locks name. */
function withoutCandidate(policy: Policy): Policy {
  return {
    ...policy,
    ...(policy.cap === 0n ? { cap: 1n, interval: 1n } : {}),
    rules: policy.rules.map((rule) => ({ ...rule, meterWord: 0, weight: 0n, isFree: false })),
  };
}

function checkRouted({ routes, account }: Diamond, { facets, removed }: Facets, traffic: string, where: string): void {
  const clash = (found: string) =>
    new SlipwayError("ControlSelectorClash", {
      where,
      expected: `no function with the selector ${traffic}`,
      found,
      next: "canary: none",
    });
  const present = routes.get(traffic);
  if (present !== undefined) throw clash(`it at ${account}, in the facet ${present}`);
  for (const { abi, deployment, selectors } of facets) {
    const declared = functionsOf(abi).find(({ selector }) => selector === traffic);
    if (declared !== undefined) throw clash(`${declared.format("sighash")} of ${deployment.contractName}`);
    const unrouted = [...selectors, ...removed].find((selector) => UNROUTED.includes(selector));
    if (unrouted === undefined) continue;
    throw new SlipwayError("SelectorUnroutable", {
      where,
      expected: "a canary over other functions than those that cut the diamond and tell its facets",
      found: `${unrouted} of ${deployment.contractName}`,
      next: "name the functions of the facet (functions: […]) without it, or write canary: none",
    });
  }
}

function childrenOf(router: string, control: Artifact, target: { leader: string }, policy: string): string[] {
  const store = getCreateAddress({ from: router, nonce: 1 });
  const leader = target.leader === ZeroAddress ? router : target.leader;
  const args = [{ ...target, leader, isAddition: false }, store, keccak256(concat(["0x00", policy]))];
  const initCode = concat([control.bytecode, new Interface(control.abi).encodeDeploy(args)]);
  return [store, getCreate2Address(router, ZeroHash, keccak256(initCode))];
}
