import { formatEther, getAddress, ZeroAddress } from "ethers";
import { callsOf } from "../../impact/innerCalls";
import { formatDuration } from "../../plan/units";
import { fail, pass, skip, unknown, warn, wholeOr, type CheckKind } from "../../simulate/checks/types";
import type { Answer } from "../../simulate/types";
import { callsText } from "../callsText";
import { callsBy } from "../circumstances";
import { compareSettings, settingsOf, type ChangedSetting, type Setting } from "../settings";
import type { Compared, ForeignEvidence, ForeignWorld } from "../types";

type Kind = CheckKind<ForeignWorld, ForeignEvidence>;

/** Friday evening to Monday morning. */
const WEEKEND = 63n * 3_600n;
/** A batch that so few carry is theirs, whatever the thresholds say. */
const FEW = 3;
/** Seconds before its end within which it has to be acted upon today. */
const NEAR = 86_400;

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
        const found = callsBy(trace.root, getAddress(timelock)).map(({ to, value, input }) => ({
          target: to,
          value,
          data: input,
        }));
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
      const { pending, rivals, apart } = driver.facts;
      if (rivals.length > 0) return unknown([...rivals, ...apart], "rehearse it again once that operation has run");
      const line = `${pending} other operations wait, and none calls an account of this one`;
      if (apart.length > 0) {
        return warn(
          [...apart, line],
          "make one operation of what is safe only together: scheduleBatch, or one proposal",
        );
      }
      return pending === 0 ? skip("nothing else waits") : pass(line);
    },
  }),
};

export const funds: Kind = {
  number: 11,
  id: "funds",
  name: "the executor holds what the calls send",
  isRequired: true,
  begin: () => ({
    conclude: async ({ remote, session, plan, timelock, driver }) => {
      const sum = plan.stages.flatMap(({ calls }) => calls).reduce((total, { value }) => total + value, 0n);
      const balance = await remote.provider.getBalance(timelock, session.fork.block);
      const evidence = [`the executor holds ${formatEther(balance)} ether; the calls send ${formatEther(sum)}`];
      const { sentAlong } = driver.facts;
      if (sentAlong > 0n && sentAlong === sum) {
        return pass(...evidence, "whoever executes it sends that along: the contracts take it from him");
      }
      return sum > balance
        ? fail(evidence, "fund it first, or let whoever executes send the value along")
        : pass(...evidence);
    },
  }),
};

/** One run does not know what another sender, another block and another day would have made of it. */
export const determinism: Kind = {
  number: 34,
  id: "determinism",
  name: "it does the same whoever executes it, and a day later",
  isRequired: true,
  begin: () => ({
    conclude: ({ driver, runs, plan }) => {
      const all = driver.facts.circumstances;
      const of = (key: "others" | "later" | "asked") => all.flatMap((one) => one[key]);
      const [others, later, asked] = [of("others"), of("later"), of("asked")];
      const lines = [`${all.reduce((sum, { tries }) => sum + tries, 0)} runs besides, each taken back`];
      if (others.length > 0) {
        return fail(
          [...others, ...later, ...asked, ...lines],
          "what it does depends on who looks: read the code that decides, and do not take the rehearsal for the execution",
        );
      }
      return later.length + asked.length > 0
        ? warn(
            [...later, ...asked, ...lines],
            "see in that code what it makes of it: a rehearsal is one moment of many",
          )
        : wholeOr(runs.length === plan.stages.length, lines);
    },
  }),
};

/** What decides about the next proposal, before the batch and after it. */
export const rules: Kind = {
  number: 43,
  id: "governance",
  name: "the rules by which the next proposal is decided stay as they are",
  isRequired: true,
  begin: () => {
    let before: Setting[] = [];
    let after: Setting[] | undefined;
    const read = ({ session, driver: { books, governance } }: ForeignWorld) =>
      settingsOf(session.client.provider, [governance.account, governance.executor, ...books]);
    return {
      async start(world) {
        if (world.driver.books.length > 0) before = await read(world);
      },
      async end(world) {
        if (world.notes.stages.length === world.plan.stages.length) after = await read(world);
      },
      conclude({ driver, plan }) {
        if (driver.books.length === 0) return skip("one account calls: no rules decide");
        if (after === undefined) return unknown(["it did not come to its end"], "mend what ended it");
        const changed = compareSettings(before, after);
        const named = new Set(callsOf(plan).map(({ target }) => getAddress(target)));
        const silent = changed.filter(({ account }) => !named.has(account));
        const wrong = [
          ...changed.flatMap((row) => endOf(row) ?? []),
          ...silent.map(({ account, what }) => `no call goes to ${account}, whose ${what} becomes another`),
        ];
        const lines = changed.map((row) => `${row.account}, ${row.what}: ${row.before}, then ${row.after}`);
        const contracts = new Set(before.map(({ account }) => account)).size;
        const answer =
          wrong.length > 0
            ? fail([...wrong, ...lines], "find out who decides the next proposal: its voters may not")
            : changed.length > 0
              ? warn(lines, "whoever votes for it votes for these rules too: see that they are meant")
              : pass(`${before.length} settings of ${contracts} contracts, all as before`);
        const rows = changed.map((row) => ({
          group: "parameters" as const,
          what: `${row.what} of ${row.account}`,
          before: row.before,
          after: row.after,
        }));
        return { ...answer, beforeAfter: rows };
      },
    };
  },
};

/** A rule after which nobody decides, or anybody does. */
function endOf({ account, what, after }: ChangedSetting): string | undefined {
  if (what === "proposers" && after === "") return `nobody may schedule with ${account} any more`;
  if (what === "proposers" && after.includes("anyone")) return `anyone may schedule with ${account}`;
  if (/^(quorumNumerator|quorumVotes)$/.test(what) && after === "0")
    return `${account} asks for no votes: ${what} is 0`;
  if (what === "admin" && after === ZeroAddress) return `nobody is admin of ${account}`;
  return undefined;
}
