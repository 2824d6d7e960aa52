import type { ArtifactSource } from "../../src/client";
import * as hiddenDelegates from "../../src/chain/hiddenDelegates";
import { SlipwayError } from "../../src/errors";
import * as authority from "../../src/impact/checkAuthority";
import * as candidates from "../../src/plan/checkCandidate";
import * as initializers from "../../src/plan/checkInitializers";
import * as layouts from "../../src/plan/checkLayout";
import { compileWith, SABOTAGE, type Sabotage } from "../../scripts/fuzz/sabotage";
import { ROUTER_SABOTAGE } from "../../scripts/fuzz/sabotageRouter";

/** What may be switched off in a run of an exhibit, and is one defence however often it is asked. */
export interface Layer {
  name: string;
  /** As outcomes name it: ids of checks, "plan:Error", rules of the contracts. Checks among them are left out of the rehearsal. */
  tells: readonly string[];
  /** Checks that would see that it is missing, and are left out with it. */
  aside?: readonly string[];
  /** Refusals while a plan is built that are passed over. */
  refusals?: () => readonly Refusal[];
  /** A line of the contracts that is not there. */
  broken?: Omit<Sabotage, "breaks">;
}

interface Refusal {
  /** The module whose function refuses; its callers look it up there at each call. */
  module: object;
  name: string;
  /** In its place. */
  instead(real: (...args: unknown[]) => Promise<unknown>): (...args: unknown[]) => Promise<unknown>;
}

/** Passes over one error of a function, which then answers `value`. */
function passing(module: object, name: string, errorName: string, value: unknown): Refusal {
  return {
    module,
    name,
    instead:
      (real) =>
      async (...args) => {
        try {
          return await real(...args);
        } catch (thrown) {
          if (thrown instanceof SlipwayError && thrown.errorName === errorName) return value;
          throw thrown;
        }
      },
  };
}

/** They compare a router with what was compiled. */
const SEES_ROUTER = ["code", "source"];
const NOT_COMPARED = { verdict: "not compared", findings: [] };
const broken = (name: string): Omit<Sabotage, "breaks"> => {
  const found = [...SABOTAGE, ...ROUTER_SABOTAGE].find((one) => one.name === name);
  if (found === undefined) throw new Error(`no sabotage is named ${name}`);
  return found;
};

/** Those that are more than one check. A check that is not among them is a layer of its own. */
const SHARED: readonly Layer[] = [
  {
    name: "initialisers",
    tells: ["plan:InitializerOpen", "initializers"],
    refusals: () => [passing(initializers, "checkInitializers", "InitializerOpen", undefined)],
  },
  {
    name: "storage layout",
    tells: ["plan:StorageLayoutBroken", "storage"],
    refusals: () => [passing(layouts, "checkLayout", "StorageLayoutBroken", NOT_COMPARED)],
  },
  {
    name: "way back",
    tells: ["plan:CallReverts", "rollbacks"],
    aside: ["lifecycle"],
    refusals: () => [passing(candidates, "checkCandidate", "CallReverts", undefined)],
  },
  {
    name: "delegate chain",
    tells: ["plan:HiddenDelegate", "plan:ImplementationSpoofed"],
    refusals: () => [
      passing(hiddenDelegates, "checkRunsImplementation", "ImplementationSpoofed", undefined),
      { module: hiddenDelegates, name: "findHiddenDelegates", instead: () => () => Promise.resolve([]) },
    ],
  },
  {
    name: "class",
    tells: ["plan:PlanClassTooLow"],
    refusals: () => [passing(authority, "checkAuthority", "PlanClassTooLow", [])],
    broken: {
      name: "a standard plan may call anything",
      file: "contracts/registry/libraries/PlanRules.sol",
      find: "if (!isStandard) return;",
      put: "if (isStandard || !isStandard) return;",
      contracts: ["ProposalFacet"],
    },
  },
  {
    name: "stage:invariant",
    tells: ["stage:invariant", "lifecycle", "invariants"],
    broken: broken("a stage may break what it cites"),
  },
  { name: "stage:pin", tells: ["stage:pin"], broken: broken("pins are not compared when a stage runs") },
  {
    name: "propose",
    tells: ["propose"],
    broken: {
      name: "anyone proposes",
      file: "contracts/registry/facets/ProposalFacet.sol",
      find: "external locked onlyRelease returns",
      put: "external locked returns",
      contracts: ["ProposalFacet"],
    },
  },
  {
    name: "vote",
    tells: ["vote"],
    broken: {
      name: "nobody needs to vote",
      file: "contracts/registry/libraries/Proposals.sol",
      find: "isApproved =\n            isQuorate &&",
      put: "isQuorate = true;\n        isApproved =\n            isQuorate ||",
      contracts: ["ReadinessFacet", "ProposalViewFacet", "AttestationFacet", "StageFacet"],
    },
  },
  { name: "attestation", tells: ["attestation"], broken: broken("nobody needs to attest") },
  { name: "readiness", tells: ["readiness"], broken: broken("nobody needs to be ready") },
  {
    name: "canary:cap",
    tells: ["canary:cap"],
    aside: SEES_ROUTER,
    broken: {
      name: "a cap that nothing exceeds",
      file: "contracts/traffic/parts/Admission.sol",
      find: "if iszero(or(gt(used, capUnits), gt(units, sub(capUnits, used)))) {",
      put: "{",
      contracts: ["TrafficRouter"],
    },
  },
  {
    name: "canary:invariant",
    tells: ["canary:invariant"],
    aside: SEES_ROUTER,
    broken: broken("inline invariants are not looked at"),
  },
  {
    name: "canary:lane",
    tells: ["canary:lane"],
    aside: SEES_ROUTER,
    broken: broken("a closed lane lets calls through"),
  },
];

/** The layer that an outcome names. Exhibits that switch off more than a line ("timelock", "stage:atomic") look at the name. */
export function layerOf(told: string): Layer {
  return SHARED.find(({ name, tells }) => name === told || tells.includes(told)) ?? { name: told, tells: [told] };
}

/** Runs without a layer, as far as this process is concerned. */
export async function without<T>({ refusals }: Layer, run: () => Promise<T>): Promise<T> {
  const back: (() => void)[] = [];
  for (const { module, name, instead } of refusals?.() ?? []) {
    const exported = module as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const real = exported[name]!;
    exported[name] = instead(real);
    back.push(() => (exported[name] = real));
  }
  try {
    return await run();
  } finally {
    for (const undo of back) undo();
  }
}

/** Compiled contracts, with the line left out. */
export function brokenArtifacts(artifacts: ArtifactSource, { broken: line }: Layer): ArtifactSource {
  if (line === undefined) return artifacts;
  const replaced = compileWith(line);
  return {
    ...artifacts,
    read: async (name) => {
      const artifact = await artifacts.read(name);
      const bytecode = replaced[artifact.contractName];
      return bytecode === undefined ? artifact : { ...artifact, bytecode };
    },
  };
}
