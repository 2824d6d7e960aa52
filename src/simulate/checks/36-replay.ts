import { openAnvilFork } from "../openFork";
import { replay as run, type ReplayNotes } from "../replay/replay";
import { fail, pass, skip, unknown, warn, type CheckKind, type CheckRun, type World } from "./types";

/** A candidate whose median transaction costs more than this many percent of stable's. */
const HIGH_GAS = 120;

/** Recorded transactions on stable and on candidate, side by side. */
export const replay: CheckKind = {
  number: 36,
  id: "replay",
  name: "recorded transactions come out on the candidate as they did on stable",
  isRequired: true,
  begin: () => new ReplayRun(),
};

class ReplayRun implements CheckRun {
  private notes?: ReplayNotes;

  async start(world: World): Promise<void> {
    const { options, session, built, plan, timelock, module, remote, registry, errors, expectedErrors } = world;
    const source = options.replay;
    if (source === undefined || source === 0) return;
    this.notes = await run({
      remote,
      url: options.url,
      root: options.root,
      openFork: options.openFork ?? openAnvilFork,
      source,
      block: session.fork.block,
      deployed: session.client,
      deployments: built.deployments.map(({ address }) => address),
      plan,
      timelock,
      module,
      governance: [registry.address, timelock],
      errors,
      expectedErrors,
    });
    world.notes.replay = this.notes;
    session.note({
      kind: "impersonation",
      account: timelock,
      as: "the timelock, on the candidate's fork of the replay",
    });
    session.note({ kind: "crowd", count: this.notes.senders, as: "recorded senders of the replay", wei: 10n ** 24n });
  }

  conclude(): ReturnType<CheckRun["conclude"]> {
    const { notes } = this;
    if (notes === undefined) return skip("no replay was asked for (--replay with a number of blocks, or a file)");
    const evidence = evidenceOf(notes);
    if (notes.failure !== undefined) {
      return unknown(
        [...evidence, notes.failure],
        "replay fewer blocks: the plan's calls need the chain as it is today",
      );
    }
    if (notes.transactions === 0)
      return unknown(evidence, "nobody used the module in these blocks: replay more of them");
    const { revert = 0, value = 0, accepts = 0, reason = 0, returned = 0, events = 0 } = notes.kinds;
    if (revert + value > 0) {
      return fail(
        evidence,
        "users whose transactions went through are refused, or other amounts move: mend the candidate",
      );
    }
    const isDearer = notes.gas.candidate.p50 * 100 > notes.gas.stable.p50 * HIGH_GAS;
    const isOther = accepts + reason + returned + events > 0 || (notes.words?.length ?? 0) > 0;
    return isOther || isDearer
      ? warn(evidence, "read each difference, and say in the proposal why it is meant")
      : pass(...evidence);
  }
}

function evidenceOf(notes: ReplayNotes): string[] {
  const { source, base, transactions, leftOut, same, kinds, rows, more, gas, words, moreWords } = notes;
  const counts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  const quantiles = (of: "stable" | "candidate") => `p50 ${gas[of].p50}, p90 ${gas[of].p90}, p99 ${gas[of].p99}`;
  return [
    `${source} from block ${base + 1}: ${transactions} transactions, ${same} the same${leftOut === 0 ? "" : `, ${leftOut} of governance left out`}`,
    ...(counts.length === 0 ? [] : [`differences: ${counts.join(", ")}`]),
    `gas on stable ${quantiles("stable")}; on candidate ${quantiles("candidate")}`,
    words === undefined ? "storage not traced" : `${words.length + moreWords} words of the module differ at the end`,
    ...rows.slice(0, 5).map(({ transaction, selector, differences }) => {
      const found = differences.map(
        ({ kind, text, isExpected }) => `${kind}${isExpected ? " (expected)" : ""} ${text}`,
      );
      return `${transaction} ${selector}: ${found.join("; ")}`;
    }),
    ...(rows.length + more > 5 ? [`${rows.length + more - 5} transactions more with differences`] : []),
  ];
}
