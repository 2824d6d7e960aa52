import { AbiCoder, type ParamType } from "ethers";
import { NATIVE } from "./runJourneys";
import type { Journey, JourneyDifference, JourneyRun, StepRun } from "./types";

/** More than this many percent of the gas before the plan is worth a warning. */
const HIGH_GAS = 120n;
const BASIS = 10_000n;

export interface Comparison {
  journey: Journey;
  /** Errors that the plan says it brings. */
  expectedErrors: readonly string[];
  /** The plan is complete: everybody meets the candidate, and what costs more now costs more for good. */
  isLast: boolean;
}

/** Where a run differs from the run of the same user before the plan. */
export function compareRuns(stable: JourneyRun, now: JourneyRun, comparison: Comparison): JourneyDifference[] {
  const { journey, expectedErrors, isLast } = comparison;
  const found: JourneyDifference[] = [];
  const note = (kind: JourneyDifference["kind"], text: string, isExpected = false) =>
    found.push({ journey: now.journey, user: now.user, moment: now.moment, kind, text, isExpected });

  for (const [i, step] of now.steps.entries()) {
    const was = stable.steps[i]!;
    const { expect, outputs } = journey.steps[i]!;
    const outcome = outcomeOf(step);
    if (expect !== undefined && outcome === expect) continue;
    if (expect !== undefined && isLast)
      note("unexpected", `${step.text}: expected ${expect}, found ${errorText(step)}`);
    else if (outcome !== outcomeOf(was) && outcome !== "ok") {
      const isExpected = expectedErrors.includes(outcome);
      note("revert", `${step.text}: ${errorText(was)} before, ${errorText(step)}`, isExpected);
    }
    if (!isLast || !step.isOk || !was.isOk) continue;
    if (step.gasUsed * 100n > was.gasUsed * HIGH_GAS)
      note("gas", `${step.text}: gas ${was.gasUsed} before, ${step.gasUsed}`);
    if (!isSameOutput(was.output, step.output, outputs, journey.tolerance)) {
      note("returned", `${step.text}: returned ${shown(was.output, outputs)} before, ${shown(step.output, outputs)}`);
    }
    if (was.events.join() !== step.events.join()) {
      note("events", `${step.text}: ${was.events.length} events before, ${step.events.length}, or others`);
    }
  }
  // Who was refused on purpose has kept what it had.
  const isRefused = now.steps.some((step, i) => outcomeOf(step) !== outcomeOf(stable.steps[i]!));
  if (!isRefused) for (const text of losses(stable, now, journey.tolerance)) note("loss", text);
  return found;
}

function losses(stable: JourneyRun, now: JourneyRun, tolerance: number): string[] {
  const amountOf = ({ changes }: JourneyRun, asset: string) =>
    changes.find((change) => change.asset === asset)?.amount ?? 0n;
  const assets = new Set([...stable.changes, ...now.changes].map(({ asset }) => asset));
  return [...assets].flatMap((asset) => {
    const [was, is] = [amountOf(stable, asset), amountOf(now, asset)];
    const slack = ((was < 0n ? -was : was) * BigInt(tolerance)) / BASIS;
    if (is >= was - slack) return [];
    return [`${asset === NATIVE ? "wei" : `token ${asset}`}: ${signed(was)} before, ${signed(is)}`];
  });
}

export function outcomeOf({ isOk, error }: StepRun): string {
  return isOk ? "ok" : (error?.name ?? "Revert");
}

function errorText({ isOk, error }: StepRun): string {
  return isOk ? "ok" : (error?.text ?? "a revert");
}

function signed(amount: bigint): string {
  return amount > 0n ? `+${amount}` : String(amount);
}

/** Numbers may be off by the tolerance; whatever else is returned must be the same. */
function isSameOutput(was: string, is: string, outputs: readonly ParamType[], tolerance: number): boolean {
  if (was === is) return true;
  if (tolerance === 0 || outputs.length === 0) return false;
  const [before, after] = [decoded(was, outputs), decoded(is, outputs)];
  if (before === undefined || after === undefined) return false;
  return outputs.every(({ type }, i) => {
    const [a, b] = [before[i], after[i]];
    if (typeof a !== "bigint" || typeof b !== "bigint" || !/^u?int/.test(type)) return String(a) === String(b);
    const [gap, size] = [a > b ? a - b : b - a, a < 0n ? -a : a];
    return gap * BASIS <= size * BigInt(tolerance);
  });
}

function shown(output: string, outputs: readonly ParamType[]): string {
  return decoded(output, outputs)?.map(String).join(", ") || output;
}

function decoded(output: string, outputs: readonly ParamType[]): unknown[] | undefined {
  if (outputs.length === 0) return undefined;
  try {
    return AbiCoder.defaultAbiCoder().decode(outputs, output).toArray();
  } catch {
    return undefined;
  }
}
