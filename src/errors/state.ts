import { Exit, type ErrorTable } from "./exit";

/** Snapshots of accounts, and bundles that prove a plan's life (27x, 310). */
export const STATE_ERRORS = {
  SnapshotInvalid: {
    code: "SLIP-270",
    exit: Exit.toolError,
    meaning:
      "the file is no snapshot of this chain, or was changed after it was taken, so nothing was compared with it",
  },
  SnapshotEmpty: {
    code: "SLIP-271",
    exit: Exit.toolError,
    meaning: "nothing to take a snapshot of was named",
  },
  BundleMismatch: {
    code: "SLIP-310",
    exit: Exit.checkFailed,
    meaning: "the bundle does not say what the chain says, so it proves nothing",
  },
} as const satisfies ErrorTable;
