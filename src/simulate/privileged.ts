import type { FunctionFragment, Interface, ParamType } from "ethers";
import { decodeRevert } from "../chain/decodeRevert";
import { revertData } from "../registry/decodeRevert";
import type { Client } from "../client";
import { functionsOf } from "../plan/abi";
import { plausibleValue } from "../plan/checkInitializers";

/** Whoever may call what: an account, and the class of people that it stands for. */
export interface Caller {
  role: string;
  account: string;
}

export interface AccessAttempt {
  selector: string;
  signature: string;
  role: string;
  account: string;
  /** Refused: by the words of the error, or because another caller gets further with the same calldata. */
  outcome: "allowed" | "refused" | "reverted";
  /** What it reverts with. */
  error?: string;
}

/** One row of the role graph that two states do not share. */
export interface AccessChange {
  signature: string;
  role: string;
  account: string;
  before: AccessAttempt["outcome"] | "no function";
  after: AccessAttempt["outcome"] | "no function";
}

/** Errors that refuse a caller, by the names this field gives them. */
const REFUSAL =
  /unauthori[sz]ed|not_?(the_?)?(owner|admin|governor|governance|authori[sz]ed|allowed|guardian|minter|timelock|self)|accesscontrol|access[ _]?denied|forbidden|caller is(n't| not)|only[ _]?[a-z]+|ownable|permission/i;

/** Gas for one attempt: what refuses, refuses early. */
const GAS = "0x1e8480";

/**
 * Who is refused what, asked by `eth_call` and never sent: every function that changes state, from every caller, with arguments that it
 * might take. A function that reverts for everyone alike, as for its arguments, tells nothing of its callers.
 */
export async function privilegedAccess(
  client: Client,
  { account, abi, callers }: { account: string; abi: Interface; callers: readonly Caller[] },
): Promise<AccessAttempt[]> {
  const functions = functionsOf(abi).filter(({ constant }) => !constant);
  const rows = await Promise.all(functions.map((fragment) => accessTo(client, account, abi, fragment, callers)));
  return rows.flat();
}

/** Functions that somebody is refused. */
export function privilegedSelectors(attempts: readonly AccessAttempt[]): string[] {
  return [...new Set(attempts.flatMap(({ outcome, selector }) => (outcome === "refused" ? [selector] : [])))];
}

/**
 * What changed for each caller: rights that were won or lost, and privileged functions that came or went. `isPlanned` is for those that the
 * plan's own changes of roles explain.
 */
export function compareAccess(
  before: readonly AccessAttempt[],
  after: readonly AccessAttempt[],
  isPlanned: (change: AccessChange) => boolean = () => false,
): AccessChange[] {
  const key = ({ selector, account, role }: AccessAttempt) => `${selector} ${account} ${role}`;
  const [old, next] = [before, after].map((list) => new Map(list.map((row) => [key(row), row]))) as [
    Map<string, AccessAttempt>,
    Map<string, AccessAttempt>,
  ];
  const changes = [...new Set([...old.keys(), ...next.keys()])].map((name): AccessChange => {
    const { signature, role, account } = (next.get(name) ?? old.get(name))!;
    return {
      signature,
      role,
      account,
      before: old.get(name)?.outcome ?? "no function",
      after: next.get(name)?.outcome ?? "no function",
    };
  });
  return changes.filter((change) => isRight(change) && !isPlanned(change));
}

/** A right was won or lost: between refused and anything else, or by a function that refuses somebody. */
function isRight({ before, after }: AccessChange): boolean {
  return before !== after && (before === "refused" || after === "refused");
}

async function accessTo(
  client: Client,
  to: string,
  abi: Interface,
  fragment: FunctionFragment,
  callers: readonly Caller[],
): Promise<AccessAttempt[]> {
  const values = [
    ...new Set(
      [callers[0]?.account ?? to, to].map((account) => encoded(abi, fragment, (p) => plausibleValue(p, account))),
    ),
  ];
  const isRefusal = (error: string | undefined) => error !== undefined && REFUSAL.test(decodeRevert(error, [abi]));
  const found = await Promise.all(
    callers.map(async ({ account, role }) => {
      const answers = await Promise.all(values.map((data) => attempt(client, { from: account, to, data })));
      // The calldata with which it got furthest.
      const best = answers.find(({ error }) => error === undefined) ?? answers.find(({ error }) => !isRefusal(error));
      return { role, account, error: (best ?? answers[0])?.error };
    }),
  );
  const isAllowedToSome = found.some(({ error }) => error === undefined);
  return found.map(({ role, account, error }) => ({
    selector: fragment.selector,
    signature: fragment.format("sighash"),
    role,
    account,
    outcome: error === undefined ? "allowed" : isRefusal(error) || isAllowedToSome ? "refused" : "reverted",
    ...(error === undefined ? {} : { error: decodeRevert(error, [abi]) }),
  }));
}

async function attempt(client: Client, call: { from: string; to: string; data: string }): Promise<{ error?: string }> {
  try {
    await client.provider.send("eth_call", [{ ...call, gas: GAS }, "latest"]);
    return {};
  } catch (thrown) {
    const data = revertData(thrown);
    if (data === undefined) throw thrown;
    return { error: data };
  }
}

function encoded(abi: Interface, fragment: FunctionFragment, valueOf: (input: ParamType) => unknown): string {
  return abi.encodeFunctionData(fragment, fragment.inputs.map(valueOf));
}
