import { isEnd, Op } from "./opcodes";
import { textOf, type Instruction, type Program } from "./program";

/** Where a comparison begins in each program, and whether dispatch tables are walked past. */
interface Start {
  before: number;
  after: number;
  isPastDispatch?: boolean;
}

/**
 * Whether two programs do the same from these places on: both are walked in step, through every jump that the compiler wrote.
 * Where code lies does not count, nor do the values of immutables.
 */
export function doesSame(before: Program, after: Program, start: Start): boolean {
  const { isPastDispatch = false } = start;
  const seen = new Set<string>();
  const open: [number, number][] = [[start.before, start.after]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    let [a, b] = pair;
    for (;;) {
      a = before.settle(a, isPastDispatch);
      b = after.settle(b, isPastDispatch);
      const key = `${a}:${b}`;
      if (seen.has(key)) break;
      seen.add(key);
      const [old, fresh] = [before.at(a), after.at(b)];
      if (old === undefined && fresh === undefined) break;
      if (old === undefined || fresh === undefined || !isLike(old, fresh)) return false;
      if (old.label !== undefined && fresh.label !== undefined) open.push([old.label, fresh.label]);
      if (isEnd(old.op)) break;
      a = old.next;
      b = fresh.next;
    }
  }
  return true;
}

/** The same instruction with an operand that means the same. */
function isLike(a: Instruction, b: Instruction): boolean {
  // Places are pushed with as many bytes as the code is long.
  if (a.label !== undefined && b.label !== undefined) return true;
  if (a.op !== b.op) return false;
  if (a.isMasked && b.isMasked) return true;
  if (a.data !== undefined && b.data !== undefined) return a.data === b.data;
  return a.operand === b.operand;
}

/** What a reader wants to know of a change: state, calls, creations, logs, who and when. */
const NOTABLE =
  /^(SLOAD|SSTORE|TLOAD|TSTORE|CALL|CALLCODE|DELEGATECALL|STATICCALL|CREATE2?|SELFDESTRUCT|LOG[0-4]|BALANCE|ORIGIN|CALLER|TIMESTAMP|NUMBER)$/;

/** What may run from a place on. */
export interface Listing {
  instructions: number;
  /** Instructions that run one after the other, as one line; places are left out, so that lines do not depend on where code lies. */
  blocks: string[];
  /** How often each notable instruction stands in it. */
  counts: Record<string, number>;
}

export function listingOf(
  program: Program,
  { entry, isPastDispatch = false }: { entry: number; isPastDispatch?: boolean },
): Listing {
  const counts: Record<string, number> = {};
  const blocks: string[] = [];
  let open: string[] = [];
  const reached = program.reach(entry, isPastDispatch);
  for (const instruction of reached.values()) {
    const line = textOf(instruction);
    if (NOTABLE.test(line)) counts[line] = (counts[line] ?? 0) + 1;
    open.push(line);
    const isLast = isEnd(instruction.op) || instruction.op === Op.Jumpi;
    if (isLast || program.settle(instruction.next, isPastDispatch) !== instruction.next) {
      blocks.push(open.join(" "));
      open = [];
    }
  }
  if (open.length > 0) blocks.push(open.join(" "));
  return { instructions: reached.size, blocks, counts };
}

/** Blocks that only one of two listings has, in its order. */
export function differingBlocks(
  before: readonly string[],
  after: readonly string[],
): { removed: string[]; added: string[] } {
  return { removed: without(before, after), added: without(after, before) };
}

function without(blocks: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(other, (left.get(other) ?? 0) + 1);
  return blocks.filter((block) => {
    const count = left.get(block) ?? 0;
    left.set(block, count - 1);
    return count <= 0;
  });
}
