import { SlipwayError } from "../errors";
import { refusalOf, sendAs, type Sent } from "../simulate/sendAs";
import type { TracedCall } from "../trace/types";
import { revertData } from "../registry/decodeRevert";
import type { Actor, Ground } from "./types";

export interface Transaction {
  to: string;
  data: string;
  value?: bigint;
}

/** One real step by one real account. A revert ends the rehearsal, with its reason and the frame it came from. */
export async function step(ground: Ground, actor: Actor, verb: string, transaction: Transaction): Promise<Sent> {
  const { session, errors } = ground;
  await session.as(actor.account, actor.role);
  const sent = await sendAs(session.fork, { from: actor.account, ...transaction });
  session.steps.push({ verb, by: actor.role, account: actor.account, gasUsed: sent.gasUsed });
  if (sent.isOk) return sent;
  const { root } = await session.fork.trace(sent.hash);
  throw new SlipwayError("GovernanceStepReverted", {
    where: `${verb}, by the ${actor.role} ${actor.account}`,
    expected: "it goes through",
    found: `${refusalOf(sent.output, errors).text}${frameText(root, errors)}`,
  });
}

/** The innermost frame whose failure went all the way up: where to look. */
function frameText(root: TracedCall, errors: Ground["errors"]): string {
  let frame = root;
  for (;;) {
    const inner = frame.calls.findLast(({ error }) => error !== undefined);
    if (inner === undefined) break;
    frame = inner;
  }
  if (frame === root) return "";
  const own = refusalOf(frame.output, errors).text;
  return `; in ${frame.input.slice(0, 10)} of ${frame.to}, called by ${frame.from}: ${own}`;
}

/** What a negative says that should have been refused. */
export const SUCCEEDED = "it succeeded";

/** Tries what must not work, without sending it. `expected` are words of the refusals that count. */
export async function refused(
  ground: Ground,
  name: string,
  actor: Actor,
  transaction: Transaction,
  expected: readonly string[],
): Promise<void> {
  const { provider } = ground.session.fork;
  const row = { name, by: actor.role, expected: expected.join(" or ") };
  try {
    await provider.call({ from: actor.account, ...transaction });
    ground.negatives.push({ ...row, found: SUCCEEDED, isRefused: false });
  } catch (thrown) {
    const data = revertData(thrown);
    if (data === undefined) throw thrown;
    const found = refusalOf(data, ground.errors).text;
    ground.negatives.push({ ...row, found, isRefused: expected.some((word) => found.includes(word)) });
  }
}
