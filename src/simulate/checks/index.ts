import { lifecycle } from "./05-lifecycle";
import { negatives } from "./06-negatives";
import { overrides } from "./04-overrides";
import { pointers } from "./14-pointers";
import { invariants } from "./25-invariants";
import { journeys } from "./26-journeys";
import { migration } from "./27-migration";
import { rollbacks } from "./28-rollbacks";
import { containments } from "./29-containments";
import { gas } from "./30-gas";
import { stack } from "./32-stack";
import { messages } from "./33-messages";
import { determinism } from "./34-determinism";
import { drift } from "./35-drift";
import { replay } from "./36-replay";
import { fuzz } from "./37-fuzz";
import type { CheckKind, CheckRun, Evidence, StageRun, World } from "./types";
import type { Check } from "../types";

/** Every check, by its number. */
export const CHECKS: readonly CheckKind[] = [
  overrides,
  lifecycle,
  negatives,
  pointers,
  invariants,
  journeys,
  migration,
  rollbacks,
  containments,
  gas,
  stack,
  messages,
  determinism,
  drift,
  replay,
  fuzz,
];

/** The checks of one rehearsal. */
export class CheckRuns {
  private readonly runs: { kind: CheckKind; run: CheckRun }[];

  constructor(kinds: readonly CheckKind[] = CHECKS) {
    this.runs = kinds.map((kind) => ({ kind, run: kind.begin() }));
  }

  async start(world: World): Promise<void> {
    for (const { run } of this.runs) await run.start?.(world);
  }

  async afterStage(world: World, stage: StageRun): Promise<void> {
    for (const { run } of this.runs) await run.afterStage?.(world, stage);
  }

  async end(world: World): Promise<void> {
    for (const { run } of this.runs) await run.end?.(world);
  }

  async conclude(evidence: Evidence): Promise<Check[]> {
    const checks: Check[] = [];
    for (const { kind, run } of this.runs) {
      const { number, id, name, isRequired } = kind;
      checks.push({ number, id, name, isRequired, ...(await run.conclude(evidence)) });
    }
    return checks;
  }
}
