import { getAddress, ZeroAddress } from "ethers";
import { reachable } from "../bytecode/reachable";
import { chainTime, setBalance, warpTo } from "../chain/devChain";
import { formatDuration } from "../plan/units";
import { sendAs } from "../simulate/sendAs";
import { settledFrames } from "../trace/settledFrames";
import type { TracedCall, TransactionTrace } from "../trace/types";
import type { Transaction } from "./step";
import { otherStranger } from "./stranger";
import type { Actor, Ground } from "./types";

/** What a batch does under other circumstances than those of the rehearsal. */
export interface Circumstances {
  /** How often it ran besides. */
  tries: number;
  /** Done by somebody else, in another producer's block, at the same time. */
  others: string[];
  /** Done later. */
  later: string[];
  /** What its code asks that tells one chain's copy from the chain. */
  asked: string[];
}

/** Seconds: a day on. */
const LATER = 86_400n;
/** Wei that somebody else has: another sum than whoever executes the rehearsed one. */
const PURSE = 7_654_321n * 10n ** 12n;
/** A word from here on, and below 2^160, is an address as a rule. */
const AN_ADDRESS = 1n << 128n;

/** Opcodes whose answer differs between a chain and a copy of it, or between two who send the same. */
const TELLING: Readonly<Record<number, string>> = {
  0x32: "ORIGIN",
  0x3a: "GASPRICE",
  0x41: "COINBASE",
  0x44: "PREVRANDAO",
  0x48: "BASEFEE",
  0x4a: "BLOBBASEFEE",
};

/** One run that was taken back. */
interface Attempt {
  name: string;
  isLater: boolean;
  by: string;
  trace?: TransactionTrace;
}

/** Runs a transaction by somebody else in another producer's block, and a day later, and takes both back. */
export async function attempts(ground: Ground, actor: Actor, transaction: Transaction): Promise<Attempt[]> {
  const { session, remote } = ground;
  const { fork } = session;
  const { provider } = fork;
  const run = async (by: string, before: () => Promise<void>): Promise<TransactionTrace | undefined> =>
    session.onSnapshot(async () => {
      await before();
      await session.as(by, actor.role);
      const { isOk, hash } = await sendAs(fork, { from: by, ...transaction });
      return isOk ? fork.trace(hash) : undefined;
    });
  const by = actor.role === "stranger" ? otherStranger(ground) : actor.account;
  const producer = getAddress(String(await provider.send("eth_coinbase", [])));
  const found = (await remote.provider.getBlock(fork.block))?.miner ?? ZeroAddress;
  const other = getAddress(found) === producer || found === ZeroAddress ? otherStranger(ground) : found;
  try {
    const elsewhere = await run(by, async () => {
      await provider.send("hardhat_setCoinbase", [other]);
      if (by !== actor.account) await setBalance(provider, by, (transaction.value ?? 0n) + PURSE);
    });
    const name = by === actor.account ? "in another producer's block" : "by somebody else, in another producer's block";
    const later = await run(actor.account, async () => {
      await provider.send("hardhat_setCoinbase", [producer]);
      await warpTo(provider, (await chainTime(provider)) + Number(LATER));
    });
    return [
      { name, isLater: false, by, trace: elsewhere },
      { name: `${formatDuration(LATER)} later`, isLater: true, by: actor.account, trace: later },
    ];
  } finally {
    await provider.send("hardhat_setCoinbase", [producer]);
  }
}

/** What of them is another than in the run that counts. */
export async function compareAttempts(
  { session }: Ground,
  all: readonly Attempt[],
  { trace, actor, executor, books }: { trace: TransactionTrace; actor: Actor; executor: string; books: string[] },
): Promise<Circumstances> {
  const found: Circumstances = { tries: all.length, others: [], later: [], asked: [] };
  for (const { name, isLater, by, trace: again } of all) {
    const into = isLater ? found.later : found.others;
    if (again === undefined) {
      into.push(`${name}: it reverts`);
      continue;
    }
    const [once, then] = [effectsOf(trace, actor.account, books, isLater), effectsOf(again, by, books, isLater)];
    into.push(...[...then].filter((line) => !once.has(line)).map((line) => `${name}, and else not: ${line}`));
    into.push(...[...once].filter((line) => !then.has(line)).map((line) => `not ${name}: ${line}`));
  }
  const ran = new Set(
    callsBy(trace.root, getAddress(executor)).flatMap((frame) => [...settledFrames(frame)].map(({ to }) => to)),
  );
  for (const account of ran) {
    const { ops, isComplete } = reachable(await session.client.provider.getCode(account));
    const names = new Set(ops.flatMap(({ op }) => TELLING[op] ?? []));
    if (names.size > 0) {
      found.asked.push(`code of ${account} ${isComplete ? "asks" : "may ask"} for ${[...names].sort().join(", ")}`);
    }
  }
  return found;
}

/** The calls of an account, the outermost ones: what is inside of them is theirs. */
export function callsBy(frame: TracedCall, account: string): TracedCall[] {
  if (frame.type === "CALL" && frame.from === account) return [frame];
  return frame.calls.flatMap((inner) => callsBy(inner, account));
}

/** Calls, and words written outside of the governance's own books. Later, of the words only those that are addresses. */
function effectsOf(trace: TransactionTrace, by: string, books: readonly string[], isLater: boolean): Set<string> {
  const own = new Set(books.map((account) => account.toLowerCase()));
  const named = (text: string) => text.toLowerCase().replaceAll(by.slice(2).toLowerCase(), "<who executes>");
  const calls = [...settledFrames(trace.root)]
    .filter(({ type }) => type !== "STATICCALL")
    .map(({ type, from, to, value, input }) =>
      isLater
        ? `${type} ${input.slice(0, 10)} of ${to} by ${from}`
        : `${type} ${input.slice(0, 10)} of ${to} by ${from}, ${value} wei`,
    );
  const writes = trace.writes
    .filter(({ account }) => !own.has(account.toLowerCase()))
    .flatMap(({ account, slot, after }) => {
      const word = BigInt(after);
      if (isLater && (word < AN_ADDRESS || word >= 1n << 160n)) return [];
      return [`${account}, slot ${slot}: ${after}`];
    });
  return new Set([...calls, ...writes].map(named));
}
