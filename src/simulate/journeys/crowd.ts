import { getAddress, Interface, type Interface as Abi } from "ethers";
import { derivedAddress } from "../../chain/simulateSequence";
import type { ForkSession } from "../forkSession";
import { sendAs } from "../sendAs";
import { isTransfer, runJourney, wordOf } from "./runJourneys";
import type { Journey, JourneyRun, LoadRun, Logs, StepRun } from "./types";

const TOKEN = new Interface([
  "function transfer(address,uint256)",
  "function approve(address,uint256)",
  "function allowance(address,address) view returns (uint256)",
]);

/** Users of each journey that are generated to see whether it works for many. */
const LOAD_USERS = 8;

interface Need {
  token: string;
  amount: bigint;
  spenders: string[];
}

/**
 * Generated users. What a journey takes from its own user, that user gives to a generated one before it makes the journey, with
 * the allowances that it has given itself: transfers and approvals as anyone could send them.
 */
export class Crowd {
  private readonly needs = new Map<string, Need[]>();
  private count = 0;

  constructor(
    readonly session: ForkSession,
    readonly abis: readonly Abi[],
  ) {}

  /** An address that nobody holds a key of, another one each time. */
  async next(): Promise<string> {
    const sender = derivedAddress(`slipway.rehearsal.user.${this.count++}`);
    await this.session.enter(sender);
    return sender;
  }

  /** The journey by `sender`, once it has what it takes. */
  async run(journey: Journey, sender: string): Promise<Omit<JourneyRun, "moment">> {
    for (const need of await this.needsOf(journey)) await this.provide(journey.users[0]!, sender, need);
    return (await runJourney(this.session, journey, sender, this.abis)).run;
  }

  /** The journey by several users, one after another, on a copy of the present state. */
  async load(journey: Journey, moment: string, expectedErrors: readonly string[]): Promise<LoadRun> {
    const users = LOAD_USERS;
    const runs: Omit<JourneyRun, "moment">[] = [];
    const first = this.count;
    await this.session.onSnapshot(async () => {
      for (let i = 0; i < users; ++i) runs.push(await this.run(journey, await this.next()));
    });
    this.count = first;
    const gasOf = (run: Omit<JourneyRun, "moment"> | undefined) =>
      (run?.steps ?? []).reduce((sum, { gasUsed }) => sum + gasUsed, 0n);
    const isFault = ({ isOk, error }: StepRun) => !isOk && !expectedErrors.includes(error?.name ?? "");
    const failed = runs.filter(({ steps }) => steps.some(isFault));
    return {
      journey: journey.name,
      moment,
      users,
      failed: failed.length,
      // The first one may be the one that turns a zero into a number.
      firstGas: gasOf(runs[1] ?? runs[0]),
      lastGas: gasOf(runs.at(-1)),
      error: failed[0]?.steps.find(isFault)?.error?.text,
    };
  }

  /** What the journey takes from who makes it, found by letting its own user make it once. */
  private async needsOf(journey: Journey): Promise<Need[]> {
    const known = this.needs.get(journey.name);
    if (known !== undefined) return known;
    const user = journey.users[0]!;
    await this.session.as(user, "user of a journey");
    const needs = await this.session.onSnapshot(async () => {
      const { logs } = await runJourney(this.session, journey, user, this.abis);
      return mostTaken(logs, user);
    });
    const targets = journey.steps.map(({ target }) => target);
    const found = await Promise.all(
      needs.map(async ({ token, amount, takers }) => {
        const candidates = [...new Set([...targets, ...takers])].filter((account) => BigInt(account) !== 0n);
        const allowed = await Promise.all(candidates.map((spender) => this.allowance(token, user, spender)));
        return { token, amount, spenders: candidates.filter((_, i) => allowed[i]! > 0n) };
      }),
    );
    this.needs.set(journey.name, found);
    return found;
  }

  private async allowance(token: string, owner: string, spender: string): Promise<bigint> {
    const data = TOKEN.encodeFunctionData("allowance", [owner, spender]);
    return this.session.fork.provider.call({ to: token, data }).then(wordOf, () => 0n);
  }

  private async provide(user: string, sender: string, { token, amount, spenders }: Need): Promise<void> {
    const { fork } = this.session;
    await sendAs(fork, { from: user, to: token, data: TOKEN.encodeFunctionData("transfer", [sender, amount]) });
    for (const spender of spenders) {
      await sendAs(fork, { from: sender, to: token, data: TOKEN.encodeFunctionData("approve", [spender, amount]) });
    }
  }
}

/** The most that was out of a user's hands at once, by token. */
function mostTaken(logs: Logs, user: string): { token: string; amount: bigint; takers: string[] }[] {
  const held = new Map<string, { now: bigint; least: bigint; takers: Set<string> }>();
  const account = (topic: string | undefined) => getAddress(`0x${(topic ?? "").slice(26)}`);
  for (const log of logs.filter(isTransfer)) {
    const [from, to] = [account(log.topics[1]), account(log.topics[2])];
    if (from !== user && to !== user) continue;
    const token = getAddress(log.address);
    const entry = held.get(token) ?? { now: 0n, least: 0n, takers: new Set<string>() };
    entry.now += (to === user ? wordOf(log.data) : 0n) - (from === user ? wordOf(log.data) : 0n);
    if (entry.now < entry.least) entry.least = entry.now;
    if (from === user) entry.takers.add(to);
    held.set(token, entry);
  }
  return [...held].flatMap(([token, { least, takers }]) =>
    least === 0n ? [] : [{ token, amount: -least, takers: [...takers] }],
  );
}
