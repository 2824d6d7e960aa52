import { formatEther } from "ethers";
import type { RehearsalStep } from "../types";
import { concluding, fail, pass, warn, type Evidence } from "./types";

/** Fees move between the pinned block and the day. */
const MARGIN = 2n;

/** Who pays: the timelock what the calls send, and each actor the gas of what it did here. Anybody's steps are anybody's to pay. */
export const funds = concluding(
  { number: 11, id: "funds", name: "the timelock holds what the calls send, and each actor its gas money" },
  async (evidence) => {
    const { remote, session, plan, timelock, steps } = evidence;
    const { block } = session.fork;
    const batches = { stages: plan.stages, "ways back": plan.rollbacks, containments: plan.containments };
    const sums = Object.entries(batches).map(
      ([name, all]) => [name, all.flatMap(({ calls }) => calls).reduce((sum, { value }) => sum + value, 0n)] as const,
    );
    const balance = await remote.provider.getBalance(timelock, block);
    const lines = [
      `the timelock holds ${formatEther(balance)} ether; ${sums.map(([name, sum]) => `${name} send ${formatEther(sum)}`).join(", ")}`,
    ];
    const price = ((await remote.provider.getBlock(block))?.baseFeePerGas ?? 0n) * MARGIN;
    const poor = await shortOfGas(evidence, price);
    lines.push(
      `gas at ${price} wei, twice the pinned block's fee: ${formatEther(price * steps.reduce((sum, { gasUsed }) => sum + gasUsed, 0n))} ether in all`,
      ...poor,
    );
    if (sums.some(([, sum]) => sum > balance)) {
      return fail(
        lines,
        "fund the timelock before the stage, or let whoever advances send the value along; nothing here checks that they will",
      );
    }
    return poor.length > 0 ? warn(lines, "send them gas money before it is their turn") : pass(...lines);
  },
);

async function shortOfGas({ remote, session, steps }: Evidence, price: bigint): Promise<string[]> {
  const { block } = session.fork;
  const spent = new Map<string, { by: RehearsalStep["by"]; gas: bigint }>();
  for (const { account, by, gasUsed } of steps) {
    if (by === "stranger") continue;
    spent.set(account, { by, gas: (spent.get(account)?.gas ?? 0n) + gasUsed });
  }
  const found = await Promise.all(
    [...spent].map(async ([account, { by, gas }]) => {
      const [has, code] = await Promise.all([
        remote.provider.getBalance(account, block),
        remote.provider.getCode(account, block),
      ]);
      // A contract acts in a transaction that somebody else sends.
      if (code !== "0x" || has >= gas * price) return [];
      return [`${by} ${account} has ${formatEther(has)} ether, and its steps cost ${formatEther(gas * price)}`];
    }),
  );
  return found.flat();
}
