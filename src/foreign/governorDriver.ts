import { getAddress, id, toBeHex, type Interface, ZeroHash } from "ethers";
import { SlipwayError } from "../errors";
import type { Call } from "../plan/types";
import { formatDuration } from "../plan/units";
import type { Client } from "../client";
import type { Governance } from "../simulate/types";
import { COMMON, COMPOUND_TIMELOCK, CONTROLLER, GOVERNOR, VOTES } from "./abis";
import { askOne, events, wordOf } from "./ask";
import { callsText } from "./callsText";
import {
  governorRules,
  proposalFrom,
  readProposal,
  storedCalls,
  type GovernorRules,
  type GovernorState,
  type Proposal,
} from "./governorRules";
import { isRevert } from "../simulate/sendAs";
import { hashOf, signed } from "./compoundTimelockDriver";
import { momentNow, secondsOf, waitFor } from "./moment";
import { noFacts } from "./noFacts";
import { refused, step, SUCCEEDED } from "./step";
import { delayOf, rivalsOf } from "./timelockFacts";
import type { Actor, CallsFile, Driver, GovernanceFacts, Ground } from "./types";
import { strangerOf } from "./stranger";
import { votersOf, type Voter } from "./voters";

const DEAD: readonly GovernorState[] = ["Canceled", "Defeated", "Expired"];
/** Words of the refusals that count, of OpenZeppelin 4 and 5, Alpha and Bravo. */
const NOT_YET = [
  "GovernorUnexpectedProposalState",
  "Governor: proposal not successful",
  "proposal can only be executed if it is queued",
  "TimelockUnexpectedOperationState",
  "TimelockController: operation is not ready",
  "hasn't surpassed time lock",
];
const NOT_VOTED = [
  "GovernorUnexpectedProposalState",
  "Governor: proposal not successful",
  "proposal can only be queued if it is succeeded",
];
const TWICE = [...NOT_YET];
const PAST = [
  "AccessControlUnauthorizedAccount",
  "AccessControl: account",
  "Call must come from admin",
  "TimelockUnexpectedOperationState",
  "TimelockController: operation is not ready",
];

export interface GovernorSource {
  account: string;
  proposal?: bigint;
  /** Of a new one. */
  file?: CallsFile;
}

/** The block of the execution, where the proposal was executed by `block`. */
export async function executionOf(
  client: Client,
  account: string,
  proposal: bigint,
): Promise<{ transaction: string; block: number } | undefined> {
  const found = await events(client.provider, account, GOVERNOR, "ProposalExecuted");
  const one = found.find(({ args }) => args[0] === proposal);
  return one && { transaction: one.transaction, block: one.block };
}

/** A proposal of a governor: OpenZeppelin's, GovernorBravo or GovernorAlpha. */
export async function governorDriver(
  ground: Ground,
  source: GovernorSource,
  execution: Governance["execution"],
): Promise<Driver> {
  const { provider } = ground.session.fork;
  const rules = await governorRules(provider, source.account);
  const stranger = strangerOf(ground);
  const facts = noFacts();
  let proposal: Proposal | undefined;
  let told = "not proposed";
  if (source.proposal !== undefined) {
    proposal = await readProposal(provider, rules, source.proposal);
    const state = await rules.state(proposal.id);
    told = state;
    if (DEAD.includes(state)) {
      throw new SlipwayError("GovernanceProposalDead", {
        where: `proposal ${proposal.id} of ${rules.account}`,
        expected: "Pending, Active, Succeeded, Queued or Executed",
        found: state,
      });
    }
    const kept = await storedCalls(provider, rules, proposal.id);
    if (kept !== undefined) {
      facts.stored.push({
        what: "actions as the governor keeps them",
        expected: callsText(proposal.calls),
        found: callsText(kept),
      });
    }
    facts.stored.push({ what: "state", expected: told, found: told });
  }
  const calls = proposal?.calls ?? source.file?.calls ?? [];
  const description = proposal?.description ?? source.file?.description ?? "";
  const title = titleOf(description) ?? source.file?.title ?? `Proposal ${source.proposal}`;
  if (proposal !== undefined) facts.people.set(proposal.proposer, "proposer");
  const governance: Governance = {
    kind: rules.kind,
    account: rules.account,
    executor: rules.executor,
    state: source.proposal === undefined ? "new" : execution === undefined ? "proposed" : "executed",
    told: execution === undefined ? told : `Executed; ${told} in the block before`,
    ...(source.proposal === undefined ? {} : { proposal: `proposal ${source.proposal}` }),
    calls,
    identifiers: [],
    ...(execution === undefined ? {} : { execution }),
  };
  const current = (): Proposal => {
    if (proposal === undefined) throw new Error("nothing is proposed yet");
    return proposal;
  };
  const delays = await rules.delays();
  const queueDelay = rules.timelock === undefined ? undefined : await delayOf(provider, rules.timelock);
  const [voting, period] = [secondsOf(ground, rules, delays.voting), secondsOf(ground, rules, delays.period)];
  facts.delays = {
    delay: queueDelay?.delay ?? 0n,
    why: queueDelay === undefined ? "no timelock: what passes runs at once" : "the timelock's",
    windows: [
      { name: "the vote", seconds: period },
      ...(queueDelay?.grace === undefined
        ? []
        : [{ name: "to execute once the delay is over", seconds: queueDelay.grace }]),
    ],
  };
  if (rules.timelock !== undefined) {
    Object.assign(
      facts,
      await rivalsOf(provider, rules.timelock, calls, [
        ...(await operationIds(ground, rules, calls, description)),
        ...(proposal === undefined ? [] : await queuedHashes(rules, proposal)),
      ]),
    );
  }
  const executeTransaction = () => ({ to: rules.account, data: rules.execute(current()) });
  const refuseExecution = (name: string, actor: Actor, words: readonly string[]) =>
    refusedWithValue(ground, { name, actor, words }, executeTransaction(), calls);

  return {
    governance,
    facts,
    title,
    batches: [{ label: "execution", calls }],
    books: [rules.account, ...(rules.timelock === undefined ? [] : [rules.timelock])],
    abis: [GOVERNOR, rules.abi, CONTROLLER, COMPOUND_TIMELOCK, COMMON],
    claimed: () => signedIn(proposal),
    timeline: [
      { after: 0n, text: "proposed" },
      { after: voting, text: "the vote opens" },
      { after: voting + period, text: "the vote closes; queued by anyone where it passed" },
      {
        after: voting + period + (queueDelay?.delay ?? 0n),
        text: queueDelay?.grace === undefined ? "executed" : `executed, within ${formatDuration(queueDelay.grace)}`,
      },
    ],
    prepare: async () => {
      const actor = { account: stranger, role: "stranger" };
      if (proposal === undefined) proposal = await propose(ground, rules, source.file!, facts);
      governance.proposal = `proposal ${proposal.id}`;
      governance.identifiers.push(
        { name: "proposal", value: String(proposal.id) },
        { name: "the same as a word", value: toBeHex(proposal.id, 32) },
      );
      const hashes = await rules.hashes(proposal);
      if (hashes !== undefined) {
        const text = (value: bigint) => toBeHex(value, 32);
        facts.hashes.push({
          what: "id of the proposal, computed here",
          expected: text(proposal.id),
          found: text(hashes.expected),
        });
        facts.hashes.push({
          what: "the same, as the governor computes it",
          expected: text(proposal.id),
          found: text(hashes.found),
        });
      }
      let state = await rules.state(proposal.id);
      if (state === "Pending" || state === "Active") {
        await refuseExecution("execute before the vote is over", actor, NOT_YET);
        if (await rules.needsQueue(proposal.id)) {
          await refused(
            ground,
            "queue before the vote is over",
            actor,
            { to: rules.account, data: rules.queue(proposal) },
            NOT_VOTED,
          );
        }
      }
      await vote(ground, rules, proposal, facts);
      state = await rules.state(proposal.id);
      if (state === "Succeeded" && (await rules.needsQueue(proposal.id))) {
        await step(ground, actor, "queue", { to: rules.account, data: rules.queue(proposal) });
        state = await rules.state(proposal.id);
      }
      if (state !== "Succeeded" && state !== "Queued") {
        throw new SlipwayError("GovernanceProposalDead", {
          where: `proposal ${proposal.id} of ${rules.account}, after the vote`,
          expected: "Succeeded or Queued",
          found: state,
        });
      }
      await rememberOperation(ground, rules, proposal, { facts, governance });
    },
    batch: async () => {
      const actor = { account: stranger, role: "stranger" };
      const eta = await rules.eta(current().id);
      const now = BigInt((await ground.session.fork.provider.getBlock("latest"))!.timestamp);
      if (eta > now) {
        await refuseExecution("execute before the delay is over", actor, NOT_YET);
        await ground.session.waitUntil(Number(eta));
      }
      await pastTheGovernor(ground, rules, current(), actor, eta);
      facts.sentAlong = await toSendAlong(ground, actor, executeTransaction(), calls);
      return { actor, verb: "execute", ...executeTransaction(), value: facts.sentAlong };
    },
    after: () => refuseExecution("execute a second time", { account: stranger, role: "stranger" }, TWICE),
  };
}

/** Tries what must not work with what the calls send too, where it fails for the lack of it and not for its reason. */
async function refusedWithValue(
  ground: Ground,
  { name, actor, words }: { name: string; actor: Actor; words: readonly string[] },
  transaction: { to: string; data: string },
  calls: readonly Call[],
): Promise<void> {
  const { negatives, session } = ground;
  await refused(ground, name, actor, transaction, words);
  const value = sumOf(calls);
  const first = negatives.at(-1)!;
  if (value === 0n || first.isRefused || first.found === SUCCEEDED) return;
  negatives.pop();
  await session.as(actor.account, actor.role, value);
  await refused(ground, name, actor, { ...transaction, value }, words);
}

function sumOf(calls: readonly Call[]): bigint {
  return calls.reduce((total, { value }) => total + value, 0n);
}

/** What the calls send, where the contracts take it from whoever executes: Alpha and Bravo do, and have none of their own. */
async function toSendAlong(
  { session }: Ground,
  { account }: Actor,
  transaction: { to: string; data: string },
  calls: readonly Call[],
): Promise<bigint> {
  const sum = sumOf(calls);
  if (sum === 0n) return 0n;
  const { provider } = session.fork;
  const goes = (value: bigint) =>
    provider.call({ from: account, ...transaction, value }).then(
      () => true,
      (thrown: unknown) => {
        if (isRevert(thrown)) return false;
        throw thrown;
      },
    );
  await session.as(account, "stranger", sum);
  return !(await goes(0n)) && (await goes(sum)) ? sum : 0n;
}

/** Under what Compound's timelock keeps the calls, each by itself, once they are queued. */
async function queuedHashes(rules: GovernorRules, { id: proposal, calls, signatures, calldatas }: Proposal) {
  const eta = await rules.eta(proposal);
  if (eta === 0n) return [];
  const isStored = rules.abi !== GOVERNOR;
  return calls.map(({ target, value, data }, i) =>
    hashOf({
      target,
      value,
      signature: isStored ? (signatures[i] ?? "") : "",
      data: isStored ? (calldatas[i] ?? "0x") : data,
      eta,
    }),
  );
}

/** First line of a description, without the marks of Markdown. */
function titleOf(description: string): string | undefined {
  const line = description.split("\n").find((text) => text.trim() !== "");
  return line
    ?.replace(/^[#\s]+/, "")
    .trim()
    .slice(0, 200);
}

function signedIn(proposal: Proposal | undefined): Interface[] {
  return [...new Set(proposal?.signatures ?? [])].flatMap(signed);
}

/** The strongest holder above the threshold proposes, or whoever is named first. */
async function propose(
  ground: Ground,
  rules: GovernorRules,
  file: CallsFile,
  facts: GovernanceFacts,
): Promise<Proposal> {
  const moment = (await momentNow(ground, rules)) - 1n;
  const [threshold, voters] = await Promise.all([rules.threshold(), holders(ground, rules, moment)]);
  const proposer =
    voters.find(({ votes }) => votes >= threshold && votes > 0n) ??
    (threshold === 0n ? { account: strangerOf(ground), votes: 0n } : undefined);
  if (proposer === undefined) {
    throw new SlipwayError("DelegatesTooFew", {
      where: `${rules.kind} ${rules.account}, proposalThreshold`,
      expected: `an account with ${threshold} votes`,
      found: voters[0] === undefined ? "nobody" : `${voters[0].account} with ${voters[0].votes}`,
    });
  }
  const actor: Actor = { account: proposer.account, role: "proposer" };
  facts.people.set(getAddress(proposer.account), "proposer");
  if (threshold > 0n) {
    await refused(
      ground,
      "propose without votes",
      { account: strangerOf(ground), role: "stranger" },
      { to: rules.account, data: rules.propose(file) },
      [
        "GovernorInsufficientProposerVotes",
        "below proposal threshold",
        "below the proposal threshold",
        "proposer votes below",
      ],
    );
  }
  const sent = await step(ground, actor, "propose", { to: rules.account, data: rules.propose(file) });
  const topic = GOVERNOR.getEvent("ProposalCreated")!.topicHash;
  const log = sent.logs.find(
    ({ address, topics }) => topics[0] === topic && getAddress(address) === getAddress(rules.account),
  )!;
  const args = GOVERNOR.decodeEventLog("ProposalCreated", log.data, [...log.topics]);
  return proposalFrom(args, args.getValue("proposalId") as bigint);
}

function holders(ground: Ground, rules: GovernorRules, moment: bigint): Promise<Voter[]> {
  return votersOf(ground.session.fork.provider, {
    token: rules.token,
    named: ground.request.voters,
    powerOf: (account) => rules.powerOf(account, moment),
  });
}

/** Real holders vote, the strongest first, until it passes. What was cast on chain counts as it was cast. */
async function vote(ground: Ground, rules: GovernorRules, proposal: Proposal, facts: GovernanceFacts): Promise<void> {
  const { provider } = ground.session.fork;
  const { start } = await rules.window(proposal.id);
  if ((await rules.state(proposal.id)) === "Pending") await waitFor(ground, rules, start + 1n);
  const [quorum, cast, voters] = await Promise.all([
    rules.quorum(start),
    rules.tally(proposal.id),
    holders(ground, rules, start),
  ]);
  const symbol = rules.token === undefined ? undefined : await askOne<string>(provider, rules.token, VOTES, "symbol");
  facts.votes = {
    unit: symbol === undefined ? "votes" : `votes of ${symbol}`,
    quorum,
    cast: { inFavour: cast.inFavour, against: cast.against },
    voters,
    ...(rules.token === undefined ? {} : { supply: await askOne<bigint>(provider, rules.token, VOTES, "totalSupply") }),
  };
  for (const { account } of voters) facts.people.set(account, "voter");
  if ((await rules.state(proposal.id)) !== "Active") return;
  let [inFavour, counted] = [cast.inFavour, cast.counted];
  const passes = () => counted >= quorum && inFavour > cast.against;
  let isFirst = true;
  for (const { account, votes } of voters) {
    if (passes()) break;
    if (await rules.hasVoted(proposal.id, account)) continue;
    const voter = { account, role: "voter" };
    const ballot = { to: rules.account, data: rules.cast(proposal.id) };
    await step(ground, voter, "vote for", ballot);
    if (isFirst) {
      await refused(ground, "vote twice", voter, ballot, [
        "GovernorAlreadyCastVote",
        "vote already cast",
        "voter already voted",
      ]);
    }
    isFirst = false;
    inFavour += votes;
    counted += votes;
  }
  if (!passes()) {
    throw new SlipwayError("DelegatesTooFew", {
      where: `${rules.kind} ${rules.account}, proposal ${proposal.id}`,
      expected: `a quorum of ${quorum}, and more than ${cast.against} against it`,
      found: `${counted} of ${voters.length} holders`,
      next: "name those who hold the votes: --delegates 0x…,0x…",
    });
  }
  // Late votes may move the end.
  await waitFor(ground, rules, (await rules.window(proposal.id)).end + 1n);
}

/** Ids that OpenZeppelin's timelock may know the batch by: the governor salts them since version 5, and did not before. */
async function operationIds(
  ground: Ground,
  rules: GovernorRules,
  calls: readonly Call[],
  description: string,
): Promise<string[]> {
  if (rules.timelock === undefined || rules.abi !== GOVERNOR) return [];
  const hash = id(description);
  const salted = wordOf((BigInt(rules.account) << 96n) ^ BigInt(hash));
  const ids = await Promise.all(
    [salted, hash].map((salt) =>
      askOne<string>(ground.session.fork.provider, rules.timelock!, CONTROLLER, "hashOperationBatch", [
        calls.map(({ target }) => target),
        calls.map(({ value }) => value),
        calls.map(({ data }) => data),
        ZeroHash,
        salt,
      ]),
    ),
  );
  return ids.filter((found): found is string => found !== undefined);
}

/** The timelock knows the batch under an id that follows from the bytes. */
async function rememberOperation(
  ground: Ground,
  rules: GovernorRules,
  proposal: Proposal,
  { facts, governance }: { facts: GovernanceFacts; governance: Governance },
): Promise<void> {
  const { provider } = ground.session.fork;
  if (rules.timelock === undefined) return;
  const ids = await operationIds(ground, rules, proposal.calls, proposal.description);
  const known = await Promise.all(
    ids.map((one) => askOne<bigint>(provider, rules.timelock!, CONTROLLER, "getTimestamp", [one])),
  );
  const at = known.findIndex((timestamp) => (timestamp ?? 0n) > 0n);
  if (ids.length > 0) {
    facts.hashes.push({
      what: "operation that the timelock keeps",
      expected: ids[at === -1 ? 0 : at]!,
      found: at === -1 ? "none of these calls" : ids[at]!,
    });
    if (at !== -1) governance.identifiers.push({ name: "operation of the timelock", value: ids[at]! });
  }
  const queued = await Promise.resolve(rules.eta(proposal.id));
  const block = (await provider.getBlock("latest"))!;
  if (facts.delays !== undefined && queued > BigInt(block.timestamp))
    facts.delays.waited = queued - BigInt(block.timestamp);
}

/** Nobody gets the calls past the governor: straight to its timelock. */
async function pastTheGovernor(
  ground: Ground,
  rules: GovernorRules,
  proposal: Proposal,
  actor: Actor,
  eta: bigint,
): Promise<void> {
  if (rules.timelock === undefined) return;
  const { calls } = proposal;
  const isController =
    (await askOne(ground.session.fork.provider, rules.timelock, CONTROLLER, "getMinDelay")) !== undefined;
  const first = calls[0] ?? { target: rules.account, value: 0n, data: "0x" };
  // Another salt, as it were another batch: what was voted on may be executed by anybody where the executor's role is open.
  const data = isController
    ? CONTROLLER.encodeFunctionData("executeBatch", [
        calls.map(({ target }) => target),
        calls.map(({ value }) => value),
        calls.map((call) => call.data),
        ZeroHash,
        id("slipway.rehearsal.another"),
      ])
    : COMPOUND_TIMELOCK.encodeFunctionData("executeTransaction", [first.target, first.value, "", first.data, eta]);
  await refused(
    ground,
    "a stranger executes calls on the timelock that nobody voted on",
    actor,
    { to: rules.timelock, data },
    PAST,
  );
}
