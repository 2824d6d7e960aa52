import { Exit, type ErrorTable } from "./exit";

/** Canaries (4xx). */
export const TRAFFIC_ERRORS = {
  CanaryMissing: { code: "SLIP-401", exit: Exit.toolError, meaning: "no router serves this module now" },
  StalePolicy: {
    code: "SLIP-402",
    exit: Exit.contained,
    meaning: "the canary was frozen or tightened since the plan was scheduled, and a stage may not undo that",
  },
} as const satisfies ErrorTable;
