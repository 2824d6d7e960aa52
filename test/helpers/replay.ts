import { ethers } from "hardhat";
import type { LogDescription, Result } from "ethers";
import { Action } from "../../src/invariants/types";
import type { RegistryFixture } from "../fixtures/registry";
import { State } from "./lifecycle";

interface Policy {
  approval: [bigint, bigint];
  quorum: [bigint, bigint];
  minVoters: bigint;
  votingPeriod: bigint;
}

type Ending = "none" | "cancelled" | "invalidated" | "vetoed" | "completed" | "rolledBack";

/** A proposal as its events tell it. */
export interface Replayed {
  proposer: string;
  proposedAt: bigint;
  proposedAtBlock: bigint;
  votingEndsAt: bigint;
  scheduledAt: bigint;
  scheduledAtBlock: bigint;
  eta: bigint;
  reportHash: string;
  electorate: string;
  modules: string[];
  power: [against: bigint, inFavour: bigint, abstain: bigint];
  voters: bigint;
  readyPower: bigint;
  readySeats: bigint;
  attestations: [integrity: bigint, simulation: bigint];
  planClass: number;
  policy: Policy;
  scheduleBy: bigint;
  stageCount: bigint;
  nextStage: bigint;
  notBefore: bigint;
  notAfter: bigint;
  mark: bigint;
  ending: Ending;
  isBreached: boolean;
  votedSeats: Set<bigint>;
  readySeatsSet: Set<bigint>;
}

interface Span {
  scope: string;
  since: bigint;
  until: bigint;
}

/** What a registry did, from its events alone. No view of it is called but for the code that holds its electorates. */
export class Replay {
  readonly proposals = new Map<string, Replayed>();
  private readonly policies = new Map<bigint, Policy>();
  private readonly halts: Span[] = [];
  private electorate = "";

  static async of({ registry, deployment }: RegistryFixture): Promise<Replay> {
    const replay = new Replay();
    const logs = await ethers.provider.getLogs({ address: deployment.registry, fromBlock: deployment.block });
    const times = new Map<number, bigint>();
    for (const entry of logs) {
      const { blockNumber } = entry;
      if (!times.has(blockNumber))
        times.set(blockNumber, BigInt((await ethers.provider.getBlock(blockNumber))!.timestamp));
      const event = registry.interface.parseLog(entry);
      if (event !== null) replay.apply(event, times.get(blockNumber)!, BigInt(blockNumber));
    }
    return replay;
  }

  private apply({ name, args }: LogDescription, time: bigint, block: bigint): void {
    if (name === "ClassPolicySet") {
      const { approval, quorum, minVoters, votingPeriod } = args["policy"] as Result & Policy;
      const pair = (fraction: unknown) => [...(fraction as Result)] as [bigint, bigint];
      this.policies.set(args["planClass"] as bigint, {
        approval: pair(approval),
        quorum: pair(quorum),
        minVoters,
        votingPeriod,
      });
    } else if (name === "ElectorateSet") this.electorate = String(args["pointer"]);
    else if (name === "Halted")
      this.halts.push({ scope: String(args["scope"]), since: time, until: args["until"] as bigint });
    else if (name === "Lifted") {
      this.halts.findLast(({ scope }) => scope === args["scope"])!.until = time;
    } else if (name === "ProposalCreated") this.create(args, time, block);
    else {
      const proposal = this.proposals.get(String(args[0]));
      if (proposal !== undefined) this.step(proposal, name, args, time, block);
    }
  }

  private create(args: Result, time: bigint, block: bigint): void {
    const plan = args["plan"] as Result;
    const policy = this.policies.get(plan["planClass"] as bigint)!;
    const readiness = plan["readiness"] as Result;
    const votingEndsAt = time + policy.votingPeriod;
    this.proposals.set(String(args["proposalId"]), {
      proposer: String(args["proposer"]),
      proposedAt: time,
      proposedAtBlock: block,
      votingEndsAt,
      scheduledAt: 0n,
      scheduledAtBlock: 0n,
      eta: 0n,
      reportHash: String((plan["evidence"] as Result)["reportHash"]),
      electorate: this.electorate,
      modules: (plan["targets"] as Result[]).map((target) => String(target["module"])),
      power: [0n, 0n, 0n],
      voters: 0n,
      readyPower: 0n,
      readySeats: 0n,
      attestations: [0n, 0n],
      planClass: Number(plan["planClass"]),
      policy,
      scheduleBy: votingEndsAt + (readiness["deadline"] as bigint),
      stageCount: BigInt((plan["stages"] as Result[]).length),
      nextStage: 0n,
      notBefore: 0n,
      notAfter: 0n,
      mark: time,
      ending: "none",
      isBreached: false,
      votedSeats: new Set(),
      readySeatsSet: new Set(),
    });
  }

  private step(proposal: Replayed, name: string, args: Result, time: bigint, block: bigint): void {
    switch (name) {
      case "VoteCast":
      case "VoteCastWithReason":
        proposal.power[Number(args["choice"])]! += args["power"] as bigint;
        ++proposal.voters;
        proposal.votedSeats.add(args["seat"] as bigint);
        break;
      case "VotesCast": {
        const seats = args["seats"] as bigint[];
        proposal.power[Number(args["choice"])]! += args["power"] as bigint;
        proposal.voters += BigInt(seats.length);
        for (const seat of seats) proposal.votedSeats.add(seat);
        break;
      }
      case "ReadySignalled":
        proposal.readyPower += args["power"] as bigint;
        ++proposal.readySeats;
        proposal.readySeatsSet.add(args["seat"] as bigint);
        break;
      case "Attested":
        ++proposal.attestations[Number(args["kind"])]!;
        break;
      case "ProposalScheduled":
        proposal.scheduledAt = time;
        proposal.scheduledAtBlock = block;
        proposal.eta = proposal.notBefore = args["eta"] as bigint;
        proposal.notAfter = args["notAfter"] as bigint;
        proposal.mark = time;
        break;
      case "StageAdvanced":
        proposal.nextStage = (args["stage"] as bigint) + 1n;
        proposal.notBefore = args["notBefore"] as bigint;
        proposal.notAfter = args["notAfter"] as bigint;
        proposal.mark = time;
        break;
      case "ProposalCancelled":
        proposal.ending = "cancelled";
        break;
      case "ProposalVetoed":
        proposal.ending = args["isStalled"] ? "vetoed" : "cancelled";
        break;
      case "PlanInvalidated":
        proposal.ending = "invalidated";
        break;
      case "PlanCompleted":
        proposal.ending = "completed";
        break;
      case "PlanRolledBack":
        proposal.ending = "rolledBack";
        break;
      case "BreachProven":
        if (Number(args["action"]) === Action.Rollback) proposal.isBreached = true;
    }
  }

  /** State and times at a moment, by the rules of docs/mechanism.md. `whole` is the power that thresholds are measured against. */
  statusAt(
    id: string,
    now: bigint,
    whole: bigint,
  ): { state: bigint; isHalted: boolean; notBefore: bigint; notAfter: bigint } {
    const proposal = this.proposals.get(id);
    if (proposal === undefined) return { state: State.Unknown, isHalted: false, notBefore: 0n, notAfter: 0n };
    const spans = this.halts.filter(({ scope }) => BigInt(scope) === 0n || proposal.modules.includes(scope));
    const isHalted = spans.some(({ since, until }) => since <= now && now < until);
    const shift = union(spans, proposal.mark, now);
    const isStarted = proposal.nextStage > 0n;
    const ended = { completed: State.Completed, rolledBack: State.RolledBack, cancelled: State.Cancelled } as Record<
      string,
      bigint
    >;
    const final =
      ended[proposal.ending] ?? (proposal.ending === "invalidated" && !isStarted ? State.Invalidated : undefined);
    if (final !== undefined) return { state: final, isHalted, notBefore: 0n, notAfter: 0n };
    if (proposal.scheduledAt === 0n) {
      const [notBefore, notAfter] = [proposal.votingEndsAt, proposal.scheduleBy + shift];
      const decided = isApproved(proposal, whole) ? (now > notAfter ? State.Expired : State.Approved) : State.Defeated;
      return { state: now < notBefore ? State.Voting : decided, isHalted, notBefore, notAfter };
    }
    const isLast = proposal.nextStage === proposal.stageCount;
    const notBefore = proposal.notBefore + shift;
    const notAfter = isLast ? 0n : proposal.notAfter + shift;
    const isLapsed = !isLast && now > notAfter;
    const isStopped = isLapsed || proposal.ending !== "none" || proposal.isBreached;
    const state = isStarted
      ? isStopped
        ? State.Stalled
        : State.InProgress
      : isLapsed
        ? State.Expired
        : State.Scheduled;
    return { state, isHalted, notBefore, notAfter };
  }
}

function isApproved({ power, voters, policy }: Replayed, whole: bigint): boolean {
  const meets = ([numerator, denominator]: [bigint, bigint], part: bigint) => part * denominator >= numerator * whole;
  const cast = power.reduce((sum, one) => sum + one, 0n);
  return voters >= policy.minVoters && meets(policy.quorum, cast) && meets(policy.approval, power[1]);
}

/** Seconds between `from` and `to` that lie in at least one span. */
function union(spans: readonly Span[], from: bigint, to: bigint): bigint {
  let seconds = 0n;
  let reached = from;
  for (const { since, until } of [...spans].sort((a, b) => Number(a.since - b.since))) {
    const start = since > reached ? since : reached;
    const end = until < to ? until : to;
    if (end > start) {
      seconds += end - start;
      reached = end;
    }
  }
  return seconds;
}
