/** Exit codes of every task: the shell's view of an outcome. */
export const Exit = {
  pass: 0,
  toolError: 1,
  checkFailed: 2,
  drift: 3,
  waiting: 4,
  contained: 5,
} as const;
export type ExitCode = (typeof Exit)[keyof typeof Exit];

/**
 * Every error a user can meet: its stable code, its exit code, and what it means in one sentence.
 * `docs/errors.md` lists the same table; a test compares the two.
 * 1xx input and plan file · 2xx chain and lifecycle · 3xx drift · 4xx traffic · 5xx emergency · 9xx tool.
 */
export const ERRORS = {
  PlanFileInvalid: {
    code: "SLIP-101",
    exit: Exit.toolError,
    meaning: "the plan file does not have the form of a plan",
  },
  ArtifactUnknown: { code: "SLIP-102", exit: Exit.toolError, meaning: "there is no compiled contract to read there" },
  SignerMissing: { code: "SLIP-200", exit: Exit.toolError, meaning: "this verb needs an account that can sign" },
  SendPending: {
    code: "SLIP-201",
    exit: Exit.waiting,
    meaning: "an earlier transaction of this account is still open",
  },
  TransactionLost: { code: "SLIP-202", exit: Exit.waiting, meaning: "the node does not know the transaction any more" },
  TransactionFailed: { code: "SLIP-203", exit: Exit.toolError, meaning: "the transaction was mined and reverted" },
  ToolFailure: { code: "SLIP-900", exit: Exit.toolError, meaning: "Slipway itself failed; nothing was decided" },
} as const satisfies Record<string, { code: string; exit: ExitCode; meaning: string }>;
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
    const { cause: _cause, ...facts } = this.facts;
    return { error: this.errorName, code: this.code, meaning: ERRORS[this.errorName].meaning, ...facts };
  }
}
