import { existsSync } from "node:fs";
import { keccak256, toUtf8Bytes, ZeroAddress } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { historyOf } from "../journal/history";
import { readJournal } from "../journal/journal";
import { planPaths } from "../journal/planPaths";
import { hashPlan, hashPlanStruct } from "../plan/eip712";
import { modulesOf } from "../plan/moduleOf";
import { lastUpgrade, pointerAfter } from "../plan/pointerAfter";
import { PlanClass } from "../plan/types";
import type { Registry } from "../registry/connect";
import { readCited, readFacts } from "../registry/facts";
import { readHeader } from "../registry/readElectorate";
import { readPlan } from "../registry/readPlan";
import { isEnded, readStatus } from "../registry/state";
import { canonicalJson } from "../simulate/canonicalJson";
import { registryAt } from "./atBlock";
import { judge, type PolicyFacts } from "./judge";
import { readCanaries } from "./readCanaries";
import { readExecutions } from "./readExecutions";
import { ChainReader, readTransitions } from "./readTransitions";
import { FORMAT, type Bundle } from "./types";

const ATTESTATIONS = ["integrity", "simulation", "artifact", "audit", "rehearsal"] as const;

/** After these nothing more is said about a plan. */
const LAST = ["PlanCompleted", "PlanRolledBack", "ProposalCancelled", "ProposalVetoed", "PlanInvalidated"];

export interface ProveOptions {
  /** Read everything as of this block; where the plan ended, unless given, else the latest. */
  block?: number;
  /** Transactions that a journal kept; those of this network's unless given. */
  journal?: readonly string[];
}

/** Collects from the chain what a plan did, and judges each of its bounds. Same chain, same block, same bytes. */
export async function prove(
  client: Client,
  registry: Registry,
  proposalId: string,
  options: ProveOptions = {},
): Promise<Bundle> {
  const plan = await readPlan(client, registry, proposalId);
  const { proposedAtBlock: from, modules: words } = await readFacts(registry, proposalId);
  const named = new Set(words);
  const modules = (await modulesOf(registry)).filter(({ word }) => named.has(word));
  const reader = new ChainReader(client, registry.iface, registry.address);
  const about = { proposalId, modules: modules.map(({ name }) => name), from };
  const head = options.block ?? (await client.provider.getBlockNumber());
  const all = await readTransitions(reader, registry, { ...about, to: head });
  const ending = all.findLast(({ event }) => LAST.includes(event));
  const to = options.block ?? (await endOf(registry, proposalId, ending?.block)) ?? head;
  const transitions = all.filter(({ block }) => block <= to);
  const block = await client.provider.getBlock(to);

  const then = registryAt(client, registry, to);
  const [status, facts, cited, header] = await Promise.all([
    readStatus(then, proposalId),
    readFacts(then, proposalId),
    readCited(then, proposalId),
    readFacts(then, proposalId).then(({ electorate }) => readHeader(then, electorate)),
  ]);
  const policy = await readPolicy(then, proposalId);
  const executions = await readExecutions(client, registry, plan, { proposalId, transitions });
  const canaries = await readCanaries(reader, modules, { from, to });
  const counted = { ...facts, ...cited } as unknown as Record<string, number>;
  const needed = plan.artifact.version === "" ? { ...policy.needed, artifact: 0 } : policy.needed;
  const { bounds, verdict } = judge({
    plan,
    proposalId,
    recomputed: hashPlan(plan, registry.domain),
    state: status.state,
    hasEnded: isEnded(status.state),
    facts,
    policy: { ...policy, needed },
    isTokenElectorate: header.token !== undefined,
    counted: Object.fromEntries(ATTESTATIONS.map((kind) => [kind, counted[`${kind}Attestations`] ?? 0])),
    transitions,
    executions,
    canaries,
  });
  const stages = plan.stages.flatMap(({ calls }) => calls);
  const content: Omit<Bundle, "hash"> = {
    format: FORMAT,
    chainId: String((await client.provider.getNetwork()).chainId),
    registry: registry.address,
    proposalId,
    block: { number: to, hash: block?.hash ?? "", timestamp: block?.timestamp ?? 0 },
    hypothesis: {
      title: plan.title,
      modules: modules.map(({ name, account }) => ({
        module: name,
        account,
        from: pointerAfter(plan, account, 0) ?? ZeroAddress,
        to: lastUpgrade(stages, account) ?? ZeroAddress,
      })),
    },
    planHash: hashPlanStruct(plan),
    plan: asJson(plan),
    policy: asJson({ planClass: Object.keys(PlanClass)[plan.planClass], ...policy }) as Record<string, unknown>,
    facts: asJson({ ...facts, ...cited }) as Record<string, unknown>,
    state: status.state,
    transitions,
    executions,
    canaries,
    journal: await readSent(reader, options.journal ?? sentOf(client, proposalId, to), to),
    bounds,
    verdict,
  };
  const bundle = asJson(content) as Omit<Bundle, "hash">;
  return { ...bundle, hash: hashOf(bundle) };
}

export function hashOf(bundle: Omit<Bundle, "hash"> & { hash?: string }): string {
  return keccak256(toUtf8Bytes(canonicalJson({ ...bundle, hash: undefined })));
}

/** The block in which the plan ended; undefined while it runs, or where only the clock ended it. */
async function endOf(registry: Registry, proposalId: string, last: number | undefined): Promise<number | undefined> {
  const { state } = await readStatus(registry, proposalId);
  return isEnded(state) ? last : undefined;
}

async function readPolicy(registry: Registry, proposalId: string): Promise<PolicyFacts> {
  const raw = await registry.contract.getFunction("policyOf")(proposalId);
  const fraction = (one: { numerator: bigint; denominator: bigint }) => ({
    numerator: BigInt(one.numerator),
    denominator: BigInt(one.denominator),
  });
  return {
    approval: fraction(raw.approval),
    quorum: fraction(raw.quorum),
    minVoters: Number(raw.minVoters),
    delay: Number(raw.delay),
    needed: Object.fromEntries(ATTESTATIONS.map((kind) => [kind, Number(raw[`${kind}Attestations`])])),
  };
}

function sentOf(client: Client, proposalId: string, to: number): string[] {
  const { journal } = planPaths(client.deploymentsDir, proposalId);
  if (!existsSync(journal)) return [];
  return historyOf(readJournal(journal).entries)
    .filter(({ block }) => block !== undefined && block <= to)
    .map(({ hash }) => hash)
    .filter((hash) => hash !== undefined);
}

async function readSent(reader: ChainReader, hashes: readonly string[], to: number): Promise<Bundle["journal"]> {
  return Promise.all(
    hashes.map(async (transaction, i) => {
      const receipt = await reader.client.provider.getTransactionReceipt(transaction);
      if (receipt === null || receipt.blockNumber > to) {
        throw new SlipwayError("BundleMismatch", {
          where: `journal.${i}.transaction`,
          expected: `a transaction of this chain, at or before block ${to}`,
          found: transaction,
        });
      }
      const { by, through } = await reader.senderOf(transaction);
      return { transaction, block: receipt.blockNumber, by, through, isOk: receipt.status === 1 };
    }),
  );
}

/** Plain JSON: what is written is what is compared. */
function asJson(value: unknown): unknown {
  return JSON.parse(canonicalJson(value)) as unknown;
}
