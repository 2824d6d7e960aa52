/** Words that an opcode takes from the stack; those not listed take none. */
export function wordsTaken(op: string): number {
  const [, family, number] = /^(DUP|SWAP|LOG)(\d+)$/.exec(op) ?? [];
  if (family === "DUP") return Number(number);
  if (family === "SWAP") return Number(number) + 1;
  if (family === "LOG") return Number(number) + 2;
  return TAKEN.get(op) ?? 0;
}

/** Whether an opcode leaves one word more on the stack than it found. */
export function isPush(op: string): boolean {
  return /^(PUSH|DUP)\d+$/.test(op) || PUSHES.has(op);
}

const TAKEN = new Map<string, number>();
for (const [count, names] of [
  [
    1,
    "ISZERO NOT BALANCE CALLDATALOAD EXTCODESIZE EXTCODEHASH BLOCKHASH BLOBHASH POP MLOAD SLOAD TLOAD JUMP SELFDESTRUCT",
  ],
  [
    2,
    "ADD MUL SUB DIV SDIV MOD SMOD EXP SIGNEXTEND LT GT SLT SGT EQ AND OR XOR BYTE SHL SHR SAR KECCAK256 SHA3 MSTORE MSTORE8 SSTORE TSTORE JUMPI RETURN REVERT",
  ],
  [3, "ADDMOD MULMOD CALLDATACOPY CODECOPY RETURNDATACOPY MCOPY CREATE"],
  [4, "EXTCODECOPY CREATE2"],
  [6, "DELEGATECALL STATICCALL"],
  [7, "CALL CALLCODE"],
] as const) {
  for (const name of names.split(" ")) TAKEN.set(name, count);
}

const PUSHES = new Set(
  (
    "ADDRESS ORIGIN CALLER CALLVALUE CALLDATASIZE CODESIZE GASPRICE RETURNDATASIZE COINBASE TIMESTAMP NUMBER DIFFICULTY PREVRANDAO " +
    "GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBBASEFEE PC MSIZE GAS"
  ).split(" "),
);
