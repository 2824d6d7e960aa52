import { getBytes } from "ethers";
import { splitMetadata } from "./metadata";

/** An opcode that running code may come to. */
export interface Reached {
  pc: number;
  op: number;
  /** Of a call: the account, where it is a constant. */
  target?: bigint;
}

export interface Reachable {
  ops: Reached[];
  /** Every jump was followed. Else `ops` is everything that might be code: more than can be reached, and nothing less. */
  isComplete: boolean;
}

export const CALLCODE = 0xf2;
export const DELEGATECALL = 0xf4;
export const SELFDESTRUCT = 0xff;

const ISZERO = 0x15;
const AND = 0x16;
const JUMP = 0x56;
const JUMPI = 0x57;
const JUMPDEST = 0x5b;
const PUSH0 = 0x5f;
const PUSH32 = 0x7f;
const DUP1 = 0x80;
const SWAP1 = 0x90;
const LOG0 = 0xa0;
const MAX_STACK = 1_024;
/** Blocks that are entered before the walk gives up; a large contract takes some ten thousands. */
const MAX_VISITS = 300_000;

/** [from, to, items taken, items left]: what opcodes do to the stack. PUSH, DUP, SWAP and LOG stand apart. */
const EFFECTS: readonly [number, number, number, number][] = [
  [0x01, 0x07, 2, 1],
  [0x08, 0x09, 3, 1],
  [0x0a, 0x0b, 2, 1],
  [0x10, 0x14, 2, 1],
  [0x15, 0x15, 1, 1],
  [0x16, 0x18, 2, 1],
  [0x19, 0x19, 1, 1],
  [0x1a, 0x1d, 2, 1],
  [0x1e, 0x1e, 1, 1],
  [0x20, 0x20, 2, 1],
  [0x30, 0x30, 0, 1],
  [0x31, 0x31, 1, 1],
  [0x32, 0x34, 0, 1],
  [0x35, 0x35, 1, 1],
  [0x36, 0x36, 0, 1],
  [0x37, 0x37, 3, 0],
  [0x38, 0x38, 0, 1],
  [0x39, 0x39, 3, 0],
  [0x3a, 0x3a, 0, 1],
  [0x3b, 0x3b, 1, 1],
  [0x3c, 0x3c, 4, 0],
  [0x3d, 0x3d, 0, 1],
  [0x3e, 0x3e, 3, 0],
  [0x3f, 0x40, 1, 1],
  [0x41, 0x48, 0, 1],
  [0x49, 0x49, 1, 1],
  [0x4a, 0x4a, 0, 1],
  [0x50, 0x50, 1, 0],
  [0x51, 0x51, 1, 1],
  [0x52, 0x53, 2, 0],
  [0x54, 0x54, 1, 1],
  [0x55, 0x55, 2, 0],
  [0x58, 0x5a, 0, 1],
  [0x5b, 0x5b, 0, 0],
  [0x5c, 0x5c, 1, 1],
  [0x5d, 0x5d, 2, 0],
  [0x5e, 0x5e, 3, 0],
  [0xf0, 0xf0, 3, 1],
  [0xf1, 0xf2, 7, 1],
  [0xf4, 0xf4, 6, 1],
  [0xf5, 0xf5, 4, 1],
  [0xfa, 0xfa, 6, 1],
];
const EFFECT = new Map(
  EFFECTS.flatMap(([from, to, taken, left]) =>
    Array.from({ length: to - from + 1 }, (_, i) => [from + i, { taken, left }] as const),
  ),
);
/** STOP, RETURN, REVERT, INVALID, SELFDESTRUCT and whatever is no opcode end a path. */
const isHalt = (op: number) => (op < PUSH0 || op > 0xa4 ? !EFFECT.has(op) && op !== JUMP && op !== JUMPI : false);

/** What only running it tells. */
class Unknown {
  /** `not`: this is whether that is zero. A branch that is taken on one says what the other is. */
  constructor(readonly not?: Unknown) {}
}

/** Something else than zero. */
const TRUE = new Unknown();

type Value = bigint | Unknown;

/** What code may come to from its first byte on: jumps are followed, and data is not read as code. */
export function reachable(code: string): Reachable {
  const body = getBytes(splitMetadata(code).code);
  const walk = new Walk(body);
  return walk.run()
    ? { ops: [...walk.found.values()].sort((a, b) => a.pc - b.pc), isComplete: true }
    : { ops: everything(body), isComplete: false };
}

class Walk {
  readonly found = new Map<number, Reached>();
  private readonly seen = new Set<string>();
  private readonly todo: { pc: number; stack: Value[] }[] = [{ pc: 0, stack: [] }];
  private readonly places: Set<number>;
  private isLost = false;

  constructor(private readonly code: Uint8Array) {
    this.places = new Set(sweep(code).flatMap(({ pc, op }) => (op === JUMPDEST ? [pc] : [])));
  }

  /** Whether every jump was followed. */
  run(): boolean {
    for (let visits = 0; this.todo.length > 0; visits++) {
      if (visits > MAX_VISITS || this.isLost) return false;
      this.block(this.todo.pop()!);
    }
    return !this.isLost;
  }

  private block({ pc, stack }: { pc: number; stack: Value[] }): void {
    for (let at = pc; at < this.code.length; at++) {
      const op = this.code[at]!;
      const target = callTarget(op, stack);
      this.found.set(at, { pc: at, op, ...(target === undefined ? {} : { target }) });
      if (op === JUMP || op === JUMPI) return this.jump(op, at, stack);
      if (isHalt(op) || stack.length > MAX_STACK) return;
      if (op === JUMPDEST && at !== pc) return this.enter(at, stack);
      if (!step(this.code, at, op, stack)) return;
      if (op > PUSH0 && op <= PUSH32) at += op - PUSH0;
    }
  }

  private jump(op: number, at: number, stack: Value[]): void {
    const target = stack.pop();
    const condition = op === JUMPI ? stack.pop() : TRUE;
    if (target === undefined || condition === undefined) return;
    if (condition !== 0n) {
      if (target instanceof Unknown) this.isLost = true;
      else if (this.places.has(Number(target))) this.enter(Number(target), given(stack, condition, true));
    }
    if (condition === 0n || (condition instanceof Unknown && condition !== TRUE)) {
      this.enter(at + 1, given(stack, condition, false));
    }
  }

  /** Places to jump to, and what is known of conditions, decide where a path goes; two stacks with the same ones are one. */
  private enter(pc: number, stack: Value[]): void {
    const key = stack.map((value) => {
      if (value instanceof Unknown) return value === TRUE ? "t" : "";
      return value === 0n || this.places.has(Number(value)) ? value : "";
    });
    const name = `${pc}:${key.join()}`;
    if (this.seen.has(name)) return;
    this.seen.add(name);
    this.todo.push({ pc, stack });
  }
}

/** The stack where a condition is known to hold, or not to: solc asks a second time whether a call went well. */
function given(stack: readonly Value[], condition: Value, holds: boolean): Value[] {
  if (!(condition instanceof Unknown)) return [...stack];
  let base = condition;
  let isTrue = holds;
  while (base.not !== undefined) {
    base = base.not;
    isTrue = !isTrue;
  }
  const value = (one: Value): Value => {
    if (one === base) return isTrue ? TRUE : 0n;
    return one instanceof Unknown && one.not !== undefined ? isZero(value(one.not)) : one;
  };
  return stack.map(value);
}

function isZero(value: Value): Value {
  if (value === TRUE) return 0n;
  return value instanceof Unknown ? new Unknown(value) : value === 0n ? 1n : 0n;
}

/** Applies an opcode; false where the stack has too little, which ends the path. */
function step(code: Uint8Array, at: number, op: number, stack: Value[]): boolean {
  if (op >= PUSH0 && op <= PUSH32) {
    stack.push(wordOf(code.subarray(at + 1, at + 1 + op - PUSH0)));
    return true;
  }
  if (op >= DUP1 && op < SWAP1) {
    const depth = op - DUP1 + 1;
    if (stack.length < depth) return false;
    stack.push(stack[stack.length - depth]!);
    return true;
  }
  if (op >= SWAP1 && op < LOG0) {
    const other = stack.length - 1 - (op - SWAP1 + 1);
    if (other < 0) return false;
    [stack[other], stack[stack.length - 1]] = [stack[stack.length - 1]!, stack[other]!];
    return true;
  }
  const { taken, left } = EFFECT.get(op) ?? { taken: op - LOG0 + 2, left: 0 };
  if (stack.length < taken) return false;
  const items = taken === 0 ? [] : stack.splice(-taken);
  const [a, b] = items;
  if (op === ISZERO) stack.push(isZero(a!));
  else if (op === AND && typeof a === "bigint" && typeof b === "bigint") stack.push(a & b);
  else if (left === 1) stack.push(new Unknown());
  return true;
}

function callTarget(op: number, stack: readonly Value[]): bigint | undefined {
  const target = op === 0xf1 || op === CALLCODE || op === DELEGATECALL || op === 0xfa ? stack.at(-2) : undefined;
  return typeof target === "bigint" ? target : undefined;
}

function wordOf(bytes: Uint8Array): bigint {
  let word = 0n;
  for (const byte of bytes) word = (word << 8n) | BigInt(byte);
  return word;
}

/** Every opcode as it stands, the data of a PUSH left out. */
function sweep(code: Uint8Array): Reached[] {
  const found: Reached[] = [];
  for (let pc = 0; pc < code.length; pc++) {
    const op = code[pc]!;
    found.push({ pc, op });
    if (op > PUSH0 && op <= PUSH32) pc += op - PUSH0;
  }
  return found;
}

/** Everything that might be code: what follows a halt and is no place to jump to is none. */
function everything(code: Uint8Array): Reached[] {
  let isDead = false;
  return sweep(code).filter(({ op }) => {
    if (op === JUMPDEST) isDead = false;
    const isCode = !isDead;
    if (op === JUMP || isHalt(op)) isDead = true;
    return isCode;
  });
}
