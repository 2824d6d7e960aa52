import { getAddress, getCreateAddress, type Interface } from "ethers";
import { chainTime, mine, setBalance, setCode } from "../../chain/devChain";
import type { Client } from "../../client";
import type { Plan } from "../../plan/types";
import type { Fork, OpenFork } from "../openFork";
import { refusalOf, sendAs, TRANSACTION_GAS, type Sent } from "../sendAs";
import { storageWrites } from "../storageWrites";
import { compareSent, type DifferenceKind, type ReplayDifference } from "./compareSent";
import { quantilesOf, type Quantiles } from "./quantiles";
import { fileOf, historyOf, type Recorded } from "./readTransactions";

/** Transactions of which the report tells; of the others it tells how many there are. */
const MAX_ROWS = 100;
/** Words of the module that are compared at the end. */
const MAX_WORDS = 20_000;
const MAX_WORD_ROWS = 50;
const FUNDS = 10n ** 24n;

export interface ReplayRequest {
  /** The real chain, and how a copy of it is made. */
  remote: Client;
  url: string;
  root: string;
  openFork: OpenFork;
  /** A number of blocks before the rehearsal's, or a file. */
  source: number | string;
  /** The rehearsal's block. */
  block: number;
  /** Where candidate and router are deployed. */
  deployed: Pick<Client, "provider">;
  deployments: readonly string[];
  plan: Plan;
  timelock: string;
  module: string;
  /** Whose transactions are not users': the plan's own machinery. */
  governance: readonly string[];
  errors: readonly Interface[];
  expectedErrors: readonly string[];
}

export interface ReplayRow {
  transaction: string;
  from: string;
  to: string;
  selector: string;
  differences: ReplayDifference[];
}

export interface ReplayNotes {
  source: string;
  /** Block that both forks begin at. */
  base: number;
  /** Calls of the plan that were applied on the candidate's fork. */
  applied: number;
  transactions: number;
  /** Transactions of governance, which were not run. */
  leftOut: number;
  /** Transactions that came out the same. */
  same: number;
  /** Differences by kind; expected ones are counted apart. */
  kinds: Partial<Record<DifferenceKind | "expected", number>>;
  rows: ReplayRow[];
  /** Transactions with differences that have no row. */
  more: number;
  senders: number;
  gas: { stable: Quantiles; candidate: Quantiles };
  /** Words of the module's storage that differ at the end; undefined: no tracer. */
  words?: { slot: string; stable: string; candidate: string }[];
  moreWords: number;
  /** Why it could not be run. */
  failure?: string;
}

/**
 * Runs recorded transactions on two copies of the past: one as it was, one on which the timelock has made all of the plan's calls
 * before. One transaction is held at a time, and of what they come to only what differs.
 */
export async function replay(request: ReplayRequest): Promise<ReplayNotes> {
  const { source, block } = request;
  const base = typeof source === "number" ? Math.max(0, block - source) : await baseOf(source, block);
  const notes = emptyNotes(typeof source === "number" ? `${block - base} blocks` : source, base);
  const open = () => request.openFork({ url: request.url, block: base, root: request.root });
  const stable = await open();
  try {
    const candidate = await open();
    try {
      notes.failure = await applyPlan(request, candidate, notes);
      if (notes.failure !== undefined) return notes;
      await mine(
        stable.provider,
        (await candidate.provider.getBlockNumber()) - (await stable.provider.getBlockNumber()),
      );
      await runAll(request, { stable, candidate }, notes);
      return notes;
    } finally {
      await candidate.close();
    }
  } finally {
    await stable.close();
  }
}

/** The block before the first transaction of the file, or the rehearsal's. */
async function baseOf(file: string, block: number): Promise<number> {
  for await (const { block: first } of fileOf(file)) return first === undefined ? block : Math.min(block, first - 1);
  return block;
}

/** Puts the plan's code where the rehearsal deployed it, and lets the timelock make every call of every stage. */
async function applyPlan(request: ReplayRequest, fork: Fork, notes: ReplayNotes): Promise<string | undefined> {
  const { plan, timelock, deployments, deployed, errors } = request;
  const { provider } = fork;
  const created = deployments.flatMap((from) => [from, ...[1, 2, 3].map((nonce) => getCreateAddress({ from, nonce }))]);
  for (const account of created) {
    const code = await deployed.provider.getCode(account);
    if (code !== "0x") await setCode(provider, account, code);
  }
  await enter(fork, timelock);
  for (const [index, { calls }] of plan.stages.entries()) {
    for (const call of calls) {
      const sent = await sendAs(fork, { from: timelock, to: call.target, data: call.data, value: call.value });
      if (!sent.isOk) {
        const why = refusalOf(sent.output, errors).text;
        return `at block ${fork.block} the timelock's call of stage ${index} to ${call.target} reverts: ${why}`;
      }
      notes.applied += 1;
    }
  }
  return undefined;
}

async function runAll(
  request: ReplayRequest,
  { stable, candidate }: { stable: Fork; candidate: Fork },
  notes: ReplayNotes,
): Promise<void> {
  const { source, remote, module, block, governance } = request;
  const recorded =
    typeof source === "number" ? historyOf(remote, module, { from: notes.base + 1, to: block }) : fileOf(source);
  const machinery = new Set(governance.map((account) => account.toLowerCase()));
  const gas = { stable: [] as number[], candidate: [] as number[] };
  const words = { stable: new Map<string, string>(), candidate: new Map<string, string>() };
  const senders = new Set<string>();
  let time = Math.max(await chainTime(stable.provider), await chainTime(candidate.provider));
  for await (const transaction of recorded) {
    if (machinery.has(transaction.to.toLowerCase()) || machinery.has(transaction.from.toLowerCase())) {
      notes.leftOut += 1;
      continue;
    }
    // Each gets a block of its own, and two blocks are never of one second.
    time = Math.max(time + 1, transaction.timestamp ?? 0);
    senders.add(transaction.from);
    const run = (fork: Fork) => runOne(fork, transaction, time);
    const [was, is] = await Promise.all([run(stable), run(candidate)]);
    notes.transactions += 1;
    gas.stable.push(Number(was.gasUsed));
    gas.candidate.push(Number(is.gasUsed));
    note(notes, transaction, compareSent(was, is, request));
    if (stable.hasTracer && words.stable.size + words.candidate.size < MAX_WORDS) {
      await Promise.all([
        trace(stable, was.hash, module, words.stable),
        trace(candidate, is.hash, module, words.candidate),
      ]);
    }
  }
  notes.senders = senders.size;
  notes.gas = { stable: quantilesOf(gas.stable), candidate: quantilesOf(gas.candidate) };
  if (!stable.hasTracer) return;
  const differing = await differingWords({ stable, candidate }, module, words);
  notes.words = differing.slice(0, MAX_WORD_ROWS);
  notes.moreWords = differing.length - notes.words.length;
}

async function runOne(fork: Fork, { from, to, data, value, gas }: Recorded, time: number): Promise<Sent> {
  await enter(fork, from);
  await fork.provider.send("evm_setNextBlockTimestamp", [time]);
  return sendAs(fork, { from, to, data, value, gas: gas > TRANSACTION_GAS ? gas : TRANSACTION_GAS });
}

async function enter({ provider }: Fork, account: string): Promise<void> {
  await provider.send("hardhat_impersonateAccount", [account]);
  if ((await provider.getBalance(account)) < FUNDS) await setBalance(provider, account, FUNDS);
}

function note(notes: ReplayNotes, { name, from, to, data }: Recorded, differences: ReplayDifference[]): void {
  if (differences.length === 0) {
    notes.same += 1;
    return;
  }
  for (const { kind, isExpected } of differences) {
    const key = isExpected ? "expected" : kind;
    notes.kinds[key] = (notes.kinds[key] ?? 0) + 1;
  }
  if (notes.rows.length >= MAX_ROWS) notes.more += 1;
  else notes.rows.push({ transaction: name, from, to, selector: data.slice(0, 10), differences });
}

/** Remembers the last word that a transaction left in each slot of the module. */
async function trace(fork: Fork, hash: string, module: string, words: Map<string, string>): Promise<void> {
  for (const { account, slot, after } of await storageWrites(fork, hash)) {
    if (getAddress(account) === getAddress(module)) words.set(slot, after);
  }
}

async function differingWords(
  forks: { stable: Fork; candidate: Fork },
  module: string,
  words: { stable: Map<string, string>; candidate: Map<string, string> },
): Promise<NonNullable<ReplayNotes["words"]>> {
  const slots = [...new Set([...words.stable.keys(), ...words.candidate.keys()])].sort();
  const found: NonNullable<ReplayNotes["words"]> = [];
  for (const slot of slots) {
    const of = async (name: "stable" | "candidate") =>
      words[name].get(slot) ?? (await forks[name].provider.getStorage(module, slot));
    const [stable, candidate] = [await of("stable"), await of("candidate")];
    if (stable !== candidate) found.push({ slot, stable, candidate });
  }
  return found;
}

function emptyNotes(source: string, base: number): ReplayNotes {
  const none = quantilesOf([]);
  return {
    source,
    base,
    applied: 0,
    transactions: 0,
    leftOut: 0,
    same: 0,
    kinds: {},
    rows: [],
    more: 0,
    senders: 0,
    gas: { stable: none, candidate: none },
    moreWords: 0,
  };
}
