import { AbiCoder, getAddress, getCreateAddress, keccak256 } from "ethers";
import type { AddressBook } from "../chain/addressBook";
import { decodeRevert } from "../chain/decodeRevert";
import { simulateSequence, type SequenceStep } from "../chain/simulateSequence";
import type { Client } from "../client";
import { SlipwayError } from "../errors";

/** A contract that the plan needs on chain before it is proposed: stages deploy nothing. */
export interface Deployment {
  role: "candidate" | "router" | "absent";
  contractName: string;
  /** Creation code with its constructor arguments. */
  initCode: string;
  /** Where it is, or, while it is not deployed, where the deployer's next creations would put it. */
  address: string;
  code: string;
  codeHash: string;
  isDeployed: boolean;
  /** Name in the address book: contract and creation code, so that an edited contract is another one. */
  key: string;
  /** Calldata sent to it right after its creation, so that nobody else can initialise it. */
  lock?: string;
  /** The lock was not sent yet: it would still succeed. */
  needsLock: boolean;
}

export interface DeploymentRequest {
  role: Deployment["role"];
  contractName: string;
  initCode: string;
  lock?: string;
  /** An address the plan file states. */
  stated?: string;
  /** What its constructor creates, by its own address: unless told, the first contract it creates. */
  children?: (self: string) => string[];
}

export interface DeploymentContext {
  book: AddressBook;
  /** Who deploys what is not there yet. */
  deployer: string;
  /** Creations that come before this one. */
  pending: readonly Deployment[];
  where: string;
}

/**
 * Where a contract of the plan is: at the address the file states, at the one an earlier run kept, or nowhere yet. Code that is
 * there is compared with what the creation code returns, so that neither file nor address book is taken at its word.
 */
export async function locateDeployment(
  client: Client,
  request: DeploymentRequest,
  { book, deployer, pending, where }: DeploymentContext,
): Promise<Deployment> {
  const { role, contractName, initCode, lock } = request;
  const created = await simulateCreation(client, request, deployer, pending, where);
  const key = deploymentKey(contractName, initCode);
  const address = request.stated ?? book.addresses[key];
  if (address !== undefined) {
    const code = await client.provider.getCode(address);
    const expected = relocate(created.code, created.address, address, request.children);
    if (code === expected) {
      const found = { role, contractName, initCode, address, code, codeHash: keccak256(code), key, lock };
      return { ...found, isDeployed: true, needsLock: await wouldSucceed(client, deployer, address, lock) };
    }
    if (request.stated !== undefined) {
      throw new SlipwayError(code === "0x" ? "AddressWithoutCode" : "CandidateMismatch", {
        where,
        expected: `${contractName}, code hash ${keccak256(expected)}`,
        found: code === "0x" ? `${address} without code` : `${address}, code hash ${keccak256(code)}`,
      });
    }
  }
  const missing = { role, contractName, initCode, ...created, codeHash: keccak256(created.code), key, lock };
  return { ...missing, isDeployed: false, needsLock: lock !== undefined };
}

/** Steps that create and lock what is not there yet, for a simulation of what comes after. */
export function creationSteps(deployments: readonly Deployment[], deployer: string): SequenceStep[] {
  return deployments.flatMap(({ isDeployed, initCode, needsLock, address, lock }) => [
    ...(isDeployed ? [] : [{ sender: deployer, data: initCode }]),
    ...(needsLock ? [{ sender: deployer, target: address, data: lock! }] : []),
  ]);
}

/** Whether a call of the deployer would go through now; a lock that was sent reverts the second time. */
async function wouldSucceed(
  client: Client,
  deployer: string,
  target: string,
  data: string | undefined,
): Promise<boolean> {
  if (data === undefined) return false;
  const [outcome] = await simulateSequence(client, [{ sender: deployer, target, data }]);
  return outcome!.isOk;
}

export function deploymentKey(contractName: string, initCode: string): string {
  return `${contractName}-${keccak256(initCode).slice(2, 10)}`;
}

async function simulateCreation(
  client: Client,
  request: DeploymentRequest,
  deployer: string,
  pending: readonly Deployment[],
  where: string,
): Promise<{ address: string; code: string }> {
  const steps = [...creationSteps(pending, deployer), { sender: deployer, data: request.initCode }];
  const outcome = (await simulateSequence(client, steps)).at(-1)!;
  if (!outcome.isOk) {
    throw new SlipwayError("DeploymentFailed", {
      where,
      expected: `${request.contractName} deployed`,
      found: decodeRevert(outcome.result),
    });
  }
  const [address, code] = AbiCoder.defaultAbiCoder().decode(["address", "bytes"], outcome.result) as unknown as [
    string,
    string,
  ];
  return { address: getAddress(address), code };
}

/** A contract may hold its own address as an immutable (every UUPS implementation does), and those of what it creates. */
function relocate(
  code: string,
  from: string,
  to: string,
  children = (self: string) => [getCreateAddress({ from: self, nonce: 1 })],
): string {
  const known = (self: string) => [self, ...children(self)].map((address) => address.slice(2).toLowerCase());
  const after = known(to);
  return known(from).reduce((text, before, i) => text.replaceAll(before, after[i]!), code);
}
