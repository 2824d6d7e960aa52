import { Interface, type Fragment, type InterfaceAbi } from "ethers";
import type { ArtifactSource } from "../client";

/** The facets of the registry, in the order they are cut in. */
export const FACETS = [
  "DiamondCutFacet",
  "DiamondLoupeFacet",
  "ConfigFacet",
  "ElectorateFacet",
  "ProposalFacet",
  "BallotFacet",
  "AttestationFacet",
  "ReadinessFacet",
  "StageFacet",
  "InvariantFacet",
  "ModuleFacet",
  "EmergencyFacet",
] as const;

/** One ABI of the whole registry: functions, errors and events of every facet and of the constructor, each once. */
export async function registryAbi(artifacts: ArtifactSource): Promise<InterfaceAbi> {
  const seen = new Map<string, Fragment>();
  for (const name of [...FACETS, "UpgradeRegistry"]) {
    const { abi } = await artifacts.read(name);
    for (const fragment of new Interface(abi).fragments) {
      if (fragment.type === "constructor" || fragment.type === "fallback") continue;
      seen.set(fragment.format("sighash") + fragment.type, fragment);
    }
  }
  return [...seen.values()];
}
