import { AbiCoder, Interface, keccak256, ZeroHash } from "ethers";
import { chainTime } from "../chain/devChain";
import { readDeployment } from "../registry/deploymentRecord";
import { listWithStatus } from "../registry/listProposals";
import { readPlan } from "../registry/readPlan";
import { logsOf } from "../registry/registryLogs";
import { readStatus } from "../registry/state";
import type { Lifecycle } from "./runLifecycle";
import { refusalOf, sendAs } from "./sendAs";

const TIMELOCK = new Interface([
  "event CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data, bytes32 predecessor, uint256 delay)",
  "event CallSalt(bytes32 indexed id, bytes32 salt)",
  "function isOperationPending(bytes32 id) view returns (bool)",
  "function getTimestamp(bytes32 id) view returns (uint256)",
  "function execute(address target, uint256 value, bytes payload, bytes32 predecessor, bytes32 salt) payable",
  "function executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) payable",
]);

interface Operation {
  id: string;
  /** `execute` or `executeBatch`. */
  data: string;
  value: bigint;
  readyAt: number;
}

/** What else waits for the same timelock: operations that others scheduled, and plans of the same registry. */
export interface Others {
  operations: Operation[];
  plans: { proposalId: string; title: string }[];
}

export async function readOthers(lifecycle: Lifecycle): Promise<Others> {
  const { session, registry, proposalId } = lifecycle;
  const live = await listWithStatus(session.client, registry, { isLive: true });
  const plans = live.filter(
    ({ proposalId: id, status }) => id !== proposalId && ["Scheduled", "InProgress"].includes(status.state),
  );
  return { operations: await pendingOperations(lifecycle), plans };
}

/** Executes all of them, in the order of their times; what could not be executed, and why. */
export async function executeOthers(lifecycle: Lifecycle, others: Others): Promise<string[]> {
  const refused: string[] = [];
  for (const operation of [...others.operations].sort((a, b) => a.readyAt - b.readyAt)) {
    const why = await execute(lifecycle, operation);
    if (why !== undefined) refused.push(`operation ${operation.id}: ${why}`);
  }
  for (const { proposalId, title } of others.plans) {
    const why = await runPlan(lifecycle, proposalId);
    if (why !== undefined) refused.push(`plan ${title}: ${why}`);
  }
  return refused;
}

/** Operations of the timelock that wait, but for batches of the registry's plans: those run through the registry only. */
async function pendingOperations({ session, registry, timelock }: Lifecycle): Promise<Operation[]> {
  const { client, fork } = session;
  const from = readDeployment(client.deploymentsDir, registry.address)?.block ?? 0;
  const topics = ["CallScheduled", "CallSalt"].map((name) => TIMELOCK.getEvent(name)!.topicHash);
  const logs = await logsOf(client, { address: timelock, topics: [topics] }, from, fork.block);
  const calls = new Map<string, { target: string; value: bigint; data: string; predecessor: string }[]>();
  const salts = new Map<string, string>();
  for (const log of logs) {
    const { name, args } = TIMELOCK.parseLog(log)!;
    const id = args["id"] as string;
    if (name === "CallSalt") salts.set(id, args["salt"]);
    else
      calls.set(id, [
        ...(calls.get(id) ?? []),
        args.toObject() as { target: string; value: bigint; data: string; predecessor: string },
      ]);
  }
  const found: Operation[] = [];
  for (const [id, batch] of calls) {
    if (batch[0]!.target === registry.address) continue;
    const [isPending] = await askTimelock(client.provider, timelock, "isOperationPending", id);
    if (isPending !== true) continue;
    const [readyAt] = await askTimelock(client.provider, timelock, "getTimestamp", id);
    found.push({
      id,
      data: executionOf(id, batch, salts.get(id) ?? ZeroHash),
      value: batch.reduce((sum, { value }) => sum + value, 0n),
      readyAt: Number(readyAt),
    });
  }
  return found;
}

async function askTimelock(provider: Lifecycle["session"]["client"]["provider"], to: string, name: string, id: string) {
  return TIMELOCK.decodeFunctionResult(
    name,
    await provider.call({ to, data: TIMELOCK.encodeFunctionData(name, [id]) }),
  );
}

/** One call may have been scheduled alone or as a batch of one: its id tells. */
function executionOf(
  id: string,
  batch: readonly { target: string; value: bigint; data: string; predecessor: string }[],
  salt: string,
): string {
  const [{ target, value, data, predecessor }] = batch as [(typeof batch)[number]];
  const alone = keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["address", "uint256", "bytes", "bytes32", "bytes32"],
      [target, value, data, predecessor, salt],
    ),
  );
  if (batch.length === 1 && alone === id) {
    return TIMELOCK.encodeFunctionData("execute", [target, value, data, predecessor, salt]);
  }
  const column = (key: "target" | "value" | "data") => batch.map((call) => call[key]);
  return TIMELOCK.encodeFunctionData("executeBatch", [
    column("target"),
    column("value"),
    column("data"),
    predecessor,
    salt,
  ]);
}

/** By the registry, which holds the executor's role. */
async function execute({ session, registry, timelock }: Lifecycle, operation: Operation): Promise<string | undefined> {
  await session.as(registry.address, "executor of the timelock's other operations");
  await session.waitUntil(operation.readyAt);
  const { data, value } = operation;
  const sent = await sendAs(session.fork, { from: registry.address, to: timelock, data, value });
  return sent.isOk ? undefined : refusalOf(sent.output, [registry.iface]).text;
}

/** Every stage that is left of another plan, by a stranger. */
async function runPlan({ session, registry, actors }: Lifecycle, proposalId: string): Promise<string | undefined> {
  const plan = await readPlan(session.client, registry, proposalId);
  await session.as(actors.stranger, "stranger");
  const data = registry.iface.encodeFunctionData("advance", [plan]);
  for (let i = 0; i <= plan.stages.length; ++i) {
    const { state, notBefore, nextStage } = await readStatus(registry, proposalId);
    if (!["Scheduled", "InProgress"].includes(state)) return state === "Completed" ? undefined : `state ${state}`;
    await session.waitUntil(Math.max(notBefore, await chainTime(session.fork.provider)));
    const value = (plan.stages[nextStage]?.calls ?? []).reduce((sum, call) => sum + call.value, 0n);
    const sent = await sendAs(session.fork, { from: actors.stranger, to: registry.address, data, value });
    if (!sent.isOk) return refusalOf(sent.output, [registry.iface]).text;
  }
  return undefined;
}
