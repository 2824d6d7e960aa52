import { getAddress, Interface } from "ethers";
import type { ExpectFile } from "../../plan/schema";
import type { Plan } from "../../plan/types";
import { allowancesOf, assetName, balanceAt, paymentsOf, type Allowance } from "../valueFlows";
import type { BeforeAfter, ValueFlow } from "../types";
import type { CheckKind, StageRun, Subject, SubjectEvidence } from "./types";
import { fail, warn, wholeOr } from "./types";

const TOKEN = new Interface([
  "function transfer(address to, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
]);

/** Payments and allowances of stages: an upgrade moves no value but what its calls or its file say. */
export const value: CheckKind<Subject, SubjectEvidence> = {
  number: 24,
  id: "value",
  name: "stages pay nobody and allow nobody to spend, but where the plan says so",
  isRequired: true,
  begin: () => {
    const flows: ValueFlow[] = [];
    const balances: BeforeAfter[] = [];
    const allowances: (Allowance & { stage: number; asset: string })[] = [];
    return {
      async afterStage(world, run) {
        const { client } = world.session;
        const stage = run.stage.index;
        for (const payment of paymentsOf(run.trace)) {
          flows.push({ stage, asset: await assetName(client, payment.token), ...payment });
        }
        for (const allowance of allowancesOf(run.trace)) {
          allowances.push({ stage, asset: await assetName(client, allowance.token), ...allowance });
        }
        balances.push(
          ...(await balancesOf(
            world,
            run,
            flows.filter((flow) => flow.stage === stage),
          )),
        );
      },
      conclude({ runs, plan, loaded, timelock }) {
        const expect = loaded.plan.expect;
        const unplanned = flows.filter((flow) => !isPlanned(flow, plan, timelock, expect));
        const allowed = (entry: Allowance) =>
          (expect?.allowances ?? []).some(
            ({ token, owner, spender }) => token === entry.token && owner === entry.owner && spender === entry.spender,
          );
        const granted = allowances.filter((entry) => entry.amount > 0n && !allowed(entry));
        const evidence = [
          `${flows.length} payments, ${flows.length - unplanned.length} of them planned; ${allowances.length} allowances set`,
          ...unplanned.map(
            ({ stage, amount, asset, from, to }) => `stage ${stage}: ${amount} ${asset} from ${from} to ${to}`,
          ),
          ...granted.map(
            ({ stage, owner, spender, amount, asset, token }) =>
              `stage ${stage}: ${spender} may spend ${amount} ${asset} (${token}) of ${owner}`,
          ),
        ];
        const answer =
          unplanned.length > 0
            ? fail(evidence, "find out which code pays; if it is meant, state it under expect.flows")
            : granted.length > 0
              ? warn(evidence, "an allowance outlives the upgrade: state it under expect.allowances if it is meant")
              : wholeOr(runs.length === plan.stages.length, evidence);
        return { ...answer, flows, beforeAfter: balances };
      },
    };
  },
};

/** What a call of the plan says by itself, as voters read it, or what its file expects. */
function isPlanned(flow: ValueFlow, plan: Plan, timelock: string, expect: ExpectFile | undefined): boolean {
  const calls = plan.stages[flow.stage]?.calls ?? [];
  const isCalled = calls.some(({ target, value: wei, data }) => {
    if (flow.token === undefined) {
      return flow.from === timelock && flow.to === getAddress(target) && flow.amount === wei;
    }
    if (getAddress(target) !== flow.token) return false;
    const parsed = TOKEN.parseTransaction({ data });
    if (parsed === null || parsed.name === "approve") return false;
    const [from, to, amount] =
      parsed.name === "transfer" ? [timelock, ...parsed.args.toArray()] : parsed.args.toArray();
    return flow.from === from && flow.to === to && flow.amount === amount;
  });
  if (isCalled) return true;
  return (expect?.flows ?? []).some(
    ({ token, from, to, most }) =>
      token === flow.token && from === flow.from && to === flow.to && (most === undefined || flow.amount <= most),
  );
}

/** What everybody who took part in a payment had before the stage's block, and after it. */
async function balancesOf(
  { session }: Subject,
  { block }: StageRun,
  flows: readonly ValueFlow[],
): Promise<BeforeAfter[]> {
  const { client } = session;
  const holders = new Map<string, { holder: string; flow: ValueFlow }>();
  for (const flow of flows) {
    for (const holder of [flow.from, flow.to]) holders.set(`${flow.token} ${holder}`, { holder, flow });
  }
  const rows: BeforeAfter[] = [];
  for (const { holder, flow } of holders.values()) {
    const [before, after] = [
      await balanceAt(client, flow.token, holder, block - 1),
      await balanceAt(client, flow.token, holder, block),
    ];
    if (before === undefined || after === undefined || before === after) continue;
    rows.push({
      group: "balances",
      what: `${flow.asset} of ${holder}, stage ${flow.stage}`,
      before: String(before),
      after: String(after),
    });
  }
  return rows;
}
