import { id, ZeroAddress } from "ethers";
import type { Client } from "../client";
import { Op, type Plan } from "../plan/types";
import type { Registry } from "./connect";
import { readSeats } from "./facts";
import { listWithStatus } from "./listProposals";
import { readPlan } from "./readPlan";
import { registryLogs, type RegistryLog } from "./registryLogs";
import type { Seat } from "./seats";
import { statusOf, type NextStep, type StatusReport } from "./status";

/** An elector whose systems are ready. Times are seconds since the epoch, by the chain's clock. */
export interface ReadyElector {
  account: string;
  seat: number;
  power: string;
  since: number;
  /** Version that it says its node runs. */
  version?: string;
}

export interface PendingElector {
  account: string;
  seat: number;
  power: string;
  /** When it last did anything in this registry, and what; absent: never. */
  lastSeen?: number;
  lastDid?: string;
  version?: string;
}

/** Where one live proposal stands with its electors. */
export interface Board {
  proposalId: string;
  title: string;
  /** Of the node's program, where the plan has one. */
  version?: string;
  state: string;
  isHalted: boolean;
  ready: { power: string; total: string; seats: number; threshold: string; isMet: boolean };
  readyElectors: ReadyElector[];
  pending: PendingElector[];
  /** Electors beyond those that are named. */
  unnamed: number;
  /** When a keeper can schedule it: absent where that is done, or waits for more than time. */
  schedulesAt?: number;
  /** Why it has no such time. */
  waitsFor: string[];
  next?: NextStep;
  /** The block at which the next stage is due, and when that is at the present pace; for gates that count blocks. */
  nextHeight?: { block: number; estimate: number };
}

export interface Dashboard {
  registry: string;
  block: number;
  now: number;
  boards: Board[];
}

/** Seats that are told by name. */
const NAMED = 1_000;
/** Blocks whose pace is taken for that of blocks to come. */
const PACE = 100;
const BLOCKS_SINCE_SCHEDULE = id("blocksSinceSchedule()").slice(0, 10);

/** What electors do, with the argument that names them. */
const ACTS: Readonly<Record<string, string>> = {
  VoteCast: "voter",
  VoteCastWithReason: "voter",
  ReadySignalled: "elector",
  VersionAdvertised: "elector",
  SuccessReported: "elector",
  SuccessOverridden: "elector",
};

const DEEDS: Readonly<Record<string, string>> = {
  VoteCast: "voted",
  VoteCastWithReason: "voted",
  VotesCast: "voted",
  ReadySignalled: "was ready",
  VersionAdvertised: "advertised a version",
  SuccessReported: "reported",
  SuccessOverridden: "overrode",
};

interface Deed {
  block: number;
  index: number;
  name: string;
  proposalId: string;
  version?: string;
}

/** Every live proposal, who is ready for it and since when, who is not and was last seen when, and when it goes on. */
export async function readDashboard(client: Client, registry: Registry): Promise<Dashboard> {
  const [live, latest] = await Promise.all([
    listWithStatus(client, registry, { isLive: true }),
    client.provider.getBlock("latest"),
  ]);
  const [block, now] = [latest?.number ?? 0, latest?.timestamp ?? 0];
  const deeds = live.length === 0 ? new Map<string, Deed[]>() : await readDeeds(client, registry);
  const times = new Map<number, Promise<number>>();
  const timeOf = (at: number) => {
    const known = times.get(at) ?? client.provider.getBlock(at).then((found) => found?.timestamp ?? 0);
    times.set(at, known);
    return known;
  };
  const boards: Board[] = [];
  for (const { proposalId } of live) {
    boards.push(await readBoard(client, registry, { proposalId, deeds, timeOf, block, now }));
  }
  return { registry: registry.address, block, now, boards };
}

interface Context {
  proposalId: string;
  deeds: ReadonlyMap<string, readonly Deed[]>;
  timeOf: (block: number) => Promise<number>;
  block: number;
  now: number;
}

async function readBoard(client: Client, registry: Registry, context: Context): Promise<Board> {
  const { proposalId, deeds, timeOf, block, now } = context;
  const [report, plan] = await Promise.all([
    statusOf(client, registry, proposalId),
    readPlan(client, registry, proposalId),
  ]);
  const { status, facts } = report;
  const all = await readSeats(registry, facts.electorate, NAMED + 1);
  const seats = all.slice(0, NAMED);
  const batched = await readBatchedVotes(client, registry, proposalId, seats);
  const readyElectors: ReadyElector[] = [];
  const pending: PendingElector[] = [];
  for (const [seat, { account, power }] of seats.entries()) {
    const own = [...(deeds.get(account) ?? []), ...(batched.get(account) ?? [])].sort(inOrder);
    const signal = own.find((deed) => deed.name === "ReadySignalled" && deed.proposalId === proposalId);
    const version = own.findLast((deed) => deed.version !== undefined)?.version;
    const about = { account, seat, power: power.toString(), ...(version === undefined ? {} : { version }) };
    const last = own.at(-1);
    if (signal !== undefined) readyElectors.push({ ...about, since: await timeOf(signal.block) });
    else if (last === undefined) pending.push(about);
    else pending.push({ ...about, lastSeen: await timeOf(last.block), lastDid: DEEDS[last.name] });
  }
  readyElectors.sort((a, b) => a.since - b.since || a.seat - b.seat);
  const { threshold } = plan.readiness;
  const isMet =
    threshold.numerator === 0 ||
    facts.readyPower * BigInt(threshold.denominator) >= facts.clippedTotal * BigInt(threshold.numerator);
  return {
    proposalId,
    title: report.title,
    ...(plan.artifact.version === "" ? {} : { version: plan.artifact.version }),
    state: status.state,
    isHalted: status.isHalted,
    ready: {
      power: facts.readyPower.toString(),
      total: facts.clippedTotal.toString(),
      seats: facts.readySeats,
      threshold: `${threshold.numerator}/${threshold.denominator}`,
      isMet,
    },
    readyElectors,
    pending,
    unnamed: Math.max(0, all.length - NAMED),
    ...autoScheduling(report),
    next: report.next[0],
    nextHeight: await nextHeight(client, { report, plan, block, now, timeOf }),
  };
}

/** A plan that is short of nothing but time is scheduled by the next keeper after its vote. */
function autoScheduling({ status, facts, blockers, now }: StatusReport): Pick<Board, "schedulesAt" | "waitsFor"> {
  if (status.state !== "Voting" && status.state !== "Approved") return { waitsFor: [] };
  const waitsFor = blockers.map(({ what, measure }) => `${what}: ${measure}`);
  return waitsFor.length > 0 ? { waitsFor } : { waitsFor, schedulesAt: Math.max(facts.votingEndsAt, now) };
}

/** Of the next stage: the last block that its gates wait for, counted from scheduling. */
async function nextHeight(
  client: Client,
  at: { report: StatusReport; plan: Plan; block: number; now: number; timeOf: Context["timeOf"] },
): Promise<Board["nextHeight"]> {
  const { report, plan, block, now, timeOf } = at;
  const stage = plan.stages[report.status.nextStage];
  if (stage === undefined || report.facts.scheduledAtBlock === 0) return undefined;
  const waits = stage.gates
    .filter(({ probe }) => probe.target === ZeroAddress && probe.data.startsWith(BLOCKS_SINCE_SCHEDULE))
    .map(({ op, bound }) => Number(bound) + (op === Op.Gt ? 1 : 0));
  if (waits.length === 0) return undefined;
  const due = report.facts.scheduledAtBlock + Math.max(...waits);
  const from = Math.max(0, block - PACE);
  const pace = block === from ? 0 : (now - (await timeOf(from))) / (block - from);
  return { block: due, estimate: Math.max(report.status.notBefore, now + Math.round(Math.max(0, due - block) * pace)) };
}

async function readDeeds(client: Client, registry: Registry): Promise<Map<string, Deed[]>> {
  const found = new Map<string, Deed[]>();
  for (const [name, argument] of Object.entries(ACTS)) {
    for (const log of await registryLogs(client, registry, name)) {
      add(found, log.args[argument] as string, toDeed(name, log));
    }
  }
  return found;
}

/** A batch of votes names seats, not accounts. */
async function readBatchedVotes(
  client: Client,
  registry: Registry,
  proposalId: string,
  seats: readonly Seat[],
): Promise<Map<string, Deed[]>> {
  const found = new Map<string, Deed[]>();
  for (const log of await registryLogs(client, registry, "VotesCast", [proposalId])) {
    for (const seat of log.args["seats"] as bigint[]) {
      const account = seats[Number(seat)]?.account;
      if (account !== undefined) add(found, account, toDeed("VotesCast", log));
    }
  }
  return found;
}

function toDeed(name: string, { args, blockNumber, index }: RegistryLog): Deed {
  return {
    name,
    block: blockNumber,
    index,
    proposalId: args["proposalId"] as string,
    ...(name === "VersionAdvertised" ? { version: args["version"] as string } : {}),
  };
}

function add(found: Map<string, Deed[]>, account: string, deed: Deed): void {
  const own = found.get(account);
  if (own === undefined) found.set(account, [deed]);
  else own.push(deed);
}

function inOrder(a: Deed, b: Deed): number {
  return a.block - b.block || a.index - b.index;
}
