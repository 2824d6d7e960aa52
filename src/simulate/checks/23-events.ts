import { getAddress, id, Interface } from "ethers";
import { stageIndexOf } from "../../plan/statedParts";
import { lastUpgrade } from "../../plan/pointerAfter";
import type { Plan } from "../../plan/types";
import { settledLogs } from "../../trace/settledFrames";
import type { TracedLog } from "../../trace/types";
import type { Subject, SubjectEvidence } from "./types";
import { concluding, fail, warn, wholeOr } from "./types";

interface ExpectedEvent {
  stage: number;
  account?: string;
  topic: string;
  /** Where it is told: an argument that the event carries as its first topic. */
  first?: string;
  text: string;
}

const UPGRADED = "Upgraded(address)";

/** What stages log, against what follows from their calls and, where the plan file lists it, against its list. */
export const events = concluding<SubjectEvidence, Subject>(
  { number: 23, id: "events", name: "stages log what their calls say, and what the plan file expects" },
  (evidence) => {
    const { runs, plan, loaded, registry, timelock, built } = evidence;
    const books = new Set([registry.address, timelock].map((account) => getAddress(account)));
    const found = runs.flatMap(({ stage, trace }) =>
      settledLogs(trace.root)
        .filter(({ address }) => !books.has(address))
        .map((log) => ({ log, stage: stage.index, isMet: false })),
    );
    const derived = upgradesOf(plan, evidence);
    const stated = (loaded.plan.expect?.events ?? []).map(({ stage, event, account }, i): ExpectedEvent => ({
      stage: stageIndexOf(plan.stages, stage, loaded.where("expect", "events", i, "stage")),
      account,
      topic: id(event),
      text: event,
    }));
    const isReached = ({ stage }: ExpectedEvent) => stage < runs.length;
    // What is stated may be what is derived: each log meets one of either list.
    const missing = [...missingOf(derived.filter(isReached), found), ...missingOf(stated.filter(isReached), found)];
    const extra = stated.length === 0 ? [] : found.filter(({ isMet }) => !isMet);
    const names = namesOf(built.abis.known);
    const lines = [
      `${found.length} events, ${derived.length + stated.length} expected`,
      ...missing.map(
        ({ stage, text, account }) => `stage ${stage}: no ${text}${account === undefined ? "" : ` of ${account}`}`,
      ),
      ...extra.map(({ stage, log }) => `stage ${stage}: ${names(log)} of ${log.address}, which nobody expects`),
    ];
    if (missing.length > 0) return fail(lines, "the calls of that stage do something else than they say");
    if (extra.length > 0) return warn(lines, "add it to expect.events, or find out what logs it");
    return wholeOr(runs.length === plan.stages.length, lines);
  },
);

/** The upgrade of each proxy that a stage upgrades by a call. */
function upgradesOf(plan: Plan, { notes }: Pick<Subject, "notes">): ExpectedEvent[] {
  return plan.stages.flatMap((stage, index) =>
    notes.initial.flatMap(({ account }): ExpectedEvent[] => {
      const implementation = lastUpgrade(stage.calls, account);
      if (implementation === undefined) return [];
      return [
        { stage: index, account, topic: id(UPGRADED), first: implementation, text: `${UPGRADED} to ${implementation}` },
      ];
    }),
  );
}

function missingOf(
  expected: readonly ExpectedEvent[],
  found: { log: TracedLog; stage: number; isMet: boolean }[],
): ExpectedEvent[] {
  const used = new Set<unknown>();
  return expected.filter(({ stage, account, topic, first }) => {
    const met = found.find(
      (entry) =>
        !used.has(entry) &&
        entry.stage === stage &&
        entry.log.topics[0] === topic &&
        (account === undefined || entry.log.address === getAddress(account)) &&
        (first === undefined || BigInt(entry.log.topics[1] ?? entry.log.data) === BigInt(first)),
    );
    if (met === undefined) return true;
    used.add(met);
    met.isMet = true;
    return false;
  });
}

function namesOf(known: readonly Interface[]): (log: TracedLog) => string {
  return ({ topics }) => {
    for (const abi of known) {
      const event = topics[0] === undefined ? null : abi.getEvent(topics[0]);
      if (event !== null) return event.format("sighash");
    }
    return `an event with topic ${topics[0] ?? "none"}`;
  };
}
