import { provenance } from "./01-provenance";
import { integrity } from "./02-integrity";
import { onChain } from "./03-onChain";
import { overrides } from "./04-overrides";
import { lifecycle } from "./05-lifecycle";
import { negatives } from "./06-negatives";
import { quorum } from "./07-quorum";
import { delays } from "./08-delays";
import { readiness } from "./09-readiness";
import { nonces } from "./10-nonces";
import { funds } from "./11-funds";
import { calldata } from "./12-calldata";
import { existence } from "./13-existence";
import { pointers } from "./14-pointers";
import { code } from "./15-code";
import { source } from "./16-source";
import { initializers } from "./17-initializers";
import { storage } from "./18-storage";
import { opcodes } from "./19-opcodes";
import { selectors } from "./20-selectors";
import { state } from "./21-state";
import { power } from "./22-power";
import { events } from "./23-events";
import { value } from "./24-value";
import { invariants } from "./25-invariants";
import { journeys } from "./26-journeys";
import { migration } from "./27-migration";
import { rollbacks } from "./28-rollbacks";
import { containments } from "./29-containments";
import { gas } from "./30-gas";
import { size } from "./31-size";
import { stack } from "./32-stack";
import { messages } from "./33-messages";
import { determinism } from "./34-determinism";
import { drift } from "./35-drift";
import { replay } from "./36-replay";
import { fuzz } from "./37-fuzz";
import { access } from "./38-access";
import { admins } from "./39-admins";
import { exposure } from "./40-exposure";
import { toolchain } from "./41-toolchain";
import { reached } from "./42-reached";
import { governance } from "./43-governance";
import { retired } from "./44-retired";
import { planted } from "./45-planted";
import { continuity } from "./46-continuity";
import { quotes } from "./50-quotes";
import type { CheckKind, CheckRun, Conclusion, Evidence, StageRun, World } from "./types";
import type { Answer, BeforeAfter, Check, ValueFlow } from "../types";

/** Every check, by its number. */
export const CHECKS: readonly CheckKind[] = [
  provenance,
  integrity,
  onChain,
  overrides,
  lifecycle,
  negatives,
  quorum,
  delays,
  readiness,
  nonces,
  funds,
  calldata,
  existence,
  pointers,
  code,
  source,
  initializers,
  storage,
  opcodes,
  selectors,
  state,
  power,
  events,
  value,
  invariants,
  journeys,
  migration,
  rollbacks,
  containments,
  gas,
  size,
  stack,
  messages,
  determinism,
  drift,
  replay,
  fuzz,
  access,
  admins,
  exposure,
  toolchain,
  reached,
  governance,
  retired,
  planted,
  continuity,
  quotes,
];

/** The checks of one rehearsal. */
export class CheckRuns<W = World, E = Evidence> {
  private readonly runs: { kind: CheckKind<W, E>; run: CheckRun<W, E> }[];

  constructor(kinds: readonly CheckKind<W, E>[]) {
    this.runs = kinds.map((kind) => ({ kind, run: kind.begin() }));
  }

  async start(world: W): Promise<void> {
    for (const { run } of this.runs) await run.start?.(world);
  }

  async afterStage(world: W, stage: StageRun): Promise<void> {
    for (const { run } of this.runs) await run.afterStage?.(world, stage);
  }

  async afterRollback(world: W, afterStages: number): Promise<void> {
    for (const { run } of this.runs) await run.afterRollback?.(world, afterStages);
  }

  async end(world: W): Promise<void> {
    for (const { run } of this.runs) await run.end?.(world);
  }

  async conclude(evidence: E): Promise<Required<Omit<Conclusion, keyof Answer>> & { checks: Check[] }> {
    const all = { checks: [] as Check[], flows: [] as ValueFlow[], beforeAfter: [] as BeforeAfter[] };
    const unnamed = new Set<string>();
    for (const { kind, run } of this.runs) {
      const { number, id, name, isRequired } = kind;
      const { status, evidence: found, remedy, ...more } = await run.conclude(evidence);
      all.checks.push({ number, id, name, isRequired, status, evidence: found, remedy });
      all.flows.push(...(more.flows ?? []));
      all.beforeAfter.push(...(more.beforeAfter ?? []));
      for (const line of more.unexplained ?? []) unnamed.add(line);
    }
    return { ...all, unexplained: [...unnamed] };
  }
}
