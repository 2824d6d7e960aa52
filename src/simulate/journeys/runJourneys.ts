import { getAddress, id, toBeHex, zeroPadValue, type Interface } from "ethers";
import { chainTime } from "../../chain/devChain";
import type { ForkSession } from "../forkSession";
import { refusalOf, sendAs, type Sent } from "../sendAs";
import type { Change, Journey, JourneyRun, Logs, StepRun } from "./types";

const TRANSFER = id("Transfer(address,address,uint256)");
const BALANCE_OF = id("balanceOf(address)").slice(0, 10);
/** Of a user's balance in wei. */
export const NATIVE = "native";

/** Every journey by every user that it names, each on a copy of the present state. */
export async function runJourneys(
  session: ForkSession,
  journeys: readonly Journey[],
  abis: readonly Interface[],
  moment: string,
): Promise<JourneyRun[]> {
  const runs: JourneyRun[] = [];
  for (const journey of journeys) {
    for (const user of journey.users) {
      await session.onSnapshot(async () => {
        await session.as(user, "user of a journey");
        runs.push({ ...(await runJourney(session, journey, user, abis)).run, moment });
      });
    }
  }
  return runs;
}

/** One user's journey, from the present state on; what it moved stays moved. */
export async function runJourney(
  session: ForkSession,
  journey: Journey,
  user: string,
  abis: readonly Interface[],
): Promise<{ run: Omit<JourneyRun, "moment">; logs: Logs }> {
  const { fork } = session;
  const start = await fork.provider.getBlockNumber();
  const steps: StepRun[] = [];
  const logs: Sent["logs"] = [];
  let paid = 0n;
  for (const step of journey.steps) {
    if (step.wait > 0n) await session.waitUntil((await chainTime(fork.provider)) + Number(step.wait));
    const sent = await sendAs(fork, {
      from: user,
      to: step.target,
      data: step.dataFor(user),
      value: step.value,
    });
    paid += sent.fee;
    logs.push(...sent.logs);
    steps.push({
      text: step.text,
      isOk: sent.isOk,
      ...(sent.isOk ? {} : { error: refusalOf(sent.output, abis) }),
      output: sent.output,
      gasUsed: sent.gasUsed,
      events: sent.logs.map(({ address, topics }) => `${getAddress(address)} ${topics[0] ?? "anonymous"}`),
    });
  }
  const changes = await changesOf(session, { user, start, paid, tokens: tokensOf(logs, user) });
  return { run: { journey: journey.name, user, steps, changes }, logs };
}

/** Tokens whose transfers name the user. */
function tokensOf(logs: Logs, user: string): string[] {
  const word = zeroPadValue(user, 32).toLowerCase();
  const isUsers = ({ topics }: Logs[number]) => topics.slice(1, 3).some((topic) => topic.toLowerCase() === word);
  const tokens = logs.filter((log) => isTransfer(log) && isUsers(log)).map(({ address }) => getAddress(address));
  return [...new Set(tokens)].sort();
}

export function isTransfer({ topics }: Logs[number]): boolean {
  return topics[0] === TRANSFER && topics.length === 3;
}

async function changesOf(
  { fork: { provider } }: ForkSession,
  params: { user: string; start: number; paid: bigint; tokens: readonly string[] },
): Promise<Change[]> {
  const { user, start, paid, tokens } = params;
  const at = toBeHex(start).replace(/^0x0+(?=.)/, "0x");
  const nativeAt = async (block: string) => BigInt((await provider.send("eth_getBalance", [user, block])) as string);
  const heldAt = async (token: string, block: string) => {
    const call = { to: token, data: BALANCE_OF + zeroPadValue(user, 32).slice(2) };
    return wordOf((await provider.send("eth_call", [call, block])) as string);
  };
  const changes: Change[] = [];
  const native = (await nativeAt("latest")) - (await nativeAt(at)) + paid;
  if (native !== 0n) changes.push({ asset: NATIVE, amount: native });
  for (const token of tokens) {
    const amount = (await heldAt(token, "latest")) - (await heldAt(token, at));
    if (amount !== 0n) changes.push({ asset: token, amount });
  }
  return changes;
}

/** The first word of an answer; zero where there is none. */
export function wordOf(answer: string): bigint {
  return answer.length < 66 ? 0n : BigInt(answer.slice(0, 66));
}
