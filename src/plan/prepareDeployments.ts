import { getCreateAddress, type Signer } from "ethers";
import { writeAddresses } from "../chain/addressBook";
import { waitForReceipt } from "../chain/waitForReceipt";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "../registry/connect";
import { signerAddress } from "../registry/signerAddress";
import { buildPlan, type BuildOptions, type BuiltPlan } from "./buildPlan";
import type { Deployment } from "./deployments";
import type { LoadedPlanFile } from "./readPlanFile";

/** How long a run waits for one deployment. */
const WAIT_MS = 300_000;

/**
 * Deploys what the plan needs on chain and is not there yet, and gives the plan that may be proposed. Nothing is sent for a plan
 * that has a fault anywhere: each step follows a build that passed. Where a contract goes is written to the address book
 * before it is sent, so a run that was killed goes on where it was and deploys nothing twice.
 */
export async function prepareDeployments(
  client: Client,
  registry: Registry,
  loaded: LoadedPlanFile,
  options: BuildOptions,
): Promise<BuiltPlan> {
  const from = await signerAddress(client, "deploy");
  const signer = client.signer as Signer;
  let book = options.addresses;
  // One at a time: where the candidate is belongs to the router's creation code.
  for (;;) {
    const built = await buildPlan(client, registry, loaded, { ...options, addresses: book });
    const next = built.deployments.find((deployment) => !deployment.isDeployed || deployment.needsLock);
    if (next === undefined) return built;
    if (next.isDeployed) {
      client.log(`locking ${next.contractName} at ${next.address}`);
      await send(signer, next, { to: next.address, data: next.lock });
      continue;
    }
    const nonce = await settledNonce(client, from, next);
    const address = getCreateAddress({ from, nonce });
    book = writeAddresses(client.deploymentsDir, { [next.key]: address }, book);
    client.log(`deploying ${next.role} ${next.contractName} at ${address}`);
    await send(signer, next, { data: next.initCode, nonce });
  }
}

/** The account's next nonce; while an earlier transaction is open, its creation may be what is missing. */
async function settledNonce(client: Client, from: string, { contractName }: Deployment): Promise<number> {
  const [mined, pending] = await Promise.all([
    client.provider.getTransactionCount(from, "latest"),
    client.provider.getTransactionCount(from, "pending"),
  ]);
  if (mined === pending) return mined;
  throw new SlipwayError("SendPending", {
    where: `deploying ${contractName}`,
    expected: `no open transaction of ${from}`,
    found: `${pending - mined}, from nonce ${mined} on`,
    next: "wait until it is mined, then run this again",
  });
}

async function send(
  signer: Signer,
  { contractName }: Deployment,
  transaction: { to?: string; data?: string; nonce?: number },
): Promise<void> {
  const response = await signer.sendTransaction(transaction);
  const receipt = await waitForReceipt(response.provider, response.hash, WAIT_MS);
  if (receipt?.status === 1) return;
  throw new SlipwayError("DeploymentFailed", {
    where: contractName,
    expected: "the transaction to succeed",
    found: `${response.hash} ${receipt === undefined ? "was not mined" : "reverted"}`,
  });
}
