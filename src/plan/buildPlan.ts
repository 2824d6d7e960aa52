import { ZeroHash, type Interface } from "ethers";
import { readAddressBook, type AddressBook } from "../chain/addressBook";
import type { OffchainPointer } from "../chain/delegateChain";
import { SLOTS } from "../chain/erc1967";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { checkAuthority } from "../impact/checkAuthority";
import { readImpact } from "../impact/readImpact";
import type { PlanImpact } from "../impact/types";
import { checkCatalogue } from "../invariants/checkCatalogue";
import { loadInvariants } from "../invariants/loadInvariants";
import type { Registry } from "../registry/connect";
import { buildCanary } from "./buildCanary";
import { buildRollbacks, buildStages, type StageContext } from "./buildStages";
import { checkCandidate } from "./checkCandidate";
import { checkLayout } from "./checkLayout";
import { Defaults } from "./defaults";
import { creationSteps, type Deployment } from "./deployments";
import { buildRouters } from "./diamond/buildRouters";
import { diamondStages } from "./diamond/cuts";
import { findFacets, type Facets } from "./diamond/findFacets";
import type { Diamond } from "./diamond/readDiamond";
import { hashPlan, NO_EVIDENCE, subjectOf } from "./eip712";
import { explainPlan, knownAbis, type PlanExplanation } from "./explainPlan";
import { findCandidate, type Candidate } from "./findCandidate";
import { findGround, type Ground } from "./findGround";
import { pinnedAccounts } from "./pinnedAccounts";
import { readProbe } from "./probe";
import type { LoadedPlanFile } from "./readPlanFile";
import type { PlanFile } from "./schema";
import { addFlagCalls, statedFlags } from "./statedFlags";
import {
  addStatedCalls,
  addStatedGates,
  nodeArtifact,
  statedContainments,
  statedFunctions,
  statedRollback,
} from "./statedParts";
import { ModuleKind, PlanClass, type Plan } from "./types";
import { PROXY_ABI, upgradeInterfaceOf, type UpgradeRoute } from "./upgradeCalls";
import { formatDuration } from "./units";

export interface BuildOptions {
  /** Folder that artifacts and packages are resolved from. */
  root: string;
  /** Folder of the catalogue. */
  invariantsDir: string;
  /** Who proposes, unless the file says so; else the signer. */
  proposer?: string;
  /** keccak256 of the rehearsal's report; zero before it. */
  reportHash?: string;
  /** Names for the catalogue's placeholders and for deployments; by default this network's. */
  addresses?: AddressBook;
}

export interface BuiltPlan {
  plan: Plan;
  /** EIP-712 hash of the plan. Of no use for proposing until `isFinal`. */
  proposalId: string;
  /** Hash with the evidence zeroed: what a rehearsal's report names. */
  subject: string;
  /** Everything the plan relies on is on chain; only then may it be proposed. */
  isFinal: boolean;
  deployments: Deployment[];
  /** Hashes, functions and power: what a review of its integrity reads. */
  impact: PlanImpact;
  /** What is known of the functions: the candidate's, stable's where the file names its source, and all that decodes the plan's calls. */
  abis: { candidate: Interface; stable?: Interface; known: readonly Interface[] };
  explain: PlanExplanation;
}

/**
 * From a plan file to the exact struct that is hashed, against the chain as it is. Reads only: what has to be deployed first
 * is listed, and simulated where it would stand. The first thing that is wrong ends it with one error.
 */
export async function buildPlan(
  client: Client,
  registry: Registry,
  loaded: LoadedPlanFile,
  options: BuildOptions,
): Promise<BuiltPlan> {
  const { plan: file, where } = loaded;
  const defaults = new Defaults();
  const book = options.addresses ?? readAddressBook(client.deploymentsDir);
  const chainId = await checkChain(client, loaded);
  const ground = await findGround(client, registry, loaded);
  const proposer = await proposerOf(client, loaded, options, defaults);
  const deployer = (await client.signer?.getAddress()) ?? proposer;
  const { module, proxy, route, diamond } = ground;

  checkForm(loaded, diamond !== undefined);
  const facets =
    diamond === undefined
      ? undefined
      : await findFacets(client, loaded, diamond, { root: options.root, book, deployer });
  const candidate =
    facets?.candidate ??
    (await findCandidate(client, loaded, {
      root: options.root,
      book,
      deployer,
      stable: proxy.implementation,
      isOwnAdmin: route.kind === ModuleKind.OwnAdmin,
    }));
  const layout =
    facets?.layout ?? (await checkLayout(client, loaded, { root: options.root, stable: proxy.implementation }));
  const invariants = loadInvariants(options.invariantsDir, file.invariants ?? [], book);
  await checkCatalogue(registry, invariants, where("invariants"));
  const baseVersion = defaults.fill("baseVersion", file.baseVersion, module.version, "the module's present version");
  const nonce = defaults.fill("nonce", file.nonce, 0n, "raise it to propose an equal plan again");
  const stated = defaults.fill("canary", file.canary, "none" as const, "the candidate serves everyone at once");
  const canaryContext = {
    registry,
    chainId,
    ground,
    candidate,
    invariants,
    baseVersion,
    nonce,
    defaults,
    book,
    deployer,
  };
  const routers =
    stated === "none" || diamond === undefined || facets === undefined
      ? undefined
      : await buildRouters(client, loaded, stated, { ...canaryContext, diamond, facets });
  const canary =
    stated === "none" ? undefined : (routers ?? (await buildCanary(client, loaded, stated, canaryContext)));
  const candidates = facets?.facets.map(({ deployment }) => deployment) ?? [candidate.deployment];
  const deployments = [...candidates, ...(canary?.deployments ?? [])];
  const cuts =
    diamond === undefined || facets === undefined
      ? undefined
      : diamondStages(
          diamond,
          { promoted: promotedRoutes(diamond, facets), routed: routers?.routed },
          { account: candidate.deployment.address, data: candidate.init },
        );
  if (diamond !== undefined) {
    // What people are shown as stable: the facet that the steered router stands before.
    proxy.implementation = routers?.stable ?? diamond.routes.get(facets!.facets[0]!.selectors[0]!) ?? diamond.loupe;
  }

  const pins = await pinnedAccounts(client, ground, candidate, deployments, loaded);
  const context: StageContext = {
    route,
    proxies: ground.proxies,
    stableVerbs: route.verbs,
    candidateVerbs: await candidateVerbs(client, route, candidate),
    stable: proxy.implementation,
    candidate: candidate.deployment.address,
    timelock: ground.timelock,
    init: candidate.init,
    canary: canary?.stages,
    diamond: cuts,
    promoteDwell: promoteDwell(file, canary !== undefined, defaults),
    hasImplementationGetter: await hasImplementationGetter(client, route),
    pins: pins.stage,
    chainGates: pins.gates,
    rollbackPins: pins.rollback,
    invariants: invariants.map((entry) => entry.id),
    minGas: defaults.fill("minGas", file.minGas, 500_000n, "gas that must be left when a batch starts"),
    statedRollback: statedRollback(loaded, candidate.abi, defaults),
  };
  const stages = buildStages(context);
  addStatedGates(stages, loaded);
  addStatedCalls(stages, loaded, { abi: candidate.abi, proxy: route.proxy, chains: pins.calls });
  const plan: Plan = {
    title: file.title,
    uri: defaults.fill("uri", file.uri, "", "where the discussion lives", "(none)"),
    proposer,
    nonce,
    planClass: CLASSES[defaults.fill("class", file.class, "standard" as const, "the usual thresholds and delays")],
    targets: [{ module: module.word, baseVersion }],
    stages,
    rollbacks: buildRollbacks(context, stages.length),
    containments: statedContainments(loaded, {
      abi: candidate.abi,
      minGas: context.minGas,
      pins: pins.containments,
    }),
    ...windowsOf(file, defaults),
    artifact: nodeArtifact(file.artifact),
    evidence: { ...rehearsalOf(file, defaults), reportHash: options.reportHash ?? ZeroHash },
  };
  addFlagCalls(plan, await statedFlags(client, registry, loaded, { stages, module: module.word }));
  const weakened = await checkAuthority(client, registry, plan);
  await checkCandidate(
    client,
    { candidate, facets: facets?.facets, context, deployments, deployer, plan, errors: registry.iface },
    where("upgrade"),
  );

  const impact = await readImpact(client, registry, plan, {
    abis: [candidate.abi, ...(layout.abi === undefined ? [] : [layout.abi])],
    storage: { verdict: layout.verdict, findings: layout.findings },
    codes: Object.fromEntries(deployments.map(({ address, code }) => [address, code])),
    served: file.upgrade.abi === undefined ? undefined : candidate.abi,
    creations: creationSteps(deployments, deployer),
  });

  const functions = statedFunctions(file);
  const result = {
    plan,
    proposalId: hashPlan(plan, registry.domain),
    subject: subjectOf(plan, registry.domain),
    isFinal: deployments.every(({ isDeployed, needsLock }) => isDeployed && !needsLock),
    deployments,
    impact,
    abis: {
      candidate: candidate.abi,
      stable: layout.abi,
      known: knownAbis(registry, { canary: canary?.stages, candidate, stated: functions }),
    },
  };
  const explain = await explainPlan(client, registry, {
    ...result,
    file: loaded.file,
    textHash: loaded.textHash,
    chainId,
    ground,
    candidate,
    canary: canary?.stages,
    invariants,
    defaults: defaults.filled,
    offchainPointers: [...offchainPointers(context, ground), ...pins.pointers],
    roles: pins.roles,
    weakened,
    stated: functions,
    names: book.addresses,
  });
  return { ...result, explain };
}

const CLASSES = { standard: PlanClass.Standard, critical: PlanClass.Critical, emergency: PlanClass.Emergency } as const;

/** Facets are a diamond's, and a diamond has no one candidate. */
function checkForm({ plan: { upgrade }, where }: LoadedPlanFile, isDiamond: boolean): void {
  if ((upgrade.facets !== undefined) === isDiamond) return;
  throw new SlipwayError("PlanFileInvalid", {
    where: where("upgrade"),
    expected: isDiamond ? "facets: the module is a diamond" : "contract or artifact: the module is no diamond",
    found: isDiamond ? "one contract" : "facets",
  });
}

/** Facet by selector once the candidates serve. */
function promotedRoutes({ routes }: Diamond, { facets, removed }: Facets): Map<string, string> {
  const promoted = new Map(routes);
  for (const selector of removed) promoted.delete(selector);
  for (const { deployment, selectors } of facets) {
    for (const selector of selectors) promoted.set(selector, deployment.address);
  }
  return promoted;
}

async function checkChain(client: Client, { plan: file, where }: LoadedPlanFile): Promise<bigint> {
  const { chainId } = await client.provider.getNetwork();
  if (file.chain !== undefined && file.chain !== chainId) {
    throw new SlipwayError("WrongChain", {
      where: where("chain"),
      expected: `chain ${file.chain}`,
      found: `chain ${chainId}`,
      next: "add --network with the network of that chain",
    });
  }
  return chainId;
}

async function proposerOf(
  client: Client,
  { plan, file }: LoadedPlanFile,
  options: BuildOptions,
  defaults: Defaults,
): Promise<string> {
  const fallback = options.proposer ?? (await client.signer?.getAddress());
  if (plan.proposer !== undefined) return plan.proposer;
  if (fallback !== undefined) return defaults.fill("proposer", undefined, fallback, "the account that runs this");
  throw new SlipwayError("SignerMissing", {
    where: file,
    expected: "a proposer",
    found: "neither a key proposer nor a signer",
    next: "add --as ADDRESS",
  });
}

/** How the candidate takes upgrades once it serves: the way back from the last stage asks it. */
async function candidateVerbs(
  client: Client,
  route: UpgradeRoute,
  { deployment, abi }: Candidate,
): Promise<UpgradeRoute["verbs"]> {
  // A proxy's admin and a beacon take upgrades themselves.
  if (route.kind !== ModuleKind.Uups) return route.verbs;
  if (deployment.isDeployed) return upgradeInterfaceOf(client.provider, deployment.address);
  return abi.hasFunction("UPGRADE_INTERFACE_VERSION()") ? "v5" : "v4";
}

/** OpenZeppelin 4's ProxyAdmin tells a proxy's implementation; version 5's does not. A beacon always does. */
async function hasImplementationGetter(client: Client, route: UpgradeRoute): Promise<boolean> {
  if (route.kind === ModuleKind.Beacon) return true;
  if (route.proxyAdmin === undefined) return false;
  const answer = await readProbe(client.provider, {
    target: route.proxyAdmin,
    data: PROXY_ABI.encodeFunctionData("getProxyImplementation", [route.proxy]),
    gas: 100_000n,
  });
  return answer !== undefined;
}

function promoteDwell(file: PlanFile, hasCanary: boolean, defaults: Defaults): bigint {
  const [value, why] = hasCanary
    ? ([0n, "the canary's last step was the observation"] as const)
    : ([86_400n, "the way back stays open for a day"] as const);
  return defaults.fill("promote.dwell", file.promote?.dwell, value, why, formatDuration(value));
}

function windowsOf(file: PlanFile, defaults: Defaults): Pick<Plan, "readiness" | "executionWindow"> {
  const { readiness } = file;
  const duration = (key: string, stated: bigint | undefined, value: bigint, why: string) =>
    defaults.fill(key, stated, value, why, formatDuration(value));
  return {
    readiness: {
      threshold: defaults.fill(
        "readiness.threshold",
        readiness?.threshold,
        { numerator: 2, denominator: 3 },
        "two thirds of the electorate's power",
        "2/3",
      ),
      deadline: duration("readiness.deadline", readiness?.deadline, 604_800n, "a week after the vote"),
      schedulingWindow: duration(
        "readiness.window",
        readiness?.window,
        86_400n,
        "a day between scheduling and the first stage",
      ),
    },
    executionWindow: duration(
      "executionWindow",
      file.executionWindow,
      259_200n,
      "a stage must start within it, or the plan expires or stalls",
    ),
  };
}

function rehearsalOf({ rehearsal }: PlanFile, defaults: Defaults): Plan["evidence"] {
  if (rehearsal === undefined) return NO_EVIDENCE;
  const why = "between the end of the rehearsal and the proposal";
  const minAge = defaults.fill("rehearsal.age", rehearsal.age, 172_800n, why, formatDuration(172_800n));
  return { ...NO_EVIDENCE, rehearsalChainId: rehearsal.chain, rehearsalProposal: rehearsal.proposal, minAge };
}

function offchainPointers(
  { route, proxies, stable, hasImplementationGetter }: StageContext,
  { proxy, timelock }: Ground,
): OffchainPointer[] {
  if (route.kind === ModuleKind.Diamond) return [];
  if (route.kind === ModuleKind.Beacon) {
    return proxies.map((account) => ({ account, slot: SLOTS.beacon, name: "beacon", expected: route.proxy }));
  }
  const pointers: OffchainPointer[] = [];
  const add = (slot: string, name: string, expected: string) =>
    pointers.push({ account: route.proxy, slot, name, expected });
  if (!hasImplementationGetter) {
    add(proxy.ownAdmin?.implementationSlot ?? SLOTS.implementation, "implementation", stable);
  }
  if (route.kind === ModuleKind.Transparent) add(SLOTS.admin, "admin", route.proxyAdmin ?? timelock);
  if (proxy.ownAdmin !== undefined) add(proxy.ownAdmin.authoritySlot, "authority", timelock);
  return pointers;
}
