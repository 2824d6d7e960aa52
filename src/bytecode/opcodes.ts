const NAMES: Record<number, string> = {};
const put = (from: number, names: string) => names.split(" ").forEach((name, i) => (NAMES[from + i] = name));

put(0x00, "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND");
put(0x10, "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ");
put(0x20, "KECCAK256");
put(0x30, "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY GASPRICE");
put(0x3b, "EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH");
put(0x40, "BLOCKHASH COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE");
put(0x50, "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY PUSH0");
put(0x60, Array.from({ length: 32 }, (_, i) => `PUSH${i + 1}`).join(" "));
put(0x80, Array.from({ length: 16 }, (_, i) => `DUP${i + 1}`).join(" "));
put(0x90, Array.from({ length: 16 }, (_, i) => `SWAP${i + 1}`).join(" "));
put(0xa0, "LOG0 LOG1 LOG2 LOG3 LOG4");
put(0xf0, "CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2");
put(0xfa, "STATICCALL");
put(0xfd, "REVERT INVALID SELFDESTRUCT");

export const Op = {
  Stop: 0x00,
  Lt: 0x10,
  Gt: 0x11,
  Eq: 0x14,
  Codecopy: 0x39,
  Jump: 0x56,
  Jumpi: 0x57,
  Jumpdest: 0x5b,
  Push0: 0x5f,
  Push1: 0x60,
  Push3: 0x62,
  Push4: 0x63,
  Push32: 0x7f,
  Dup1: 0x80,
  Invalid: 0xfe,
} as const;

const ENDS = new Set(["STOP", "RETURN", "REVERT", "INVALID", "SELFDESTRUCT", "JUMP"]);

/** "SSTORE" of 0x55; unknown bytes are "0x0c". */
export function opName(op: number): string {
  return NAMES[op] ?? `0x${op.toString(16).padStart(2, "0")}`;
}

/** Whether nothing runs on behind it. */
export function isEnd(op: number): boolean {
  return NAMES[op] === undefined || ENDS.has(opName(op));
}

/** Bytes of a PUSH's operand; zero for all else. */
export function operandSize(op: number): number {
  return op >= Op.Push1 && op <= Op.Push32 ? op - Op.Push0 : 0;
}
