import { formatEther, getAddress } from "ethers";
import { formatDuration } from "../../plan/units";
import { fail, pass, skip, starting, unknown, warn, type CheckKind } from "../../simulate/checks/types";
import type { Answer } from "../../simulate/types";
import type { TracedCall } from "../../trace/types";
import { callsText } from "../callsText";
import type { Compared, ForeignEvidence, ForeignWorld } from "../types";

type Kind = CheckKind<ForeignWorld, ForeignEvidence>;

/** Friday evening to Monday morning. */
const WEEKEND = 63n * 3_600n;
/** A batch that so few carry is theirs, whatever the thresholds say. */
const FEW = 3;
/** Seconds before its end within which it has to be acted upon today. */
const NEAR = 86_400;

export const provenance = starting<ForeignWorld, ForeignEvidence>(
  {
    number: 1,
    id: "provenance",
    name: "what is given, chain and fork are of one chain, and the fork is of one of its blocks",
  },
  async ({ session, remote, stated, tool }) => {
    const { fork } = session;
    const [there, here, pinned, copied] = await Promise.all([
      remote.provider.getNetwork(),
      fork.provider.getNetwork(),
      remote.provider.getBlock(fork.block),
      fork.provider.getBlock(fork.block),
    ]);
    const chains: [string, bigint | undefined][] = [
      ["the chain", there.chainId],
      ["the fork", here.chainId],
      ["the file", stated?.chainId],
    ];
    const evidence = [
      `chain id of ${chains.flatMap(([where, id]) => (id === undefined ? [] : [`${where}: ${id}`])).join(", of ")}`,
      `block ${fork.block}, ${fork.blockHash}`,
      `${tool} on ${fork.engine}`,
    ];
    if (new Set(chains.flatMap(([, id]) => id ?? [])).size > 1) {
      return fail(evidence, "the file was made for another chain: use the network that it names");
    }
    if (pinned?.hash == null)
      return unknown(
        [...evidence, `the chain does not know block ${fork.block}`],
        "use an endpoint that keeps that block",
      );
    return pinned.hash === fork.blockHash && (copied?.hash ?? fork.blockHash) === fork.blockHash
      ? pass(...evidence)
      : fail(
          [...evidence, `the chain's block ${fork.block}: ${pinned.hash}`],
          "the chain was reorganised since: fork a block that is final",
        );
  },
);

/** The calls of an account, the outermost ones: what is inside of them is theirs. */
function callsBy(frame: TracedCall, account: string): { target: string; value: bigint; data: string }[] {
  if (frame.type === "CALL" && frame.from === account)
    return [{ target: frame.to, value: frame.value, data: frame.input }];
  return frame.calls.flatMap((inner) => callsBy(inner, account));
}

/** From the bytes that ran, everything anew. */
export const integrity: Kind = {
  number: 2,
  id: "integrity",
  name: "what runs is what was proposed, byte by byte, and every id recomputes from it",
  isRequired: true,
  begin: () => {
    const ran: Compared[] = [];
    return {
      afterStage: ({ driver, plan, timelock }, { stage, trace }) => {
        const found = callsBy(trace.root, getAddress(timelock));
        const own = found.filter(
          ({ target }) => !isCallBack(driver.governance.account, driver.books, target, plan.stages[stage.index]!.calls),
        );
        ran.push({
          what: `calls of the executor, ${stage.label}`,
          expected: callsText(plan.stages[stage.index]!.calls),
          found: callsText(own),
        });
        return Promise.resolve();
      },
      conclude: ({ driver, plan, runs }) => {
        const all = [...driver.facts.hashes, ...ran];
        const wrong = all.filter(({ expected, found }) => expected !== found);
        const evidence = all.map(({ what, found }) => `${what}: ${found}`);
        if (driver.facts.faults.length > 0)
          return fail([...driver.facts.faults, ...evidence], "do not sign it as it is");
        if (wrong.length > 0) {
          return fail(
            [...wrong.map(({ what, expected, found }) => `${what}: expected ${expected}, found ${found}`), ...evidence],
            "do not vote or sign: find out who computes or sends other bytes",
          );
        }
        return runs.length === plan.stages.length
          ? pass(...evidence)
          : unknown(evidence, "nothing ran: mend what ended it");
      },
    };
  },
};

/** A call that the governance's own contracts make of each other, and the batch does not. */
function isCallBack(
  account: string,
  books: readonly string[],
  target: string,
  calls: readonly { target: string }[],
): boolean {
  const isOwn = [account, ...books].some((one) => getAddress(one) === getAddress(target));
  return isOwn && !calls.some((call) => getAddress(call.target) === getAddress(target));
}

export const onChain: Kind = {
  number: 3,
  id: "on-chain",
  name: "what the chain keeps of the proposal is what was announced",
  isRequired: true,
  begin: () => ({
    conclude: ({ driver }) => {
      const { facts, governance } = driver;
      if (governance.state === "new") return skip("not proposed at the pinned block");
      const wrong = facts.stored.filter(({ expected, found }) => expected !== found);
      const evidence = facts.stored.map(({ what, found }) => `${what}: ${found}`);
      return wrong.length === 0
        ? pass(...evidence)
        : fail(
            [...wrong.map(({ what, expected, found }) => `${what}: expected ${expected}, found ${found}`), ...evidence],
            "what was announced is not what would run: do not vote for it",
          );
    },
  }),
};

export const quorum: Kind = {
  number: 7,
  id: "quorum",
  name: "those who can decide today can carry it, and they are more than a few",
  isRequired: true,
  begin: () => ({
    conclude: ({ driver, failure }) => {
      const { votes } = driver.facts;
      if (votes === undefined) {
        return failure === undefined
          ? skip("nobody votes: whoever holds the keys or the role decides")
          : unknown(["the rehearsal did not get to the vote"], "mend what ended it");
      }
      const held = votes.voters.reduce((sum, voter) => sum + voter.votes, 0n);
      let sum = votes.cast.inFavour;
      const carrying = votes.voters.findIndex((voter) => (sum += voter.votes) >= votes.quorum) + 1;
      const evidence = [
        `${votes.voters.length} accounts hold ${held} ${votes.unit}${votes.supply === undefined ? "" : ` of ${votes.supply}`}; the quorum is ${votes.quorum}`,
        `cast at the pinned block: ${votes.cast.inFavour} in favour, ${votes.cast.against} against`,
        ...(carrying === 0 ? [] : [`the strongest ${carrying} carry it`]),
      ];
      if (held < votes.quorum)
        return warn(
          [...evidence, "the quorum is out of reach"],
          "holders have to delegate, or name those whom events do not tell of: --delegates",
        );
      return carrying > 0 && carrying < FEW
        ? warn(evidence, `fewer than ${FEW} accounts decide: ask whether that is what the votes are for`)
        : pass(...evidence);
    },
  }),
};

export const delays: Kind = {
  number: 8,
  id: "delays",
  name: "delay, windows and grace are what the rules say, and outlast a weekend",
  isRequired: true,
  begin: () => ({
    conclude: ({ driver, session }): Answer => {
      const { delays: found } = driver.facts;
      if (found === undefined) return skip("nothing waits: it runs as soon as it is decided");
      const { delay, waited, why, windows, expires } = found;
      const short = windows.filter(({ seconds }) => seconds < WEEKEND);
      const left = expires === undefined ? undefined : expires - session.fork.blockTime;
      const evidence = [
        `delay: ${formatDuration(delay)} (${why})${waited === undefined ? "" : `; waited ${formatDuration(waited)}`}`,
        ...windows.map(({ name, seconds }) => `${name}: ${formatDuration(seconds)}`),
      ];
      // A queue in the block of its own time is a second late here.
      if (waited !== undefined && waited + 2n < delay && driver.governance.state === "new") {
        return fail(evidence, "it ran sooner than the timelock's rules say");
      }
      const lines = [
        ...(delay === 0n ? ["no delay: nobody can leave before it takes effect"] : []),
        ...short.map(({ name }) => `${name}: may begin and end within a weekend`),
        ...(left !== undefined && left < NEAR
          ? [`it can be executed for ${formatDuration(BigInt(Math.max(0, left)))} more`]
          : []),
      ];
      return lines.length === 0
        ? pass(...evidence)
        : warn([...lines, ...evidence], "see that those who would object are awake, and have the time to");
    },
  }),
};

export const nonces: Kind = {
  number: 10,
  id: "nonces",
  name: "nonces are current, and nothing queued moves the same accounts",
  isRequired: true,
  begin: () => ({
    conclude: ({ driver }) => {
      const { rivals, counters, pending } = driver.facts;
      const evidence = [...counters, `${pending} other operations wait`];
      return rivals.length === 0
        ? pass(...evidence)
        : warn([...rivals, ...evidence], "whichever runs first changes what the other finds: agree on the order");
    },
  }),
};

/** The other operations are not run: their salt and their callers are theirs. */
export const stack: Kind = {
  number: 32,
  id: "stack",
  name: "what else waits does not move the same accounts",
  isRequired: true,
  begin: () => ({
    conclude: ({ driver }) => {
      const { pending, rivals } = driver.facts;
      if (pending === 0) return skip("nothing else waits");
      return rivals.length === 0
        ? pass(`${pending} other operations wait, and none calls an account of this one`)
        : unknown(rivals, "rehearse it again once that operation has run");
    },
  }),
};

export const funds: Kind = {
  number: 11,
  id: "funds",
  name: "the executor holds what the calls send",
  isRequired: true,
  begin: () => ({
    conclude: async ({ remote, session, plan, timelock }) => {
      const sum = plan.stages.flatMap(({ calls }) => calls).reduce((total, { value }) => total + value, 0n);
      const balance = await remote.provider.getBalance(timelock, session.fork.block);
      const evidence = [`the executor holds ${formatEther(balance)} ether; the calls send ${formatEther(sum)}`];
      return sum > balance
        ? fail(evidence, "fund it first, or let whoever executes send the value along")
        : pass(...evidence);
    },
  }),
};
