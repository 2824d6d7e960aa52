import { AbiCoder, keccak256, ZeroHash, type Interface } from "ethers";
import type { SequenceStep } from "../chain/simulateSequence";
import type { Client } from "../client";
import { hashPlan, hashPlanStruct } from "../plan/eip712";
import { modulesOf } from "../plan/moduleOf";
import type { Call, Plan } from "../plan/types";
import { PROXY_ABI } from "../plan/upgradeCalls";
import type { Registry } from "../registry/connect";
import { roleChanges } from "./roleDiff";
import { selectorDiffs } from "./selectorDiff";
import type { PlanImpact, StorageImpact } from "./types";

const ROLLBACK_TAG = 1n << 255n;
const CONTAINMENT_TAG = 1n << 254n;

export interface ImpactOptions {
  /** ABIs that name functions, besides those of proxies and registry. */
  abis?: readonly Interface[];
  /** Runtime code of accounts that are not on chain yet. */
  codes?: Readonly<Record<string, string>>;
  /** What the candidate answers although its own dispatch table does not say so. */
  served?: Interface;
  /** What has to be deployed before the plan could run. */
  creations?: readonly SequenceStep[];
  storage?: StorageImpact;
}

/** What a plan comes to, as far as hashes, functions and power go: the part of it that a review of its integrity reads. */
export async function readImpact(
  client: Client,
  registry: Registry,
  plan: Plan,
  options: ImpactOptions = {},
): Promise<PlanImpact> {
  const { abis = [], codes = {}, served, creations = [], storage } = options;
  const named = new Set(plan.targets.map(({ module }) => module));
  const modules = (await modulesOf(registry)).filter(({ word }) => named.has(word));
  const timelock = (await registry.contract.getFunction("timelock").staticCall()) as string;
  const proposalId = hashPlan(plan, registry.domain);
  return {
    proposalId,
    planHash: hashPlanStruct(plan),
    payloadHash: keccak256(registry.iface.encodeFunctionData("propose", [plan])),
    operations: operationsOf(registry, plan, proposalId),
    selectors: await selectorDiffs(client, plan, modules, {
      abis: [...abis, PROXY_ABI, registry.iface],
      codes,
      served,
    }),
    roles: await roleChanges(client, plan, { registry, timelock, modules, creations }),
    ...(storage === undefined ? {} : { storage }),
  };
}

/** Ids of the timelock's operations: every stage and every way back, each behind the registry's own guard. */
export function operationsOf(registry: Registry, plan: Plan, proposalId: string): PlanImpact["operations"] {
  const types = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"];
  return batchesOf(registry, plan, proposalId).map(({ batch, operation }) => ({
    batch,
    id: keccak256(AbiCoder.defaultAbiCoder().encode(types, operation)),
  }));
}

/** The same as the timelock takes them: targets, values, payloads, predecessor, salt. */
export function batchesOf(
  registry: Registry,
  plan: Plan,
  proposalId: string,
): { batch: string; operation: [string[], bigint[], string[], string, string] }[] {
  const operationOf = (tag: bigint, calls: readonly Call[]): [string[], bigint[], string[], string, string] => [
    [registry.address, ...calls.map(({ target }) => target)],
    [0n, ...calls.map(({ value }) => value)],
    [registry.iface.encodeFunctionData("onlyWhileAdvancing", [proposalId, tag]), ...calls.map(({ data }) => data)],
    ZeroHash,
    keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [proposalId, tag])),
  ];
  return [
    ...plan.stages.map(({ calls }, i) => ({ batch: `stage ${i}`, operation: operationOf(BigInt(i), calls) })),
    ...plan.rollbacks.map(({ calls }, i) => ({
      batch: `rollback ${i}`,
      operation: operationOf(ROLLBACK_TAG | BigInt(i), calls),
    })),
    ...plan.containments.map(({ calls }, i) => ({
      batch: `containment ${i}`,
      operation: operationOf(CONTAINMENT_TAG | BigInt(i), calls),
    })),
  ];
}
