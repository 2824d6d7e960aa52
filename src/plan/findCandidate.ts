import { ErrorFragment, FunctionFragment, Interface } from "ethers";
import type { AddressBook } from "../chain/addressBook";
import { codeAt } from "../chain/codeAt";
import type { Artifact, Client } from "../client";
import { SlipwayError } from "../errors";
import { encodeCall, encodeConstructor, functionOf } from "./abi";
import { locateDeployment, type Deployment } from "./deployments";
import { loadArtifact, type ArtifactOrigin } from "./loadArtifact";
import type { LoadedPlanFile } from "./readPlanFile";
import { OWN_ADMIN_ABI } from "./upgradeCalls";

/** The code on trial. */
export interface Candidate {
  abi: Interface;
  deployment: Deployment;
  /** Its own initialisation, run by the upgrade; "0x" for none. */
  init: string;
}

export interface CandidateContext {
  /** Folder that artifacts are resolved from. */
  root: string;
  book: AddressBook;
  /** Who deploys what is not there yet. */
  deployer: string;
  /** The implementation that serves today. */
  stable: string;
  /** Creations that come before. */
  pending?: readonly Deployment[];
  /** Upgraded through itself, with its new code's `setup`. */
  isOwnAdmin?: boolean;
}

/** The candidate of a plan file: its artifact, its calls encoded, and where it is or would be. */
export async function findCandidate(
  client: Client,
  { plan: { upgrade }, where }: LoadedPlanFile,
  { root, book, deployer, stable, pending = [], isOwnAdmin = false }: CandidateContext,
): Promise<Candidate> {
  for (const [name, account] of Object.entries(upgrade.libraries ?? {})) {
    await codeAt(client.provider, account, where("upgrade", "libraries", name));
  }
  const artifact = await loadArtifact(client, upgrade, { where: where("upgrade"), root });
  const abi = await abiOf(client, artifact, upgrade.abi, { where: where("upgrade", "abi"), root });
  const calldata = (key: "init" | "lock"): string | undefined => {
    const stated = upgrade[key];
    if (stated === undefined) return undefined;
    return encodeCall(
      functionOf(abi, stated.function, where("upgrade", key)),
      stated.args ?? [],
      where("upgrade", key),
    );
  };
  const init = calldata("init") ?? "0x";
  if (isOwnAdmin && init !== "0x" && init.slice(0, 10) !== OWN_ADMIN_ABI.getFunction("setup")!.selector) {
    throw new SlipwayError("ArgumentInvalid", {
      where: where("upgrade", "init"),
      expected: "setup(bytes), the one function that the proxy's own upgrade calls",
      found: upgrade.init!.function,
    });
  }
  const request = {
    role: "candidate" as const,
    contractName: artifact.contractName,
    initCode: encodeConstructor(
      new Interface(artifact.abi),
      artifact.bytecode,
      upgrade.args ?? [],
      where("upgrade", "args"),
    ),
    lock: calldata("lock"),
    stated: upgrade.address,
  };
  const deployment = await locateDeployment(client, request, { book, deployer, pending, where: where("upgrade") });
  if (deployment.address === stable) {
    throw new SlipwayError("CandidateIsStable", {
      where: where("upgrade"),
      expected: "another implementation than the one that serves",
      found: `${deployment.contractName} at ${deployment.address}`,
    });
  }
  return { abi, deployment, init };
}

/** Functions and errors of the ABI the file adds, whose parameters have names, and the artifact's own beside them. */
async function abiOf(
  client: Client,
  artifact: Artifact,
  stated: string | undefined,
  origin: ArtifactOrigin,
): Promise<Interface> {
  if (stated === undefined) return new Interface(artifact.abi);
  const isFile = stated.startsWith("npm:") || stated.endsWith(".json");
  const added = await loadArtifact(client, isFile ? { artifact: stated } : { contract: stated }, origin);
  const told = new Interface(added.abi);
  const known = new Set<string>();
  told.forEachFunction((fragment) => known.add(fragment.selector));
  told.forEachError((fragment) => known.add(fragment.selector));
  const isSelected = (fragment: unknown): fragment is FunctionFragment | ErrorFragment =>
    fragment instanceof FunctionFragment || fragment instanceof ErrorFragment;
  return new Interface([
    ...told.fragments.filter(isSelected),
    ...new Interface(artifact.abi).fragments.filter((own) => isSelected(own) && !known.has(own.selector)),
  ]);
}
