import { derivedAddress } from "../../chain/simulateSequence";
import { fuzz as run, type FuzzNotes } from "../fuzz/fuzz";
import { Watch } from "../fuzz/watch";
import { openAnvilFork } from "../openFork";
import { fail, pass, skip, unknown, warn, type CheckKind, type CheckRun, type StageRun, type World } from "./types";

/** Generated accounts with no office among the senders. */
const STRANGERS = 2;
/** As many of each kind of account send calls: with more, few would follow one another. */
const OF_EACH = 3;

/** Random calls of old and new functions under the cited invariants, once the last stage has run. */
export const fuzz: CheckKind = {
  number: 37,
  id: "fuzz",
  name: "no random sequence of calls breaks on the candidate what it does not break on stable",
  isRequired: true,
  begin: () => new FuzzRun(),
};

class FuzzRun implements CheckRun {
  private notes?: FuzzNotes;

  async afterStage(world: World, { stage }: StageRun): Promise<void> {
    const { options, session, plan, loaded, module, journeys, actors, built, invariants, timelock } = world;
    const calls = options.fuzz ?? 0;
    if (stage.index !== plan.stages.length - 1 || calls === 0 || invariants.length === 0) return;
    const users = [...new Set(journeys.flatMap((journey) => journey.users))];
    const officers = [actors.proposer, ...actors.incident, ...actors.electors.map(({ account }) => account)];
    const strangers = Array.from({ length: STRANGERS }, (_, i) => derivedAddress(`slipway.rehearsal.fuzzer.${i}`));
    this.notes = await run({
      session,
      openStable: () => {
        const open = options.openFork ?? openAnvilFork;
        return open({ url: options.url, block: session.fork.block, root: options.root });
      },
      watch: new Watch(invariants),
      seed: options.seed ?? built.subject,
      calls,
      targets: loaded.plan.proxies ?? [module],
      senders: [...new Set([...users.slice(0, OF_EACH), ...officers.slice(0, OF_EACH), ...strangers])],
      accounts: [timelock, ...journeys.flatMap(({ steps }) => steps.map(({ target }) => target))],
      abis: built.abis,
      known: journeys.flatMap((journey) =>
        journey.steps.map((step) => ({
          from: journey.users[0]!,
          to: step.target,
          data: step.dataFor(journey.users[0]!),
          value: step.value,
        })),
      ),
    });
    world.notes.fuzz = this.notes;
  }

  conclude({ options, invariants }: World): ReturnType<CheckRun["conclude"]> {
    const { notes } = this;
    if ((options.fuzz ?? 0) === 0) return skip("no random calls were asked for (--fuzz)");
    if (invariants.length === 0) return skip("the plan cites no invariant that random calls could break");
    if (notes === undefined) return unknown([], "the rehearsal ended before its last stage; mend what ended it");
    const { seed, calls, succeeded, functions, found, known } = notes;
    const evidence = [
      `seed ${seed}, ${calls} calls of ${functions} functions, ${succeeded} went through, ${notes.invariants.length} invariants read after each`,
      ...known.map(({ invariant, left, right }) => `${invariant} breaks on stable too: left ${left}, right ${right}`),
    ];
    if (found !== undefined) {
      const { invariant, left, right, sequence, length } = found;
      const steps = sequence.map((text, i) => `${i + 1}. ${text}`);
      return fail(
        [
          ...evidence,
          `${invariant} breaks: left ${left}, right ${right}, after ${sequence.length} of ${length} calls`,
          ...steps,
        ],
        "these calls break on the candidate what holds on stable: mend it, and keep them as a test",
      );
    }
    if (succeeded === 0) return warn(evidence, "no call went through: name users who can in a journey");
    return pass(...evidence);
  }
}
