import { AbiCoder, dataSlice, id, Interface, keccak256, type Provider, type Result } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Call } from "../plan/types";
import { formatDuration } from "../plan/units";
import type { Governance } from "../simulate/types";
import { COMMON, COMPOUND_TIMELOCK } from "./abis";
import { askOne, events, told } from "./ask";
import type { TimelockSource } from "./controllerDriver";
import { noFacts } from "./noFacts";
import { refused, step } from "./step";
import { strangerOf } from "./stranger";
import { rivalsOf } from "./timelockFacts";
import type { Actor, CallsFile, Driver, Ground } from "./types";

/** Seconds between a rehearsal's queueing and the soonest moment that the timelock takes. */
const SLACK = 60n;

/** One transaction as the timelock takes it. */
interface Queued {
  target: string;
  value: bigint;
  signature: string;
  data: string;
  eta: bigint;
}

/** Where a queued transaction was executed. */
export async function compoundExecution(
  client: Client,
  account: string,
  hash: string,
): Promise<Governance["execution"]> {
  const [found] = await events(client.provider, account, COMPOUND_TIMELOCK, "ExecuteTransaction", [hash]);
  return found && { transaction: found.transaction, block: found.block };
}

/** A transaction queued in Compound's Timelock, or new ones: each call is a transaction of its own. */
export async function compoundTimelockDriver(
  ground: Ground,
  { account, operation, file }: TimelockSource,
  execution: Governance["execution"],
): Promise<Driver> {
  const { provider, blockTime: now } = ground.session.fork;
  const facts = noFacts();
  const [admin, delay, grace] = await Promise.all([
    told<string>(provider, account, COMPOUND_TIMELOCK, "admin"),
    told<bigint>(provider, account, COMPOUND_TIMELOCK, "delay"),
    askOne<bigint>(provider, account, COMPOUND_TIMELOCK, "GRACE_PERIOD"),
  ]);
  const eta = BigInt(now) + delay + SLACK;
  const queued = operation === undefined ? fresh(file!, eta) : [await readQueued(provider, account, operation)];
  const calls = queued.map(callOf);
  if (operation !== undefined) {
    facts.hashes.push({
      what: "hash of the transaction, computed here",
      expected: operation,
      found: hashOf(queued[0]!),
    });
    const isQueued = await told<boolean>(provider, account, COMPOUND_TIMELOCK, "queuedTransactions", [operation]);
    if (!isQueued) {
      throw new SlipwayError("GovernanceProposalDead", {
        where: `transaction ${operation} of ${account}`,
        expected: "a queued transaction, or one that was executed",
        found: "it was cancelled",
      });
    }
    facts.stored.push({ what: "queued", expected: "true", found: String(isQueued) });
  }
  const first = queued[0]!;
  facts.delays = {
    delay,
    why: "the timelock's",
    windows: grace === undefined ? [] : [{ name: "to execute once the delay is over", seconds: grace }],
    ...(operation === undefined || grace === undefined ? {} : { expires: Number(first.eta + grace) }),
  };
  facts.people.set(admin, "the timelock's admin");
  Object.assign(facts, await rivalsOf(provider, account, calls, queued.map(hashOf)));
  if (queued.length > 1) {
    facts.apart.push(
      `its admin executes each of the ${queued.length} transactions alone, in any order, or leaves some out`,
    );
  }
  const actor: Actor = { account: admin, role: "the timelock's admin" };
  const stranger: Actor = { account: strangerOf(ground), role: "stranger" };
  const sending = (name: string, one: Queued) => ({
    to: account,
    data: COMPOUND_TIMELOCK.encodeFunctionData(name, [one.target, one.value, one.signature, one.data, one.eta]),
  });
  const execute = (index: number) => sending("executeTransaction", queued[index]!);
  return {
    governance: {
      kind: "Compound timelock",
      account,
      executor: account,
      state: operation === undefined ? "new" : execution === undefined ? "proposed" : "executed",
      told: operation === undefined ? "not queued" : `queued for ${first.eta}`,
      ...(operation === undefined ? {} : { proposal: `transaction ${operation}` }),
      calls,
      identifiers: queued.map((one, i) => ({ name: `transaction ${i}`, value: hashOf(one) })),
      ...(execution === undefined ? {} : { execution }),
    },
    facts,
    title: file?.title ?? `Transaction ${operation!.slice(0, 10)}`,
    batches: calls.map((call, i) => ({ label: `transaction ${i}`, calls: [call] })),
    books: [account],
    abis: [COMPOUND_TIMELOCK, COMMON],
    claimed: () => [...(file?.abis ?? []), ...queued.flatMap(({ signature }) => signed(signature))],
    timeline: [
      { after: 0n, text: "queued by its admin" },
      { after: delay, text: `executed by its admin${grace === undefined ? "" : `, within ${formatDuration(grace)}`}` },
    ],
    prepare: async () => {
      if (operation !== undefined) return;
      await refused(ground, "queue without being admin", stranger, sending("queueTransaction", first), [
        "Call must come from admin",
      ]);
      for (const [i, one] of queued.entries()) {
        await step(ground, actor, `queue transaction ${i}`, sending("queueTransaction", one));
      }
      facts.delays!.waited = eta - BigInt((await provider.getBlock("latest"))!.timestamp);
    },
    batch: async (index) => {
      const one = queued[index]!;
      if (one.eta > BigInt((await provider.getBlock("latest"))!.timestamp)) {
        await refused(ground, "execute before the delay is over", actor, execute(index), ["surpassed time lock"]);
        await ground.session.waitUntil(Number(one.eta));
      }
      await refused(ground, "execute without being admin", stranger, execute(index), ["Call must come from admin"]);
      if (grace !== undefined && index === 0) {
        await ground.session.onSnapshot(async () => {
          await ground.session.waitUntil(Number(one.eta + grace) + 1);
          await refused(ground, "execute after its last day", actor, execute(index), ["Transaction is stale"]);
        });
      }
      return { actor, verb: `execute transaction ${index}`, ...execute(index) };
    },
    after: () => refused(ground, "execute a second time", actor, execute(0), ["hasn't been queued"]),
  };
}

function fresh(file: CallsFile, eta: bigint): Queued[] {
  return file.calls.map((call) => ({ ...call, signature: "", eta }));
}

async function readQueued(provider: Provider, account: string, operation: string): Promise<Queued> {
  const [found] = (await events(provider, account, COMPOUND_TIMELOCK, "QueueTransaction", [operation])).slice(-1);
  if (found === undefined) {
    throw new SlipwayError("GovernanceProposalUnknown", {
      where: `--timelock ${account}`,
      expected: "the hash of a transaction that it queued",
      found: `--operation ${operation}`,
    });
  }
  return queuedFrom(found.args);
}

function queuedFrom(args: Result): Queued {
  const get = <T>(name: string) => args.getValue(name) as T;
  return {
    target: get<string>("target"),
    value: get<bigint>("value"),
    signature: get<string>("signature"),
    data: get<string>("data"),
    eta: get<bigint>("eta"),
  };
}

/** The call that it makes: a signature's selector comes before the data. */
function callOf({ target, value, signature, data }: Queued): Call {
  return { target, value, data: signature === "" ? data : `${dataSlice(id(signature), 0, 4)}${data.slice(2)}` };
}

/** Under what the timelock keeps it. */
export function hashOf({ target, value, signature, data, eta }: Queued): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["address", "uint256", "string", "bytes", "uint256"],
      [target, value, signature, data, eta],
    ),
  );
}

/** What a signature names. */
export function signed(signature: string): Interface[] {
  if (signature === "") return [];
  try {
    return [new Interface([`function ${signature}`])];
  } catch {
    return [];
  }
}
