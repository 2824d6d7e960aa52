import { compareRuns } from "../journeys/compareJourneys";
import { Crowd } from "../journeys/crowd";
import { runJourneys } from "../journeys/runJourneys";
import type { JourneyDifference, JourneyNotes, JourneyRun, LoadRun } from "../journeys/types";
import { TRANSACTION_GAS } from "../sendAs";
import { fail, pass, skip, unknown, warn, type CheckKind, type CheckRun, type World } from "./types";

/** Of these kinds is a difference that nobody would want. */
const BAD = ["revert", "loss", "unexpected"];
/** Many users in a row may cost the last one this many percent of what the first pays. */
const GROWTH = 120n;

/** What users do, before the plan, after every stage and at its end. */
export const journeys: CheckKind = {
  number: 26,
  id: "journeys",
  name: "users do after every stage what they did before the plan, for as much and as little gas",
  isRequired: true,
  begin: () => new JourneysRun(),
};

class JourneysRun implements CheckRun {
  private readonly notes: JourneyNotes = { differences: [], runs: [], load: [], idle: [] };
  private stable: JourneyRun[] = [];
  private isOver = false;

  async start(world: World): Promise<void> {
    if (world.journeys.length === 0) return;
    world.notes.journeys = this.notes;
    this.stable = await this.run(world, "before the plan");
    for (const { journey, user, steps } of this.stable) {
      for (const { text, isOk, error } of steps) {
        if (!isOk) this.notes.idle.push(`${journey} of ${user}, ${text}: ${error?.text} before the plan`);
      }
    }
    await this.load(world, "before the plan");
  }

  async afterStage(world: World, { stage }: { stage: { label: string } }): Promise<void> {
    if (world.journeys.length > 0) this.compare(world, await this.run(world, `after "${stage.label}"`), false);
  }

  async end(world: World): Promise<void> {
    // Where the lifecycle ended early there is no end to compare with.
    if (world.journeys.length === 0 || world.notes.final.length === 0) return;
    this.compare(world, await this.run(world, "at the end"), true);
    await this.load(world, "at the end");
    this.isOver = true;
  }

  conclude(): ReturnType<CheckRun["conclude"]> {
    const { differences, runs, load, idle } = this.notes;
    if (this.stable.length === 0) return skip("the plan states no journeys: what users do was not tried");
    const unexpected = differences.filter(({ isExpected }) => !isExpected);
    const bad = unexpected.filter(({ kind }) => BAD.includes(kind));
    const odd = unexpected.filter(({ kind }) => !BAD.includes(kind));
    const { stuck, growing } = judgeLoad(load);
    const evidence = [
      ...runs.map(({ moment, users, reverted }) => `${moment}: ${users} journeys, ${reverted} with a revert`),
      ...differences.map(differenceText),
      ...idle,
      ...[...stuck, ...growing],
    ];
    if (bad.length > 0 || stuck.length > 0) {
      return fail(evidence, "users lose what they could do or had: mend the candidate, or state the error as expected");
    }
    if (!this.isOver)
      return unknown(evidence, "the rehearsal ended before everybody met the candidate; mend what ended it");
    if (idle.length > 0) return warn(evidence, "a step that fails before the plan proves little: state it with expect");
    return odd.length + growing.length > 0
      ? warn(evidence, "read whether these differences are meant, and say so in the proposal")
      : pass(...evidence);
  }

  private async run({ session, journeys: all, errors }: World, moment: string): Promise<JourneyRun[]> {
    const runs = await runJourneys(session, all, errors, moment);
    const reverted = runs.filter(({ steps }) => steps.some(({ isOk }) => !isOk)).length;
    this.notes.runs.push({ moment, journeys: all.length, users: runs.length, reverted });
    return runs;
  }

  private compare({ journeys: all, expectedErrors }: World, runs: readonly JourneyRun[], isLast: boolean): void {
    runs.forEach((run, i) => {
      const journey = all.find(({ name }) => name === run.journey)!;
      this.notes.differences.push(...compareRuns(this.stable[i]!, run, { journey, expectedErrors, isLast }));
    });
  }

  private async load({ session, journeys: all, errors, expectedErrors }: World, moment: string): Promise<void> {
    const crowd = new Crowd(session, errors);
    for (const journey of all) this.notes.load.push(await crowd.load(journey, moment, expectedErrors));
  }
}

/** More users who cannot than before the plan; the last user paying much more than the first, and more than before. */
function judgeLoad(load: readonly LoadRun[]): { stuck: string[]; growing: string[] } {
  const found = { stuck: [] as string[], growing: [] as string[] };
  const before = new Map(load.filter(({ moment }) => moment === "before the plan").map((row) => [row.journey, row]));
  for (const row of load.filter(({ moment }) => moment === "at the end")) {
    const was = before.get(row.journey);
    if (was === undefined) continue;
    if (row.failed > was.failed) {
      found.stuck.push(`${row.journey}: ${row.failed} of ${row.users} users fail, ${was.failed} before: ${row.error}`);
    }
    const isFlat = row.lastGas * 100n <= row.firstGas * GROWTH || row.lastGas <= was.lastGas;
    if (!isFlat) {
      found.growing.push(
        `${row.journey}: gas grows with users, ${row.firstGas} to ${row.lastGas} of ${TRANSACTION_GAS} within ${row.users}`,
      );
    }
  }
  return found;
}

export function differenceText({ journey, user, moment, kind, text, isExpected }: JourneyDifference): string {
  return `${moment}, ${journey} of ${user}: ${kind}${isExpected ? " (expected)" : ""}, ${text}`;
}
