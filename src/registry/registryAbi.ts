import { Interface, type Fragment, type InterfaceAbi } from "ethers";
import type { ArtifactSource } from "../client";

/** The facets of the registry, in the order they are cut in. */
export const FACETS = [
  "DiamondCutFacet",
  "DiamondLoupeFacet",
  "ConfigFacet",
  "ElectorateFacet",
  "TokenElectorateFacet",
  "ElectorProposalFacet",
  "ProposalFacet",
  "ProposalViewFacet",
  "BallotFacet",
  "AttestationFacet",
  "ReadinessFacet",
  "ArtifactFacet",
  "StageFacet",
  "RevalidationFacet",
  "InvariantFacet",
  "ModuleFacet",
  "FeatureFlagFacet",
  "EmergencyFacet",
  "LaneFacet",
  "CouncilRollbackFacet",
  "ContainmentFacet",
  "RecoveryFacet",
] as const;
export type FacetName = (typeof FACETS)[number];

/**
 * One ABI of the whole registry: functions, errors and events of every facet and of the constructor, each once; and the
 * errors of timelock, recovery proposer and router, since a batch that one of them refuses reverts with them.
 */
export async function registryAbi(artifacts: ArtifactSource): Promise<InterfaceAbi> {
  const seen = new Map<string, Fragment>();
  const add = (fragment: Fragment) => seen.set(`${fragment.type} ${fragment.format("sighash")}`, fragment);
  for (const name of [...FACETS, "UpgradeRegistry"]) {
    const { fragments } = Interface.from((await artifacts.read(name)).abi);
    fragments.filter(({ type }) => type !== "constructor" && type !== "fallback").forEach(add);
  }
  for (const name of ["UpgradeTimelock", "RecoveryProposer", "TrafficErrors"]) {
    const { fragments } = Interface.from((await artifacts.read(name)).abi);
    fragments.filter(({ type }) => type === "error").forEach(add);
  }
  return [...seen.values()];
}
