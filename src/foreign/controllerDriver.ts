import { AbiCoder, id, keccak256, ZeroAddress, ZeroHash, type Provider } from "ethers";
import { SlipwayError } from "../errors";
import type { Call } from "../plan/types";
import { formatDuration } from "../plan/units";
import type { Client } from "../client";
import type { Governance } from "../simulate/types";
import { COMMON, CONTROLLER } from "./abis";
import { askOne, events, told } from "./ask";
import { callsHash } from "./callsText";
import { noFacts } from "./noFacts";
import { refused, step } from "./step";
import { strangerOf } from "./stranger";
import { rivalsOf } from "./timelockFacts";
import type { Actor, CallsFile, Driver, Ground } from "./types";

const PROPOSER = id("PROPOSER_ROLE");
const EXECUTOR = id("EXECUTOR_ROLE");
const NOT_READY = ["TimelockUnexpectedOperationState", "TimelockController: operation is not ready"];
const NO_ROLE = ["AccessControlUnauthorizedAccount", "AccessControl: account"];

/** An operation as its events tell it. */
interface Operation {
  calls: Call[];
  predecessor: string;
  salt: string;
  /** Seconds that it was scheduled with. */
  delay: bigint;
  /** Scheduled as a batch: the id of one call alone is another. */
  isBatch: boolean;
}

export interface TimelockSource {
  account: string;
  operation?: string;
  file?: CallsFile;
}

/** Where an operation was executed. */
export async function controllerExecution(
  client: Client,
  account: string,
  operation: string,
): Promise<Governance["execution"]> {
  const [found] = await events(client.provider, account, CONTROLLER, "CallExecuted", [operation]);
  return found && { transaction: found.transaction, block: found.block };
}

/** An operation of OpenZeppelin's TimelockController: scheduled already, or new. */
export async function controllerDriver(
  ground: Ground,
  { account, operation, file }: TimelockSource,
  execution: Governance["execution"],
): Promise<Driver> {
  const { provider } = ground.session.fork;
  const facts = noFacts();
  const minimum = await told<bigint>(provider, account, CONTROLLER, "getMinDelay");
  const found = operation === undefined ? fresh(file!, minimum) : await readOperation(provider, account, operation);
  const { calls } = found;
  const own = operation ?? idOf(found);
  facts.hashes.push({ what: "id of the operation, computed here", expected: own, found: idOf(found) });
  facts.hashes.push({
    what: "the same, as the timelock computes it",
    expected: own,
    found: await told<string>(provider, account, CONTROLLER, ...question(found)),
  });
  const timestamp = (await askOne<bigint>(provider, account, CONTROLLER, "getTimestamp", [own])) ?? 0n;
  if (operation !== undefined && timestamp === 0n) {
    throw new SlipwayError("GovernanceProposalDead", {
      where: `operation ${operation} of ${account}`,
      expected: "a pending operation, or one that was executed",
      found: "it was cancelled",
    });
  }
  if (operation !== undefined) {
    facts.stored.push({ what: "ready at", expected: String(timestamp), found: String(timestamp) });
  }
  facts.delays = {
    delay: minimum,
    waited: found.delay,
    why: "the timelock's least",
    windows: [],
  };
  Object.assign(facts, await rivalsOf(provider, account, calls, [own]));
  const executor = await holderOf(provider, account, EXECUTOR);
  if (facts.pending > 0 && executor === undefined) {
    facts.apart.push(
      `anyone executes each of the ${facts.pending + 1} operations that wait, alone and in any order that their predecessors leave`,
    );
  }
  const stranger: Actor = { account: strangerOf(ground), role: "stranger" };
  facts.people.set(executor ?? ZeroAddress, "executor");
  const actor: Actor = executor === undefined ? stranger : { account: executor, role: "executor" };
  const execute = {
    to: account,
    data: CONTROLLER.encodeFunctionData(found.isBatch ? "executeBatch" : "execute", args(found)),
  };
  return {
    governance: {
      kind: "TimelockController",
      account,
      executor: account,
      state: operation === undefined ? "new" : execution === undefined ? "proposed" : "executed",
      told:
        operation === undefined
          ? "not scheduled"
          : timestamp > BigInt(ground.session.fork.blockTime)
            ? "Waiting"
            : "Ready",
      proposal: `operation ${own}`,
      calls,
      identifiers: [{ name: "operation", value: own }],
      ...(execution === undefined ? {} : { execution }),
    },
    facts,
    title: file?.title ?? `Operation ${own.slice(0, 10)}`,
    batches: [{ label: "operation", calls }],
    books: [account],
    abis: [CONTROLLER, COMMON],
    claimed: () => file?.abis ?? [],
    timeline: [
      { after: 0n, text: "scheduled by who holds PROPOSER_ROLE" },
      { after: found.delay, text: `executed${executor === undefined ? ", by anyone" : " by who holds EXECUTOR_ROLE"}` },
    ],
    prepare: async () => {
      if (operation !== undefined) return;
      const proposer = await holderOf(provider, account, PROPOSER);
      if (proposer === undefined) throw nobody(account, "PROPOSER_ROLE");
      facts.people.set(proposer, "proposer");
      const schedule = {
        to: account,
        data: CONTROLLER.encodeFunctionData("scheduleBatch", [...args(found), minimum]),
      };
      await refused(ground, "schedule without the role", stranger, schedule, NO_ROLE);
      const proposing = { account: proposer, role: "proposer" };
      await step(ground, proposing, "schedule", schedule);
      await refused(ground, "schedule a second time", proposing, schedule, [
        "TimelockUnexpectedOperationState",
        "TimelockController: operation already scheduled",
      ]);
    },
    batch: async () => {
      if (executor === ZeroAddress) throw nobody(account, "EXECUTOR_ROLE");
      const readyAt = await told<bigint>(provider, account, CONTROLLER, "getTimestamp", [own]);
      const now = BigInt((await provider.getBlock("latest"))!.timestamp);
      if (readyAt > now) {
        await refused(ground, `execute ${formatDuration(readyAt - now)} early`, actor, execute, NOT_READY);
        await ground.session.waitUntil(Number(readyAt));
      }
      if (executor !== undefined) await refused(ground, "execute without the role", stranger, execute, NO_ROLE);
      const other = { ...found, salt: keccak256(found.salt), isBatch: true };
      const data = CONTROLLER.encodeFunctionData("executeBatch", args(other));
      await refused(ground, "execute the same calls under another salt", actor, { to: account, data }, NOT_READY);
      return { actor, verb: "execute", ...execute };
    },
    after: () => refused(ground, "execute a second time", actor, execute, NOT_READY),
  };
}

function nobody(account: string, role: string): SlipwayError {
  return new SlipwayError("GovernanceProposalDead", {
    where: account,
    expected: `an account with ${role}`,
    found: "its events tell of none",
  });
}

/** A new one is salted with what it calls: the same calls make the same operation. */
function fresh(file: CallsFile, delay: bigint): Operation {
  return { calls: file.calls, predecessor: ZeroHash, salt: callsHash(file.calls), delay, isBatch: true };
}

/** Undefined: anyone. The zero address: nobody. */
async function holderOf(provider: Provider, account: string, role: string): Promise<string | undefined> {
  const has = (who: string) => askOne<boolean>(provider, account, CONTROLLER, "hasRole", [role, who]);
  if ((await has(ZeroAddress)) === true && role === EXECUTOR) return undefined;
  const granted = await events(provider, account, CONTROLLER, "RoleGranted", [role]);
  for (const who of new Set(granted.map(({ args: values }) => values.getValue("account") as string))) {
    if ((await has(who)) === true) return who;
  }
  return role === EXECUTOR ? ZeroAddress : undefined;
}

async function readOperation(provider: Provider, account: string, operation: string): Promise<Operation> {
  const scheduled = await events(provider, account, CONTROLLER, "CallScheduled", [operation]);
  const salts = await events(provider, account, CONTROLLER, "CallSalt", [operation]);
  const last = scheduled.at(-1);
  if (last === undefined) {
    throw new SlipwayError("GovernanceProposalUnknown", {
      where: `--timelock ${account}`,
      expected: "the id of an operation that it scheduled",
      found: `--operation ${operation}`,
    });
  }
  // One that was cancelled may have been scheduled again: the same id is of the same calls.
  const byIndex = new Map(scheduled.map(({ args: values }) => [values.getValue("index") as bigint, values]));
  const calls = [...byIndex]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, values]): Call => ({
      target: values.getValue("target") as string,
      value: values.getValue("value") as bigint,
      data: values.getValue("data") as string,
    }));
  const base = {
    calls,
    predecessor: last.args.getValue("predecessor") as string,
    salt: (salts.at(-1)?.args.getValue("salt") as string | undefined) ?? ZeroHash,
    delay: last.args.getValue("delay") as bigint,
  };
  const isSingle = calls.length === 1 && idOf({ ...base, isBatch: false }) === operation;
  return { ...base, isBatch: !isSingle };
}

function args({ calls, predecessor, salt, isBatch }: Operation): unknown[] {
  const [first] = calls;
  return isBatch
    ? [
        calls.map(({ target }) => target),
        calls.map(({ value }) => value),
        calls.map(({ data }) => data),
        predecessor,
        salt,
      ]
    : [first!.target, first!.value, first!.data, predecessor, salt];
}

function question(operation: Operation): [string, unknown[]] {
  return [operation.isBatch ? "hashOperationBatch" : "hashOperation", args(operation)];
}

/** The id that the timelock gives it. */
function idOf(operation: Operation): string {
  const types = operation.isBatch
    ? ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"]
    : ["address", "uint256", "bytes", "bytes32", "bytes32"];
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, args(operation)));
}
