import { Exit, type ErrorTable } from "./exit";

/** Slipway itself and the nodes that it starts (9xx). */
export const TOOL_ERRORS = {
  ToolFailure: { code: "SLIP-900", exit: Exit.toolError, meaning: "Slipway itself failed; nothing was decided" },
  NodeNotStarted: { code: "SLIP-920", exit: Exit.toolError, meaning: "the local node did not start" },
  ForkMismatch: {
    code: "SLIP-921",
    exit: Exit.toolError,
    meaning: "the fork is not a copy of the chain it was made of",
  },
  SimulateUnsupported: {
    code: "SLIP-922",
    exit: Exit.toolError,
    meaning: "the endpoint cannot simulate calls in one request",
  },
} as const satisfies ErrorTable;
