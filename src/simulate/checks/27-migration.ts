import { fromTwos } from "ethers";
import { encodeCall, looseFunction } from "../../plan/abi";
import type { ExpectFile } from "../../plan/schema";
import { askWord, type Asked } from "../askWord";
import { fail, pass, skip, unknown, type CheckKind, type CheckRun, type SubjectEvidence } from "./types";

type Sum = NonNullable<ExpectFile["conserved"]>[number];

/** What each reading of a sum answers, or what came instead. */
type Readings = readonly (bigint | string)[];

/**
 * What a migration conserves, by the plan file: sums of readings, of the place that is left and of the place that is filled. Each is measured
 * before the first stage, after every stage, so that it holds where the migration is stopped half-way, after every way back, and at the end.
 */
export const migration: CheckKind<Asked, SubjectEvidence> = {
  number: 27,
  id: "migration",
  name: "a drain or migration conserves what it moves, also where it is stopped half-way",
  isRequired: true,
  begin: () => new MigrationRun(),
};

class MigrationRun implements CheckRun<Asked, SubjectEvidence> {
  private before: Readings[] = [];
  private readonly wrong: string[] = [];
  /** Readings that answered at some moment. */
  private readonly answered = new Set<string>();
  private moments = 0;

  async start(world: Asked): Promise<void> {
    this.before = await readingsOf(world);
    this.note(this.before);
  }

  async afterStage(world: Asked, { stage }: { stage: { index: number; label: string } }): Promise<void> {
    await this.compare(world, `after stage ${stage.index} "${stage.label}"`);
  }

  async afterRollback(world: Asked, afterStages: number): Promise<void> {
    await this.compare(world, `after the way back from stage ${afterStages - 1}`);
  }

  async end(world: Asked): Promise<void> {
    if (world.notes.final.length > 0) await this.compare(world, "at the end");
  }

  conclude({ loaded, runs, plan }: SubjectEvidence): ReturnType<CheckRun["conclude"]> {
    const sums = loaded.plan.expect?.conserved ?? [];
    if (sums.length === 0) return skip("nothing is stated that a migration conserves (expect.conserved)");
    if (this.wrong.length > 0) {
      return fail(this.wrong, "find what is lost or made between the readings; what is meant is stated as a tolerance");
    }
    const silent = sums.flatMap(({ name, sum }, i) =>
      sum.flatMap(({ call }, j) => (this.answered.has(`${i} ${j}`) ? [] : [`${name}: ${call} never answers a number`])),
    );
    if (silent.length > 0) return unknown(silent, "state a reading that answers, and its target");
    if (runs.length < plan.stages.length) {
      return unknown(["the rehearsal ended before the last stage"], "see the lifecycle; mend what ended it");
    }
    const totals = sums.map(({ name }, i) => `${name}: ${totalOf(this.before[i]!)} before the plan`);
    return pass(...totals, `measured at ${this.moments} moments of the plan, and the same at each`);
  }

  private async compare(world: Asked, moment: string): Promise<void> {
    const sums = world.loaded.plan.expect?.conserved ?? [];
    if (sums.length === 0) return;
    this.moments++;
    const now = await readingsOf(world);
    this.note(now);
    sums.forEach((sum, i) => this.wrong.push(...differences(sum, this.before[i]!, now[i]!, moment)));
  }

  private note(all: readonly Readings[]): void {
    all.forEach((readings, i) =>
      readings.forEach((one, j) => typeof one === "bigint" && this.answered.add(`${i} ${j}`)),
    );
  }
}

/** Where a sum is not what it was. A reading that was none before counts as nothing; one that is none any more is told. */
export function differences(
  { name, sum, tolerance = { amount: 0n, bps: 0 } }: Sum,
  before: Readings,
  now: Readings,
  moment: string,
): string[] {
  const gone = sum.flatMap(({ call }, i) => {
    const one = now[i]!;
    return typeof one === "string" && typeof before[i] === "bigint"
      ? [`${name}: ${call} gives ${one} ${moment}, it was ${before[i]}`]
      : [];
  });
  if (gone.length > 0) return gone;
  const [old, fresh] = [totalOf(before), totalOf(now)];
  const apart = fresh > old ? fresh - old : old - fresh;
  const most = tolerance.amount + ((old < 0n ? -old : old) * BigInt(tolerance.bps)) / 10_000n;
  if (apart <= most) return [];
  return [`${name}: ${old} before the plan, ${fresh} ${moment}: ${apart} ${fresh > old ? "more" : "less"}`];
}

function totalOf(readings: Readings): bigint {
  return readings.reduce<bigint>((total, one) => (typeof one === "bigint" ? total + one : total), 0n);
}

function readingsOf(world: Asked): Promise<Readings[]> {
  const sums = world.loaded.plan.expect?.conserved ?? [];
  return Promise.all(
    sums.map(({ sum }, i) =>
      Promise.all(
        sum.map(async ({ target, call, args = [] }, j) => {
          const where = world.loaded.where("expect", "conserved", i, "sum", j);
          const fragment = looseFunction(call, where);
          const word = await askWord(world, { target, data: encodeCall(fragment, args, where) });
          const isSigned = fragment.outputs[0]?.type.startsWith("int") === true;
          return typeof word === "bigint" && isSigned ? fromTwos(word, 256) : word;
        }),
      ),
    ),
  );
}
