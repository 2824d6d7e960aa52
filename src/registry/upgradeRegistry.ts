import { id, ZeroHash } from "ethers";
import { readAddressBook, writeAddresses } from "../chain/addressBook";
import { decodeRevert } from "../chain/decodeRevert";
import { simulateSequence } from "../chain/simulateSequence";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { checkAuthority } from "../impact/checkAuthority";
import { readImpact } from "../impact/readImpact";
import type { PlanImpact, StorageImpact } from "../impact/types";
import { compareLayouts, requireNoProblems } from "../layout/compareLayouts";
import { compareFacets } from "../layout/compareUpgrade";
import type { Namespaces } from "../layout/readNamespaces";
import { isDeployed } from "../plan/checkLayout";
import { deploymentKey } from "../plan/deployments";
import { hashPlan } from "../plan/eip712";
import { modulesOf } from "../plan/moduleOf";
import { nodeArtifact } from "../plan/statedParts";
import { PlanClass, type Plan } from "../plan/types";
import type { Registry } from "./connect";
import { deployContract, selectorsOf } from "./deployRegistry";
import { FACETS, type FacetName } from "./registryAbi";
import { selfUpgrade } from "./selfUpgrade";
import { signerAddress } from "./signerAddress";

export interface RegistryUpgradeOptions {
  title: string;
  nonce: bigint;
  /** Seconds in which the cut can still be taken back. */
  dwell: bigint;
  /** Signatures, names or selectors of functions that may go. */
  removals: readonly string[];
  /** Deploys the facets that are not on chain yet. */
  deploys: boolean;
  /** Namespaces of the facets that serve, as `test/snapshots/storage.json` keeps them. */
  layout?: Namespaces;
  /** keccak256 of the rehearsal's report. */
  reportHash?: string;
}

export interface RegistryUpgrade {
  plan: Plan;
  proposalId: string;
  impact: PlanImpact;
  /** Facets that this build changes, and where their new code is. */
  facets: { name: string; before?: string; address: string }[];
}

/**
 * The Critical plan by which a registry turns itself into the facets that are compiled here: those whose code is on chain already stay, the others are
 * deployed or, without `deploys`, missing. What a facet loses has to be named, and no facet may read what is stored otherwise than before.
 */
export async function upgradeRegistry(
  client: Client,
  registry: Registry,
  options: RegistryUpgradeOptions,
): Promise<RegistryUpgrade> {
  const module = (await modulesOf(registry)).find(({ account }) => account === registry.address);
  if (module === undefined) {
    throw new SlipwayError("ModuleUnknown", {
      where: registry.address,
      expected: "the registry registered as a module of its own, so that a plan locks and versions it",
      found: "no module of this account",
      next: `npx hardhat registry module registry --kind diamond --account ${registry.address}`,
    });
  }
  if (module.lockedBy !== undefined) {
    throw new SlipwayError("ModuleLocked", { where: module.name, found: `held by proposal ${module.lockedBy}` });
  }
  const storage = await checkStorage(client, options.layout);
  const placed = await placeFacets(client, registry, options);
  const moved = placed.filter(({ before, address }) => before !== address);
  const desired = placed.map(({ address, functionSelectors }) => ({ facetAddress: address, functionSelectors }));
  const { stage, rollback, removed } = await selfUpgrade(client.provider, registry.address, {
    facets: desired,
    removals: await removalsOf(registry, options.removals),
    dwell: options.dwell,
  });
  if (moved.length === 0 && removed.length === 0) {
    throw new SlipwayError("CandidateIsStable", {
      where: registry.address,
      expected: "a facet that differs from what serves",
      found: `all ${placed.length} facets of this build`,
    });
  }
  const plan: Plan = {
    title: options.title,
    uri: "",
    proposer: await signerAddress(client, "propose"),
    nonce: options.nonce,
    planClass: PlanClass.Critical,
    targets: [{ module: module.word, baseVersion: module.version }],
    stages: [stage],
    rollbacks: options.dwell === 0n ? [] : [rollback],
    containments: [],
    readiness: { threshold: { numerator: 2, denominator: 3 }, deadline: 604_800n, schedulingWindow: 86_400n },
    artifact: nodeArtifact(undefined),
    executionWindow: 259_200n,
    evidence: {
      reportHash: options.reportHash ?? ZeroHash,
      rehearsalChainId: 0n,
      rehearsalProposal: ZeroHash,
      minAge: 0n,
    },
  };
  await checkCut(client, registry, plan);
  await checkAuthority(client, registry, plan);
  const impact = await readImpact(client, registry, plan, { storage });
  return {
    plan,
    proposalId: hashPlan(plan, registry.domain),
    impact,
    facets: moved.map(({ name, before, address }) => ({ name, before, address })),
  };
}

/** The cut and the way back, as the timelock, simulated. */
async function checkCut(client: Client, registry: Registry, { stages, rollbacks }: Plan): Promise<void> {
  const sender = (await registry.contract.getFunction("timelock").staticCall()) as string;
  const steps = [...stages[0]!.calls, ...(rollbacks[0]?.calls ?? [])].map((call) => ({ sender, ...call }));
  const outcomes = await simulateSequence(client, steps);
  const failed = outcomes.findIndex(({ isOk }) => !isOk);
  if (failed === -1) return;
  throw new SlipwayError("CallReverts", {
    where: failed === 0 ? "the cut" : "the way back",
    expected: `${registry.address} to take it from the timelock ${sender}`,
    found: decodeRevert(outcomes[failed]!.result, [registry.iface]),
  });
}

/** Facets of one build read every namespace alike, and the names that old facets stored under are still there. */
async function checkStorage(client: Client, live: Namespaces | undefined): Promise<StorageImpact> {
  const layouts: Record<string, Namespaces> = {};
  for (const name of [...FACETS, "UpgradeRegistry"]) {
    const layout = await client.artifacts.layout?.(name);
    if (layout === undefined) return { verdict: "not compared", findings: [`no layout in the build of ${name}`] };
    const { storage: plain, ...namespaces } = layout;
    if (plain !== undefined && plain.fields.length > 0) {
      throw new SlipwayError("StorageLayoutBroken", {
        where: name,
        expected: "namespaces only: all facets share one storage",
        found: `${plain.fields[0]!.type} ${plain.fields[0]!.label} at slot ${plain.fields[0]!.slot}`,
      });
    }
    layouts[name] = namespaces;
  }
  requireNoProblems(compareFacets(layouts));
  if (live === undefined) {
    return {
      verdict: "not compared",
      findings: ["no layout of the facets that serve was given; those of this build agree"],
    };
  }
  requireNoProblems(compareLayouts(live, Object.assign({}, ...Object.values(layouts)) as Namespaces));
  return { verdict: "compatible", findings: [] };
}

/** Where each facet of this build is: on chain already, deployed by an earlier run, or deployed now. */
async function placeFacets(
  client: Client,
  registry: Registry,
  { deploys }: Pick<RegistryUpgradeOptions, "deploys">,
): Promise<PlacedFacet[]> {
  const live = (await registry.contract.getFunction("facets").staticCall()) as [string, string[]][];
  const placed: PlacedFacet[] = [];
  const missing: string[] = [];
  for (const name of FACETS) {
    const { bytecode, deployedBytecode } = await client.artifacts.read(name);
    const functionSelectors = await selectorsOf(client.artifacts, name);
    const before = live.find(([, served]) => functionSelectors.some((selector) => served.includes(selector)))?.[0];
    const key = deploymentKey(name, bytecode);
    const kept = readAddressBook(client.deploymentsDir).addresses[key];
    const known = [before, kept].filter((address) => address !== undefined);
    const codes = await Promise.all(known.map((address) => client.provider.getCode(address)));
    let address = known.find((_, i) => isDeployed(codes[i]!, deployedBytecode));
    if (address === undefined && deploys) {
      if (client.signer === undefined) throw new SlipwayError("SignerMissing", { where: "registry upgrade --deploy" });
      address = await deployContract(client.artifacts, client.signer, name);
      client.log(`deployed ${name} at ${address}`);
      writeAddresses(client.deploymentsDir, { [key]: address });
    }
    if (address === undefined) missing.push(name);
    else placed.push({ name, before, address, functionSelectors });
  }
  if (missing.length === 0) return placed;
  throw new SlipwayError("PlanNotDeployed", {
    where: registry.address,
    expected: "every facet of this build on chain",
    found: `no ${missing.join(", ")}`,
    next: "npx hardhat registry upgrade --deploy",
  });
}

interface PlacedFacet {
  name: FacetName;
  before?: string;
  address: string;
  functionSelectors: string[];
}

/** Selectors of what is named by signature or selector; each must be a function that the registry has now. */
async function removalsOf(registry: Registry, named: readonly string[]): Promise<string[]> {
  const live = (await registry.contract.getFunction("facets").staticCall()) as [string, string[]][];
  const served = new Set(live.flatMap(([, selectors]) => selectors));
  return named.map((text) => {
    const selector = /^0x[0-9a-f]{8}$/.test(text) ? text : id(text).slice(0, 10);
    if (served.has(selector)) return selector;
    throw new SlipwayError("OptionInvalid", {
      where: "--remove",
      expected: "signatures such as minInterval(), or selectors, of functions that the registry has",
      found: `${text} (${selector})`,
    });
  });
}
