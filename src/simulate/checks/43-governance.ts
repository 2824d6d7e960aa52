import { Interface, zeroPadValue } from "ethers";
import { hashPlan } from "../../plan/eip712";
import type { Plan } from "../../plan/types";
import { decodeRevert } from "../../chain/decodeRevert";
import { revertData } from "../../registry/decodeRevert";
import { proposalCall } from "../../registry/propose";
import { readHeader } from "../../registry/readElectorate";
import { fewest } from "../readActors";
import { fail, pass, skip, type CheckKind, type World } from "./types";

const VOTES = new Interface([
  "function getVotes(address) view returns (uint256)",
  "function getCurrentVotes(address) view returns (uint96)",
  "function totalSupply() view returns (uint256)",
]);

/** Whether the plan that would mend this one can still be proposed and carried: asked at the end, and nothing is sent. */
export const governance: CheckKind = {
  number: 43,
  id: "governance",
  name: "after the plan the next one can still be proposed, and those who vote can carry it",
  isRequired: true,
  begin: () => {
    let wrong: string[] | undefined;
    let lines: string[] = [];
    return {
      async end(world) {
        if (world.notes.final.length === 0) return;
        const proposing = await proposeNext(world);
        const carrying = world.actors.isToken ? await tokenPower(world) : { lines: [], wrong: [] };
        lines = [...proposing.lines, ...carrying.lines];
        wrong = [...proposing.wrong, ...carrying.wrong];
      },
      conclude() {
        if (wrong === undefined) return skip("the rehearsal ended before the plan did");
        return wrong.length > 0
          ? fail([...wrong, ...lines], "this would be the last plan: mend it, or hand governance over first")
          : pass(...lines);
      },
    };
  },
};

interface Found {
  lines: string[];
  wrong: string[];
}

/** The same plan once more, on the versions that this one leaves. */
async function proposeNext({ registry, session, plan, actors, notes }: World): Promise<Found> {
  const next: Plan = {
    ...plan,
    nonce: plan.nonce + 1n,
    targets: plan.targets.map((target, i) => ({
      ...target,
      baseVersion: BigInt(notes.final[i]?.version ?? target.baseVersion),
    })),
  };
  const data = registry.iface.encodeFunctionData(...(await proposalCall(registry, next)));
  try {
    await session.client.provider.call({ from: actors.proposer, to: registry.address, data });
    return { lines: [`the next plan, ${hashPlan(next, registry.domain)}, may be proposed`], wrong: [] };
  } catch (thrown) {
    const error = revertData(thrown);
    if (error === undefined) throw thrown;
    return { lines: [], wrong: [`the next plan cannot be proposed: ${decodeRevert(error, [registry.iface])}`] };
  }
}

/** What those who carried this plan hold now, of what there is now: a plan may move the very token that votes. */
async function tokenPower({ session, actors, registry }: World): Promise<Found> {
  const { provider } = session.client;
  const [pointer] = (await registry.contract.getFunction("electorate").staticCall()) as [string];
  const header = await readHeader(registry, pointer);
  if (header.token === undefined) return { lines: [], wrong: [] };
  const { token } = header.token;
  const ask = async (name: string, account?: string): Promise<bigint | undefined> => {
    const data = VOTES.getFunction(name)!.selector + (account === undefined ? "" : zeroPadValue(account, 32).slice(2));
    const answer = await provider.call({ to: token, data }).catch(() => "0x");
    return answer.length === 66 ? BigInt(answer) : undefined;
  };
  const supply = await ask("totalSupply");
  // As many of the strongest as carried this plan; the next one needs no more.
  const carriers = fewest(actors, actors.policy.quorum, actors.policy.minVoters);
  const powers = await Promise.all(
    carriers.map(
      async ({ account }) => (await ask("getVotes", account)) ?? (await ask("getCurrentVotes", account)) ?? 0n,
    ),
  );
  const held = powers.reduce((sum, power) => sum + power, 0n);
  if (supply === undefined) return { lines: [], wrong: [`${token} does not tell its supply any more`] };
  const [least, of] = actors.policy.quorum;
  const lines = [`the ${carriers.length} strongest delegates hold ${held} of ${supply}, the quorum is ${least}/${of}`];
  return held * of < supply * least
    ? { lines, wrong: ["the quorum is out of reach after the plan"] }
    : { lines, wrong: [] };
}
