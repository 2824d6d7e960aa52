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

/** Errors by name: a stable code, an exit code, and what each means in one sentence. */
export type ErrorTable = Record<string, { code: string; exit: ExitCode; meaning: string }>;
