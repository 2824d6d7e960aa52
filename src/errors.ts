import { ELECTORATE_ERRORS } from "./errors/electorate";
import { EMERGENCY_ERRORS } from "./errors/emergency";
import { EVIDENCE_ERRORS } from "./errors/evidence";
import type { ErrorTable, ExitCode } from "./errors/exit";
import { PLAN_ERRORS } from "./errors/plan";
import { REGISTRY_ERRORS } from "./errors/registry";
import { STATE_ERRORS } from "./errors/state";
import { TOOL_ERRORS } from "./errors/tool";
import { TRAFFIC_ERRORS } from "./errors/traffic";

export { Exit, type ExitCode } from "./errors/exit";

/**
 * Every error a user can meet: its stable code, its exit code, and what it means in one sentence.
 * `docs/errors.md` lists the same table; a test compares the two.
 * 1xx input and plan file · 2xx chain and lifecycle · 3xx drift · 4xx traffic · 5xx emergency · 9xx tool.
 */
export const ERRORS = {
  ...PLAN_ERRORS,
  ...REGISTRY_ERRORS,
  ...ELECTORATE_ERRORS,
  ...EVIDENCE_ERRORS,
  ...TRAFFIC_ERRORS,
  ...EMERGENCY_ERRORS,
  ...STATE_ERRORS,
  ...TOOL_ERRORS,
} as const satisfies ErrorTable;
export type ErrorName = keyof typeof ERRORS;

export interface ErrorFacts {
  /** File and key, or stage, pin, account: the place a person looks at first. */
  where?: string;
  expected?: string;
  found?: string;
  /** The command or edit that helps, ready to paste. */
  next?: string;
  /** Replaces the catalogue's sentence where the case can say more. */
  meaning?: string;
  cause?: unknown;
}

/** One clear error: name, code, where, expected, found, meaning, next. */
export class SlipwayError extends Error {
  readonly code: string;
  readonly exit: ExitCode;
  constructor(
    readonly errorName: ErrorName,
    readonly facts: ErrorFacts = {},
  ) {
    const entry = ERRORS[errorName];
    super(`${errorName} (${entry.code})`, { cause: facts.cause });
    this.name = "SlipwayError";
    this.code = entry.code;
    this.exit = entry.exit;
  }

  /** The lines a person reads. */
  override toString(): string {
    const { where, expected, found, next, meaning } = this.facts;
    return [
      `error ${this.errorName} (${this.code})`,
      where === undefined ? undefined : `  where     ${where}`,
      expected === undefined ? undefined : `  expected  ${expected}`,
      found === undefined ? undefined : `  found     ${found}`,
      `  meaning   ${meaning ?? ERRORS[this.errorName].meaning}`,
      next === undefined ? undefined : `  next      ${next}`,
    ]
      .filter((line) => line !== undefined)
      .join("\n");
  }

  toJSON(): Record<string, unknown> {
    const { cause: _cause, meaning = ERRORS[this.errorName].meaning, ...facts } = this.facts;
    return { error: this.errorName, code: this.code, meaning, ...facts };
  }
}
