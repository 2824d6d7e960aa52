import { AbiCoder, Interface, keccak256, ZeroHash } from "ethers";
import type { Call, Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import { revertData } from "../registry/decodeRevert";
import type { NegativeResult } from "./types";
import type { ForkSession } from "./forkSession";

export interface Attempt {
  name: string;
  by: string;
  account: string;
  to: string;
  data: string;
  /** Names of errors that refuse it; any other answer, success above all, fails the check. */
  expected: string[];
}

const TIMELOCK = new Interface([
  "function executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) payable",
]);

/** Set in the tag of a rollback; the low bits are its index. */
const ROLLBACK_TAG = 1n << 255n;
/** The same of a containment. */
const CONTAINMENT_TAG = 1n << 254n;

/** Tries what must not work, without sending it. */
export async function attempt(session: ForkSession, registry: Registry, attempt: Attempt): Promise<NegativeResult> {
  const named = { name: attempt.name, by: attempt.by, expected: attempt.expected.join(" or ") };
  try {
    await session.fork.provider.call({ from: attempt.account, to: attempt.to, data: attempt.data });
    return { ...named, found: "it succeeded", isRefused: false };
  } catch (thrown) {
    const data = revertData(thrown);
    if (data === undefined) throw thrown;
    const error = data === "0x" ? null : registry.iface.parseError(data);
    const found = error === null ? `revert data ${data}` : `${error.name}(${error.args.map(String).join(", ")})`;
    return { ...named, found, isRefused: error !== null && attempt.expected.includes(error.name) };
  }
}

/** Runs a batch of the plan on the timelock, past the registry. */
export function pastTheRegistry(
  registry: Registry,
  params: { plan: Plan; proposalId: string; timelock: string; stranger: string } & (
    { stage: number } | { rollback: number } | { containment: number }
  ),
): Attempt {
  const { plan } = params;
  const [kind, index, batches, flag] =
    "rollback" in params
      ? (["rollback", params.rollback, plan.rollbacks, ROLLBACK_TAG] as const)
      : "containment" in params
        ? (["containment", params.containment, plan.containments, CONTAINMENT_TAG] as const)
        : (["stage", params.stage, plan.stages, 0n] as const);
  const calls = batches[index]?.calls ?? [];
  const tag = flag | BigInt(index);
  return {
    name: `a stranger executes ${kind} ${index} on the timelock`,
    by: "stranger",
    account: params.stranger,
    to: params.timelock,
    data: TIMELOCK.encodeFunctionData("executeBatch", batchOf(registry, params.proposalId, tag, calls)),
    // An open executor gets as far as the first call of the batch, which refuses.
    expected: ["AccessControlUnauthorizedAccount", "NotAdvancing"],
  };
}

function batchOf(registry: Registry, proposalId: string, tag: bigint, calls: readonly Call[]): unknown[] {
  const guard = registry.iface.encodeFunctionData("onlyWhileAdvancing", [proposalId, tag]);
  return [
    [registry.address, ...calls.map(({ target }) => target)],
    [0n, ...calls.map(({ value }) => value)],
    [guard, ...calls.map(({ data }) => data)],
    ZeroHash,
    keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [proposalId, tag])),
  ];
}
