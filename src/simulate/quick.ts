import { Interface, toQuantity, type FunctionFragment } from "ethers";
import { readAddressBook } from "../chain/addressBook";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { RightKind } from "../invariants/types";
import { loadInvariants, type LoadedInvariant } from "../invariants/loadInvariants";
import { functionsOf } from "../plan/abi";
import { buildPlan, type BuildOptions, type BuiltPlan } from "../plan/buildPlan";
import { creationSteps } from "../plan/deployments";
import { labelText } from "../plan/labelText";
import type { LoadedPlanFile } from "../plan/readPlanFile";
import type { Plan, Probe } from "../plan/types";
import type { Registry } from "../registry/connect";
import { derivedAddress } from "../chain/simulateSequence";
import { Watch, type Reading } from "./fuzz/watch";
import { refusalOf } from "./sendAs";

/** Gas of a call that acts, and of one that asks. */
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
  return lookAhead(client, registry, { built, invariants, deployer });
}

async function lookAhead(
  client: Client,
  registry: Registry,
  { built, invariants, deployer }: { built: BuiltPlan; invariants: readonly LoadedInvariant[]; deployer: string },
): Promise<QuickReport> {
  const { plan, abis } = built;
  const ask = (name: string, ...args: unknown[]) => registry.contract.getFunction(name).staticCall(...args);
  const [timelock, { account: module }, policy] = await Promise.all([
    ask("timelock") as Promise<string>,
    ask("moduleOf", plan.targets[0]?.module),
    ask("classPolicyOf", plan.planClass),
  ]);
  const latest = await client.provider.getBlock("latest");
  const creations = creationSteps(built.deployments, deployer);
  const probes = invariants.flatMap(({ invariant: { condition } }) => probesOf(condition));
  const views = viewsOf(abis.candidate, module as string);
  const asks = [...probes.map(({ target, data }) => ({ to: target, data })), ...views.map(({ call }) => call)];
  const times = stageTimes(plan, (latest?.timestamp ?? 0) + Number(policy.votingPeriod) + Number(policy.delay));

  const act = (from: string, to: string | undefined, data: string, value = 0n) => ({
    from,
    ...(to === undefined ? {} : { to }),
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
  const blocks = [
    {
      time: (latest?.timestamp ?? 0) + 12,
      calls: [...creations.map(({ sender, target, data }) => act(sender, target, data)), ...asks.map(question)],
    },
    ...plan.stages.map(({ calls }, i) => ({
      time: times[i]!,
      calls: [...calls.map(({ target, data, value }) => act(timelock, target, data, value)), ...asks.map(question)],
    })),
  ];
  const answered = await simulateBlocks(client, blocks);

  const decode = [abis.candidate, ...(abis.stable === undefined ? [] : [abis.stable]), ...abis.known, registry.iface];
  const callsOf = (block: number, sent: readonly { target?: string; data: string }[]): QuickCall[] =>
    sent.map(({ target, data }, i) => outcome(answered[block]![i]!, { target: target ?? "creation", data }, decode));
  const answersOf = (block: number, acted: number) => answered[block]!.slice(acted).map(wordsOf);
  const watch = new Watch(invariants);
  const readingOf = (answers: readonly (string | undefined)[]) => toReading(invariants, answers);

  const deployments = callsOf(0, creations);
  const first = answersOf(0, creations.length);
  let answers = first;
  const stages = plan.stages.map(({ label, calls }, index): QuickStage => {
    const before = readingOf(answers);
    answers = answersOf(index + 1, calls.length);
    return {
      index,
      label: labelText(label),
      calls: callsOf(index + 1, calls),
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
    subject: built.subject,
    block: latest?.number ?? 0,
    deployments,
    stages,
    views: viewRows(views, first.slice(probes.length), answers.slice(probes.length)),
    notChecked: [...NOT_CHECKED],
  };
}

async function simulateBlocks(
  { provider }: Client,
  blocks: readonly { time: number; calls: readonly object[] }[],
): Promise<SimulatedCall[][]> {
  const blockStateCalls = blocks.map(({ time, calls }) => ({
    blockOverrides: { time: toQuantity(time), gasLimit: toQuantity(BLOCK_GAS) },
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
  const text = `${error?.message ?? ""} ${String((thrown as Error).message ?? "")}`;
  return (
    code === "UNSUPPORTED_OPERATION" ||
    error?.code === -32601 ||
    /-32601|method\b.*\b(not found|not supported|does not exist|unavailable|unknown)|unknown method|unsupported method/i.test(
      text,
    )
  );
}

/** When each stage could run first. */
function stageTimes(plan: Plan, scheduled: number): number[] {
  let time = scheduled + Number(plan.readiness.schedulingWindow);
  return plan.stages.map(({ dwell }) => {
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
  const what = target === "creation" ? "creation" : (fragment?.name ?? data.slice(0, 10));
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

function probesOf({ left, right, rightKind }: LoadedInvariant["invariant"]["condition"]): Probe[] {
  return rightKind === RightKind.Probe ? [left, right] : [left];
}

function toReading(invariants: readonly LoadedInvariant[], answers: readonly (string | undefined)[]): Reading {
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
  invariants: readonly LoadedInvariant[],
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
