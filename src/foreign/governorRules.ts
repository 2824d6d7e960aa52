import { dataSlice, getAddress, id, Interface, keccak256, type Provider, type Result } from "ethers";
import { SlipwayError } from "../errors";
import { revertData } from "../registry/decodeRevert";
import { isRevert } from "../simulate/sendAs";
import type { Call } from "../plan/types";
import { BRAVO, CAST_VOTE, GOVERNOR, VOTES } from "./abis";
import { ask, askOne, events, told } from "./ask";
import type { CallsFile } from "./types";

/** States that OpenZeppelin's governor and Compound's share, in their order. */
export const STATES = [
  "Pending",
  "Active",
  "Canceled",
  "Defeated",
  "Succeeded",
  "Queued",
  "Expired",
  "Executed",
] as const;
export type GovernorState = (typeof STATES)[number];

/** What was proposed, as the governor wants it told again. */
export interface Proposal {
  id: bigint;
  proposer: string;
  calls: Call[];
  /** Of Alpha and Bravo: a function's signature, or nothing where the calldata has its selector. */
  signatures: string[];
  /** As they are stored: without the selector where there is a signature. */
  calldatas: string[];
  description: string;
}

/** What two families of governors have in common. */
export interface GovernorRules {
  kind: string;
  name: string;
  account: string;
  /** Who makes the calls. */
  executor: string;
  timelock?: string;
  token?: string;
  /** Whether times are block numbers. */
  isByBlock: boolean;
  abi: Interface;
  state(proposal: bigint): Promise<GovernorState>;
  /** First and last moment of the vote. */
  window(proposal: bigint): Promise<{ start: bigint; end: bigint }>;
  /** What was cast; `counted` of it is for the quorum. */
  tally(proposal: bigint): Promise<{ inFavour: bigint; against: bigint; counted: bigint }>;
  quorum(moment: bigint): Promise<bigint>;
  powerOf(account: string, moment: bigint): Promise<bigint>;
  threshold(): Promise<bigint>;
  hasVoted(proposal: bigint, account: string): Promise<boolean>;
  delays(): Promise<{ voting: bigint; period: bigint }>;
  /** 0: it is not queued, or needs no queue. */
  eta(proposal: bigint): Promise<bigint>;
  needsQueue(proposal: bigint): Promise<boolean>;
  /** As it is computed here and by the governor, where ids are hashes. */
  hashes(proposal: Proposal): Promise<{ expected: bigint; found: bigint } | undefined>;
  cast(proposal: bigint): string;
  propose(file: CallsFile): string;
  queue(proposal: Proposal): string;
  execute(proposal: Proposal): string;
}

/** Finds out which governor stands at an address, from what it answers. */
export async function governorRules(provider: Provider, account: string): Promise<GovernorRules> {
  if ((await provider.getCode(account)) === "0x") throw unknownGovernor(account, "no code there");
  const [counting, quorumVotes] = await Promise.all([
    askOne<string>(provider, account, GOVERNOR, "COUNTING_MODE"),
    askOne<bigint>(provider, account, BRAVO, "quorumVotes"),
  ]);
  if (counting !== undefined) return openZeppelin(provider, account, counting);
  if (quorumVotes !== undefined) return compound(provider, account);
  throw unknownGovernor(account, "neither COUNTING_MODE() nor quorumVotes()");
}

function unknownGovernor(account: string, found: string): SlipwayError {
  return new SlipwayError("GovernanceUnknown", {
    where: `--governor ${account}`,
    expected: "OpenZeppelin's Governor, GovernorBravo or GovernorAlpha",
    found,
  });
}

async function openZeppelin(provider: Provider, account: string, counting: string): Promise<GovernorRules> {
  const one = <T>(name: string, args: unknown[] = []) => askOne<T>(provider, account, GOVERNOR, name, args);
  const must = <T>(name: string, args: unknown[] = []) => told<T>(provider, account, GOVERNOR, name, args);
  const [name, version, clock, timelock, token] = await Promise.all([
    one<string>("name"),
    one<string>("version"),
    one<string>("CLOCK_MODE"),
    one<string>("timelock"),
    one<string>("token"),
  ]);
  const lists = ({ calls }: Proposal) => [
    calls.map(({ target }) => target),
    calls.map(({ value }) => value),
    calls.map(({ data }) => data),
  ];
  const hashed = (proposal: Proposal) => [...lists(proposal), id(proposal.description)];
  const countsAbstain = /quorum=[a-z,]*abstain/.test(counting);
  return {
    kind: "OpenZeppelin governor",
    name: `${name ?? "Governor"} ${version ?? ""}`.trim(),
    account,
    executor: timelock ?? account,
    timelock,
    token,
    isByBlock: clock?.includes("timestamp") !== true,
    abi: GOVERNOR,
    state: async (proposal) => STATES[Number(await must<bigint>("state", [proposal]))]!,
    window: async (proposal) => ({
      start: await must("proposalSnapshot", [proposal]),
      end: await must("proposalDeadline", [proposal]),
    }),
    tally: async (proposal) => {
      const votes = await ask(provider, account, GOVERNOR, "proposalVotes", [proposal]);
      if (votes === undefined) return bravoTally(await bravoRow(provider, account, proposal));
      const [against, inFavour, abstain] = votes.toArray() as [bigint, bigint, bigint];
      return { inFavour, against, counted: inFavour + (countsAbstain ? abstain : 0n) };
    },
    quorum: (moment) => must("quorum", [moment]),
    powerOf: async (voter, moment) => (await one<bigint>("getVotes", [voter, moment])) ?? 0n,
    threshold: async () => (await one<bigint>("proposalThreshold")) ?? 0n,
    hasVoted: async (proposal, voter) => (await one<boolean>("hasVoted", [proposal, voter])) ?? false,
    delays: async () => ({ voting: await must("votingDelay"), period: await must("votingPeriod") }),
    eta: async (proposal) => (await one<bigint>("proposalEta", [proposal])) ?? 0n,
    // Before version 5 there was no such question: whoever had a timelock queued.
    needsQueue: async (proposal) => (await one<boolean>("proposalNeedsQueuing", [proposal])) ?? timelock !== undefined,
    hashes: async (proposal) => ({
      expected: proposalHash(proposal),
      found: await must<bigint>("hashProposal", hashed(proposal)),
    }),
    cast: (proposal) => GOVERNOR.encodeFunctionData("castVote", [proposal, 1]),
    propose: ({ calls, description }) =>
      GOVERNOR.encodeFunctionData("propose", [
        calls.map(({ target }) => target),
        calls.map(({ value }) => value),
        calls.map(({ data }) => data),
        description,
      ]),
    queue: (proposal) => GOVERNOR.encodeFunctionData("queue", hashed(proposal)),
    execute: (proposal) => GOVERNOR.encodeFunctionData("execute", hashed(proposal)),
  };
}

const LISTS = new Interface(["function hashed(address[], uint256[], bytes[], bytes32)"]);

/** The id that OpenZeppelin's governor gives a proposal. */
function proposalHash({ calls, description }: Proposal): bigint {
  const args = [
    calls.map(({ target }) => target),
    calls.map(({ value }) => value),
    calls.map(({ data }) => data),
    id(description),
  ];
  return BigInt(keccak256(dataSlice(LISTS.encodeFunctionData("hashed", args), 4)));
}

async function compound(provider: Provider, account: string): Promise<GovernorRules> {
  const one = <T>(name: string, args: unknown[] = []) => askOne<T>(provider, account, BRAVO, name, args);
  const must = <T>(name: string, args: unknown[] = []) => told<T>(provider, account, BRAVO, name, args);
  const [name, timelock, comp, uni, isBravo] = await Promise.all([
    one<string>("name"),
    must<string>("timelock"),
    one<string>("comp"),
    one<string>("uni"),
    knowsNumbers(provider, account),
  ]);
  const isAlpha = !isBravo;
  const token = comp ?? uni ?? (await votesTokenIn(provider, account));
  const numberOf = async (proposal: bigint, field: string) =>
    (await bravoRow(provider, account, proposal)).getValue(field) as bigint;
  return {
    kind: isAlpha ? "GovernorAlpha" : "GovernorBravo",
    name: name ?? (isAlpha ? "GovernorAlpha" : "GovernorBravo"),
    account,
    executor: timelock,
    timelock,
    token,
    isByBlock: true,
    abi: BRAVO,
    state: async (proposal) => STATES[Number(await must<bigint>("state", [proposal]))]!,
    window: async (proposal) => ({
      start: await numberOf(proposal, "startBlock"),
      end: await numberOf(proposal, "endBlock"),
    }),
    tally: async (proposal) => bravoTally(await bravoRow(provider, account, proposal)),
    quorum: () => must("quorumVotes"),
    powerOf: async (voter, moment) =>
      token === undefined
        ? 0n
        : ((await askOne<bigint>(provider, token, VOTES, "getPriorVotes", [voter, moment])) ?? 0n),
    threshold: () => must("proposalThreshold"),
    hasVoted: async (proposal, voter) => (await one<boolean>("getReceipt", [proposal, voter])) ?? false,
    delays: async () => ({ voting: await must("votingDelay"), period: await must("votingPeriod") }),
    eta: (proposal) => numberOf(proposal, "eta"),
    needsQueue: () => Promise.resolve(true),
    hashes: () => Promise.resolve(undefined),
    cast: (proposal) =>
      isAlpha
        ? CAST_VOTE.alpha.encodeFunctionData("castVote", [proposal, true])
        : CAST_VOTE.bravo.encodeFunctionData("castVote", [proposal, 1]),
    propose: ({ calls, description }) =>
      BRAVO.encodeFunctionData("propose", [
        calls.map(({ target }) => target),
        calls.map(({ value }) => value),
        calls.map(() => ""),
        calls.map(({ data }) => data),
        description,
      ]),
    queue: ({ id: proposal }) => BRAVO.encodeFunctionData("queue", [proposal]),
    execute: ({ id: proposal }) => BRAVO.encodeFunctionData("execute", [proposal]),
  };
}

/** A proposal as Bravo, and whoever has its interface, keeps it. */
async function bravoRow(provider: Provider, account: string, proposal: bigint): Promise<Result> {
  const found = await ask(provider, account, BRAVO, "proposals", [proposal]);
  if (found !== undefined) return found;
  throw new SlipwayError("GovernanceProposalUnknown", { where: account, found: `proposal ${proposal}` });
}

/** Nothing but what is for it counts for its quorum. */
function bravoTally(row: Result): { inFavour: bigint; against: bigint; counted: bigint } {
  const inFavour = row.getValue("forVotes") as bigint;
  return { inFavour, against: row.getValue("againstVotes") as bigint, counted: inFavour };
}

/** Whether a vote is a number, as Bravo has it, and no bool: a function that is there says why it refuses a vote on nothing. */
async function knowsNumbers(provider: Provider, account: string): Promise<boolean> {
  try {
    await provider.call({ to: account, data: CAST_VOTE.bravo.encodeFunctionData("castVote", [0, 1]) });
    return true;
  } catch (thrown) {
    const data = revertData(thrown);
    if (data === undefined && !isRevert(thrown)) throw thrown;
    return data !== undefined && data !== "0x";
  }
}

/** Forks of GovernorAlpha name their token after themselves: its getter is whatever answers with a votes token. */
async function votesTokenIn(provider: Provider, account: string): Promise<string | undefined> {
  return askOne<string>(provider, account, GOVERNOR, "token");
}

/** A proposal as its event tells it, and of Alpha and Bravo its actions as they are stored. */
export async function readProposal(provider: Provider, rules: GovernorRules, proposal: bigint): Promise<Proposal> {
  const created = await events(provider, rules.account, GOVERNOR, "ProposalCreated");
  const found = created.find(({ args }) => args.getValue("proposalId") === proposal);
  if (found === undefined) {
    throw new SlipwayError("GovernanceProposalUnknown", {
      where: `--governor ${rules.account}`,
      expected: created.length === 0 ? "a proposal" : `one of its ${created.length} proposals`,
      found: `--proposal ${proposal}`,
    });
  }
  return proposalFrom(found.args, proposal);
}

/** What an event of `ProposalCreated` says. */
export function proposalFrom(args: Result, proposal: bigint): Proposal {
  const list = <T>(name: string) => [...(args.getValue(name) as Result)] as T[];
  const targets = list<string>("targets");
  const values = [...(args[3] as Result)] as bigint[];
  const signatures = list<string>("signatures");
  const calldatas = list<string>("calldatas");
  return {
    id: proposal,
    proposer: getAddress(args.getValue("proposer") as string),
    calls: callsFrom(targets, values, signatures, calldatas),
    signatures,
    calldatas,
    description: args.getValue("description") as string,
  };
}

/** Alpha and Bravo put a signature's selector before the calldata. */
export function callsFrom(
  targets: readonly string[],
  values: readonly bigint[],
  signatures: readonly string[],
  calldatas: readonly string[],
): Call[] {
  return targets.map((target, i) => {
    const signature = signatures[i] ?? "";
    const data = calldatas[i] ?? "0x";
    return {
      target: getAddress(target),
      value: values[i] ?? 0n,
      data: signature === "" ? data : `${dataSlice(id(signature), 0, 4)}${data.slice(2)}`,
    };
  });
}

/** The stored actions of Alpha and Bravo; undefined where a governor keeps none. */
export async function storedCalls(
  provider: Provider,
  { account, abi }: GovernorRules,
  proposal: bigint,
): Promise<Call[] | undefined> {
  if (abi !== BRAVO) return undefined;
  const found = await ask(provider, account, BRAVO, "getActions", [proposal]);
  if (found === undefined) return undefined;
  const [targets, values, signatures, calldatas] = found.toArray(true) as [string[], bigint[], string[], string[]];
  return callsFrom(targets, values, signatures, calldatas);
}
