import type { StorageWrite } from "../simulate/types";

export type CallType = "CALL" | "STATICCALL" | "DELEGATECALL" | "CALLCODE" | "CREATE" | "CREATE2" | "SELFDESTRUCT";

export interface TracedLog {
  address: string;
  topics: string[];
  data: string;
}

/** Why a frame failed, in the same words whatever engine ran it. What an engine says beside these is kept as it says it. */
export const FAULTS = {
  reverted: "reverted",
  gas: "out of gas",
  opcode: "invalid opcode",
  jump: "invalid jump",
  underflow: "stack underflow",
  overflow: "stack overflow",
  isStatic: "write in a static call",
  returnData: "return data out of bounds",
  balance: "insufficient balance",
  depth: "call too deep",
  precompile: "precompile failed",
  taken: "address taken",
  codeSize: "code too large",
  initCodeSize: "init code too large",
  prefix: "code begins with 0xEF",
} as const;

/** One call frame of a transaction. Addresses are checksummed. */
export interface TracedCall {
  type: CallType;
  from: string;
  /** Account whose code runs; what was created; who gets the balance. The zero address where a creation failed. */
  to: string;
  /** Wei that went along; 0 for DELEGATECALL, which moves none. */
  value: bigint;
  /** Gas that the frame and all below it used; the outermost one with what the transaction itself costs, less refunds. */
  gasUsed: bigint;
  input: string;
  /** What it returned or reverted with; the runtime code of what was created. */
  output: string;
  /** Undefined: it succeeded. */
  error?: string;
  /** Without those that a failure here, or in a frame around it, took back. */
  logs: TracedLog[];
  calls: TracedCall[];
}

/** What one mined transaction did. Two engines tell the same of the same transaction. */
export interface TransactionTrace {
  hash: string;
  root: TracedCall;
  /** Storage that holds something else than before, by the account that owns it. */
  writes: StorageWrite[];
  /**
   * What was hashed on the way, by its hash: 32 to 1,024 bytes each, whether or not the frame was reverted. Some nodes run the
   * transaction once more for it, step by step; the fork must still have it.
   */
  preimages(): Promise<ReadonlyMap<string, string>>;
}

/** Bytes of the shortest and longest preimage that is kept: a mapping's key and slot, a string as key included. */
export const PREIMAGE = { least: 32, most: 1_024 } as const;

/** Calls, the outermost first, each with its depth. */
export function* walk(call: TracedCall, depth = 0): Generator<{ call: TracedCall; depth: number }> {
  yield { call, depth };
  for (const inner of call.calls) yield* walk(inner, depth + 1);
}
