import { join } from "node:path";
import { Interface } from "ethers";
import { readAddressBook, writeAddresses } from "../chain/addressBook";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { JournaledDeployer } from "../journal/journaledDeployer";
import { connectRegistry } from "./connect";
import { decodeRevert } from "./decodeRevert";
import { deployRegistry } from "./deployRegistry";
import { writeDeployment } from "./deploymentRecord";
import { FACETS, registryAbi } from "./registryAbi";
import type { RegistryParameters } from "./registryParameters";

export interface DeployReport {
  status: "already" | "deployed" | "would-deploy";
  registry?: string;
  timelock?: string;
  /** The recovery proposer, where the configuration asks for one. */
  recovery?: string;
  block?: number;
  facets: Record<string, string>;
  /** Contracts that are not on chain yet. */
  missing: string[];
  addresses: string;
}

/** Deploys a registry for this network, or goes on with a deployment that was interrupted. A network has one registry. */
export async function deploy(
  client: Client,
  parameters: RegistryParameters,
  { isDryRun = false }: { isDryRun?: boolean } = {},
): Promise<DeployReport> {
  const { file, addresses } = readAddressBook(client.deploymentsDir);
  const facets = Object.fromEntries(FACETS.flatMap((name) => (addresses[name] ? [[name, addresses[name]]] : [])));
  const existing = addresses["registry"];
  if (existing !== undefined) {
    await connectRegistry(client);
    const timelock = addresses["timelock"];
    const recovery = addresses["recovery"];
    return { status: "already", registry: existing, timelock, recovery, facets, missing: [], addresses: file };
  }
  const missing = [...FACETS.filter((name) => facets[name] === undefined), "UpgradeRegistry"];
  if (isDryRun) return { status: "would-deploy", facets, missing, addresses: file };
  if (client.signer === undefined) throw new SlipwayError("SignerMissing", { where: "registry deploy" });

  const names = new Map<string, string>();
  for (const name of [...FACETS, "RecoveryProposer", "UpgradeRegistry"])
    names.set(name, (await client.artifacts.read(name)).bytecode);
  const signer = new JournaledDeployer(client, join(client.deploymentsDir, "registry.jsonl"), names);
  const deployed = await deployRegistry({ ...client, signer }, parameters, {
    known: facets,
    onFacet: (name, address) => void writeAddresses(client.deploymentsDir, { [name]: address }),
  }).catch(async (thrown: unknown) => {
    const iface = new Interface(await registryAbi(client.artifacts));
    throw decodeRevert(thrown, iface, { where: "registry deploy" });
  });
  const { registry, timelock, recovery, block } = deployed;
  writeDeployment(client.deploymentsDir, { registry, timelock, block });
  // Last: with these names in the book the deployment counts as done.
  writeAddresses(client.deploymentsDir, { registry, timelock, ...(recovery === undefined ? {} : { recovery }) });
  return {
    status: "deployed",
    registry,
    timelock,
    recovery,
    block,
    facets: deployed.facets,
    missing: [],
    addresses: file,
  };
}
