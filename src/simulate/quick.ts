import { Interface, toQuantity, type FunctionFragment } from "ethers";
import { readAddressBook } from "../chain/addressBook";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { RightKind, type Condition } from "../invariants/types";
import { loadInvariants } from "../invariants/loadInvariants";
import { functionsOf } from "../plan/abi";
import { buildPlan, type BuildOptions } from "../plan/buildPlan";
import { creationSteps } from "../plan/deployments";
import { subjectOf } from "../plan/eip712";
import { labelText } from "../plan/labelText";
import type { LoadedPlanFile } from "../plan/readPlanFile";
import type { Plan, Probe } from "../plan/types";
import type { Registry } from "../registry/connect";
import { readPlan } from "../registry/readPlan";
import { readStatus } from "../registry/state";
import { derivedAddress, sequenceRequest, type SequenceStep } from "../chain/simulateSequence";
import { Watch, type Reading, type WatchedInvariant } from "./fuzz/watch";
import { refusalOf } from "./sendAs";

/** Gas of all creations, of a call that acts, and of one that asks. */
const CREATION_GAS = 200_000_000n;
const ACT_GAS = 2n ** 24n;
const ASK_GAS = 1_000_000n;
/** Gas of a block: what it is in truth does not matter to a first look. */
const BLOCK_GAS = 10n ** 12n;

export interface QuickCall {
  target: string;
  /** Name of the function, where an ABI tells; else its selector. */
  what: string;
  isOk: boolean;
  gasUsed: bigint;
  error?: string;
}

export interface QuickInvariant {
  name: string;
  /** `unavailable` where its probe gives no word. */
  state: "holds" | "broken" | "unavailable";
  left?: bigint;
  right?: bigint;
}

export interface QuickStage {
  index: number;
  label: string;
  calls: QuickCall[];
  invariants: QuickInvariant[];
}

export interface QuickReport {
  schema: "slipway.quick.v1";
  verdict: "pass" | "fail";
  title: string;
  subject: string;
  block: number;
  /** Creations that would come first, by the deployer. */
  deployments: QuickCall[];
  stages: QuickStage[];
  /** What the module answers now and at the end, where that differs. */
  views: { what: string; before: string; after: string }[];
  notChecked: string[];
}

/** What one request cannot show. */
export const NOT_CHECKED = [
  "votes, attestations, readiness and who may do what: the calls are made as the timelock",
  "the registry's gates, pins and locks, and the timelock's delays",
  "the ways back, the containments and what users do",
];

interface SimulatedCall {
  status: string;
  returnData: string;
  gasUsed: string;
  error?: { message?: string; data?: string };
}

interface Ask {
  to: string;
  data: string;
}

/**
 * A plan's calls and invariants in one `eth_simulateV1` request to the endpoint itself: no fork, nothing is sent. Each stage is a
 * block at the time at which it could run first.
 */
export async function quick(
  client: Client,
  registry: Registry,
  loaded: LoadedPlanFile,
  options: BuildOptions,
): Promise<QuickReport> {
  const built = await buildPlan(client, registry, loaded, options);
  const book = options.addresses ?? readAddressBook(client.deploymentsDir);
  const invariants = loadInvariants(options.invariantsDir, loaded.plan.invariants ?? [], book);
  const deployer = (await client.signer?.getAddress()) ?? built.plan.proposer;
  const { candidate, stable, known } = built.abis;
  return lookAhead(client, registry, {
    plan: built.plan,
    first: 0,
    subject: built.subject,
    creations: creationSteps(built.deployments, deployer),
    invariants,
    views: candidate,
    abis: [candidate, ...(stable === undefined ? [] : [stable]), ...known, registry.iface],
  });
}

/** The stages to come of a plan that was proposed: what `revalidate` cannot tell from pins, gates and pointers. */
export async function quickOfProposal(client: Client, registry: Registry, proposalId: string): Promise<QuickReport> {
  const plan = await readPlan(client, registry, proposalId);
  const { nextStage, notBefore } = await readStatus(registry, proposalId);
  const ids = [...new Set(plan.stages.flatMap((stage) => stage.invariants))];
  const invariants = await Promise.all(
    ids.map(async (id) => {
      const { invariant } = await registry.contract.getFunction("invariantOf").staticCall(id);
      const { name, condition } = invariant.toObject(true) as { name: string; condition: Condition };
      return { name, invariant: { condition: normalised(condition) } };
    }),
  );
  const subject = subjectOf(plan, registry.domain);
  return lookAhead(client, registry, {
    plan,
    first: nextStage,
    notBefore,
    subject,
    creations: [],
    invariants,
    abis: [registry.iface],
  });
}

/** Small integers as the engine's own types hold them. */
function normalised(condition: Condition): Condition {
  const { op, rightKind, toleranceBps } = condition;
  return {
    ...condition,
    op: Number(op) as Condition["op"],
    rightKind: Number(rightKind) as Condition["rightKind"],
    toleranceBps: Number(toleranceBps),
  };
}

interface LookAhead {
  plan: Plan;
  /** The stage that comes next. */
  first: number;
  /** When it is due, seconds; of a plan that is not proposed yet, as soon as it could be. */
  notBefore?: number;
  subject: string;
  creations: readonly SequenceStep[];
  invariants: readonly WatchedInvariant[];
  /** Whose views without arguments the module is asked. */
  views?: Interface;
  abis: readonly Interface[];
}

async function lookAhead(client: Client, registry: Registry, params: LookAhead): Promise<QuickReport> {
  const { plan, subject, creations, invariants, abis } = params;
  const ahead = plan.stages.slice(params.first);
  const ask = (name: string, ...args: unknown[]) => registry.contract.getFunction(name).staticCall(...args);
  const [timelock, { account: module }, policy] = await Promise.all([
    ask("timelock") as Promise<string>,
    ask("moduleOf", plan.targets[0]?.module),
    ask("classPolicyOf", plan.planClass),
  ]);
  const latest = await client.provider.getBlock("latest");
  const probes = invariants.flatMap(({ invariant: { condition } }) => probesOf(condition));
  const views = params.views === undefined ? [] : viewsOf(params.views, module as string);
  const asks = [...probes.map(({ target, data }) => ({ to: target, data })), ...views.map(({ call }) => call)];
  const now = latest?.timestamp ?? 0;
  const soonest = now + Number(policy.votingPeriod) + Number(policy.delay) + Number(plan.readiness.schedulingWindow);
  const times = stageTimes(ahead, Math.max(params.notBefore ?? soonest, now + 24));

  const act = (from: string, to: string, data: string, value = 0n) => ({
    from,
    to,
    input: data,
    value: toQuantity(value),
    gas: toQuantity(ACT_GAS),
  });
  const question = ({ to, data }: Ask) => ({
    from: derivedAddress("slipway.quick.asker"),
    to,
    input: data,
    gas: toQuantity(ASK_GAS),
  });
  const creation = await creationCall(client, creations);
  const blocks = [
    {
      time: now + 12,
      stateOverrides: creation?.overrides,
      calls: [...(creation === undefined ? [] : [creation.call]), ...asks.map(question)],
    },
    ...ahead.map(({ calls }, i) => ({
      time: times[i]!,
      calls: [...calls.map(({ target, data, value }) => act(timelock, target, data, value)), ...asks.map(question)],
    })),
  ];
  const answered = await simulateBlocks(client, blocks);

  const callsOf = (block: number, sent: readonly { target: string; data: string }[]): QuickCall[] =>
    sent.map((call, i) => outcome(answered[block]![i]!, call, abis));
  const answersOf = (block: number, acted: number) => answered[block]!.slice(acted).map(wordsOf);
  const watch = new Watch(invariants);
  const readingOf = (answers: readonly (string | undefined)[]) => toReading(invariants, answers);

  const deployments = creation === undefined ? [] : creation.outcomes(answered[0]![0]!, abis);
  const first = answersOf(0, creation === undefined ? 0 : 1);
  let answers = first;
  const stages = ahead.map(({ label, calls }, i): QuickStage => {
    const before = readingOf(answers);
    answers = answersOf(i + 1, calls.length);
    return {
      index: params.first + i,
      label: labelText(label),
      calls: callsOf(i + 1, calls),
      invariants: invariantRows(watch, invariants, { first: readingOf(first), before }, readingOf(answers)),
    };
  });
  const isBad =
    [...deployments, ...stages.flatMap((stage) => stage.calls)].some(({ isOk }) => !isOk) ||
    stages.some((stage) => stage.invariants.some(({ state }) => state !== "holds"));
  return {
    schema: "slipway.quick.v1",
    verdict: isBad ? "fail" : "pass",
    title: plan.title,
    subject,
    block: latest?.number ?? 0,
    deployments,
    stages,
    views: viewRows(views, first.slice(probes.length), answers.slice(probes.length)),
    notChecked: [...NOT_CHECKED],
  };
}

/** All creations in one call: the deployer's own account makes them, one after another, so that each has its address. */
async function creationCall(client: Client, creations: readonly SequenceStep[]) {
  if (creations.length === 0) return undefined;
  const { request, overrides, read } = await sequenceRequest(client, creations);
  const { from, to, data } = request;
  return {
    overrides,
    call: { from, to, input: data, gas: toQuantity(CREATION_GAS) },
    outcomes: (answer: SimulatedCall, abis: readonly Interface[]): QuickCall[] => {
      const done =
        BigInt(answer.status) === 1n ? read(answer.returnData) : creations.map(() => ({ isOk: false, result: "0x" }));
      return done.map(({ isOk, result }, i) => ({
        target: creations[i]!.target ?? "a new account",
        what: creations[i]!.target === undefined ? "creation" : "lock",
        isOk,
        gasUsed: i === 0 ? BigInt(answer.gasUsed) : 0n,
        ...(isOk ? {} : { error: refusalOf(result, abis).text }),
      }));
    },
  };
}

async function simulateBlocks(
  { provider }: Client,
  blocks: readonly { time: number; stateOverrides?: object; calls: readonly object[] }[],
): Promise<SimulatedCall[][]> {
  const blockStateCalls = blocks.map(({ time, stateOverrides, calls }) => ({
    blockOverrides: { time: toQuantity(time), gasLimit: toQuantity(BLOCK_GAS) },
    ...(stateOverrides === undefined ? {} : { stateOverrides }),
    calls,
  }));
  try {
    const answer = await provider.send("eth_simulateV1", [{ blockStateCalls, validation: false }, "latest"]);
    return (answer as { calls: SimulatedCall[] }[]).map(({ calls }) => calls);
  } catch (cause) {
    if (!isUnknownMethod(cause)) throw cause;
    throw new SlipwayError("SimulateUnsupported", {
      where: "--quick",
      expected: "an endpoint that answers eth_simulateV1",
      found: "method not found",
      next: "leave out --quick: the rehearsal on a fork needs no such method",
      cause,
    });
  }
}

function isUnknownMethod(thrown: unknown): boolean {
  const { error, code } = thrown as { error?: { code?: number; message?: string }; code?: string };
  const text = error?.message ?? String((thrown as Error).message);
  return (
    code === "UNSUPPORTED_OPERATION" ||
    error?.code === -32601 ||
    /-32601|method\b.*\b(not found|not supported|does not exist|unavailable|unknown)|unknown method|unsupported method/i.test(
      text,
    )
  );
}

/** When each stage could run first. */
function stageTimes(ahead: Plan["stages"], from: number): number[] {
  let time = from;
  return ahead.map(({ dwell }) => {
    const at = time;
    time += Number(dwell) + 12;
    return at;
  });
}

function outcome(
  call: SimulatedCall,
  { target, data }: { target: string; data: string },
  abis: readonly Interface[],
): QuickCall {
  const isOk = BigInt(call.status) === 1n;
  const fragment = abis.map((abi) => abi.getFunction(data.slice(0, 10))).find((found) => found !== null);
  const what = fragment?.name ?? data.slice(0, 10);
  const revert = call.error?.data ?? call.returnData;
  return {
    target,
    what,
    isOk,
    gasUsed: BigInt(call.gasUsed),
    ...(isOk ? {} : { error: revert === "0x" ? (call.error?.message ?? "reverted") : refusalOf(revert, abis).text }),
  };
}

function wordsOf({ status, returnData }: SimulatedCall): string | undefined {
  return BigInt(status) === 1n ? returnData : undefined;
}

function probesOf({ left, right, rightKind }: Condition): Probe[] {
  return rightKind === RightKind.Probe ? [left, right] : [left];
}

function toReading(invariants: readonly WatchedInvariant[], answers: readonly (string | undefined)[]): Reading {
  let at = 0;
  const next = () => {
    const answer = answers[at++];
    return answer === undefined || answer.length < 66 ? undefined : BigInt(answer.slice(0, 66));
  };
  return new Map(
    invariants.map(({ name, invariant: { condition } }) => {
      const [left, right] = [next(), condition.rightKind === RightKind.Probe ? next() : undefined];
      const isMissing = left === undefined || (condition.rightKind === RightKind.Probe && right === undefined);
      return [name, isMissing ? undefined : { left, right }];
    }),
  );
}

function invariantRows(
  watch: Watch,
  invariants: readonly WatchedInvariant[],
  { first, before: last }: { first: Reading; before: Reading },
  after: Reading,
): QuickInvariant[] {
  return invariants.map(({ name, invariant: { condition } }) => {
    // What was true when it is proposed, which is now; or right before the stage.
    const before = condition.rightKind === RightKind.AtPropose ? first : last;
    const now = after.get(name);
    if (now === undefined) return { name, state: "unavailable" };
    const others = new Set(watch.names.filter((other) => other !== name));
    const broken = watch.without(others).broken(before, after);
    const right = broken?.right ?? now.right ?? before.get(name)?.left;
    return { name, state: broken === undefined ? "holds" : "broken", left: now.left, right };
  });
}

interface View {
  what: string;
  call: Ask;
  read(answer: string | undefined): string;
}

/** What the module tells without arguments. */
function viewsOf(abi: Interface, module: string): View[] {
  const isView = ({ inputs, outputs, stateMutability }: FunctionFragment) =>
    inputs.length === 0 && outputs.length > 0 && /^(view|pure)$/.test(stateMutability);
  return functionsOf(abi)
    .filter(isView)
    .map((fragment) => ({
      what: `${fragment.name}()`,
      call: { to: module, data: abi.encodeFunctionData(fragment) },
      read: (answer) => {
        try {
          return answer === undefined ? "not there" : abi.decodeFunctionResult(fragment, answer).map(String).join(", ");
        } catch {
          return "not there";
        }
      },
    }));
}

function viewRows(
  views: readonly View[],
  first: readonly (string | undefined)[],
  last: readonly (string | undefined)[],
): QuickReport["views"] {
  return views
    .map(({ what, read }, i) => ({ what, before: read(first[i]), after: read(last[i]) }))
    .filter(({ before, after }) => before !== after);
}
