import { getBytes, hexlify } from "ethers";
import { isEnd, Op, opName, operandSize } from "./opcodes";

/** Bytes that a constructor writes. */
export interface Range {
  start: number;
  length: number;
}

export interface Instruction {
  op: number;
  /** Operand of a PUSH, without 0x. */
  operand: string;
  /** A place in the code that may be jumped to, where the operand is one. */
  label?: number;
  /** What stands at the operand's place behind the code, where it is one: a constant that is copied from there. */
  data?: string;
  /** The operand is an immutable. */
  isMasked: boolean;
  next: number;
}

/** One comparison of a dispatch table: which selector, and where its function begins. */
export interface Dispatch {
  selector: string;
  entry: number;
}

/** Longest run of jumps that do nothing else; only a loop without a body is longer. */
const MOST_HOPS = 64;

/** Bytes that are told of data. */
const WORD = 32;

/** Runtime code as the machine reads it. Jumps are followed where the compiler wrote their place as a constant, as solc does. */
export class Program {
  private readonly instructions = new Map<number, Instruction>();
  private readonly jumpdests = new Set<number>();
  private readonly bytes: Uint8Array;
  /** Where instructions end and data (constants, code to create) begins. */
  private readonly dataStart: number;

  /** `masked` are the places of immutables. */
  constructor(code: string, masked: readonly Range[] = []) {
    this.bytes = getBytes(code);
    const isMasked = new Set(masked.map(({ start }) => start));
    const labels = this.widthOfLabels();
    for (let pc = 0; pc < this.bytes.length;) {
      const op = this.bytes[pc]!;
      const size = operandSize(op);
      const operand = hexlify(this.bytes.subarray(pc + 1, pc + 1 + size)).slice(2);
      const next = pc + 1 + size;
      this.instructions.set(pc, { op, operand, isMasked: size > 0 && isMasked.has(pc + 1), next });
      if (op === Op.Jumpdest) this.jumpdests.add(pc);
      pc = next;
    }
    for (const instruction of this.instructions.values()) {
      const { op, operand } = instruction;
      if (!labels.includes(operandSize(op))) continue;
      const place = Number.parseInt(operand, 16);
      if (this.jumpdests.has(place)) instruction.label = place;
    }
    this.dataStart = this.findData();
    for (const instruction of this.instructions.values()) {
      const place = Number.parseInt(instruction.operand, 16);
      if (!labels.includes(operandSize(instruction.op)) || instruction.label !== undefined) continue;
      if (place < this.dataStart || place >= this.bytes.length || !this.isCopied(instruction)) continue;
      instruction.data = hexlify(this.bytes.subarray(place, place + WORD));
    }
  }

  /** Places are pushed with as many bytes as the end of the code needs. */
  private widthOfLabels(): number[] {
    return this.bytes.length < 0x100 ? [1] : this.bytes.length < 0x10000 ? [1, 2] : [2, 3];
  }

  at(pc: number): Instruction | undefined {
    return this.instructions.get(pc);
  }

  /** The comparison with a selector that stands here, if one does: `DUP1 PUSH4 selector EQ|GT|LT PUSH place JUMPI`. */
  comparisonAt(pc: number): (Partial<Dispatch> & { next: number }) | undefined {
    const at = (place: number | undefined) => (place === undefined ? undefined : this.at(place));
    if (at(pc)?.op !== Op.Dup1) return undefined;
    const selector = at(at(pc)?.next);
    if (selector?.op !== Op.Push4 && selector?.op !== Op.Push3) return undefined;
    const compare = at(selector.next);
    const place = at(compare?.next);
    const jump = at(place?.next);
    if (place?.label === undefined || jump?.op !== Op.Jumpi) return undefined;
    if (compare?.op === Op.Eq) {
      return { selector: `0x${selector.operand.padStart(8, "0")}`, entry: place.label, next: jump.next };
    }
    return compare?.op === Op.Gt || compare?.op === Op.Lt ? { next: jump.next } : undefined;
  }

  /** Past what only moves on: landing places, and jumps to a constant place. Behind the dispatch table, where asked. */
  settle(pc: number, isPastDispatch = false): number {
    let place = pc;
    for (let hops = 0; hops < MOST_HOPS; ++hops) {
      const instruction = this.at(place);
      const following = instruction && this.at(instruction.next);
      const comparison = isPastDispatch ? this.comparisonAt(place) : undefined;
      if (comparison !== undefined) place = comparison.next;
      else if (instruction?.op === Op.Jumpdest) place = instruction.next;
      else if (instruction?.label !== undefined && following?.op === Op.Jump) place = instruction.label;
      else return place;
    }
    return place;
  }

  /** All that may run from here, in the order in which it is met: on, then to every place that was pushed on the way. */
  reach(entry: number, isPastDispatch = false): Map<number, Instruction> {
    const met = new Map<number, Instruction>();
    const open = [entry];
    for (let place = open.shift(); place !== undefined; place = open.shift()) {
      for (let pc = this.settle(place, isPastDispatch); ;) {
        const instruction = this.at(pc);
        if (instruction === undefined || met.has(pc)) break;
        met.set(pc, instruction);
        if (instruction.label !== undefined) open.push(instruction.label);
        if (isEnd(instruction.op)) break;
        pc = this.settle(instruction.next, isPastDispatch);
      }
    }
    return met;
  }

  /** Where each function of the dispatch table begins. Tables of contracts that this one holds as data are not among them. */
  dispatch(): Dispatch[] {
    const found = new Map<string, number>();
    for (const pc of this.reach(0).keys()) {
      const { selector, entry } = this.comparisonAt(pc) ?? {};
      if (selector !== undefined && entry !== undefined && !found.has(selector)) found.set(selector, entry);
    }
    return [...found]
      .map(([selector, entry]) => ({ selector, entry }))
      .sort((a, b) => (a.selector < b.selector ? -1 : 1));
  }

  /** Whether what was just pushed is where a CODECOPY begins, as solc writes it. */
  private isCopied({ next }: Instruction): boolean {
    const first = this.at(next);
    return first?.op === Op.Codecopy || (first !== undefined && this.at(first.next)?.op === Op.Codecopy);
  }

  private findData(): number {
    const last = Math.max(0, ...[...this.reach(0).values()].map(({ next }) => next));
    // solc parts them by an INVALID.
    return this.at(last)?.op === Op.Invalid ? last + 1 : last;
  }

  /** Constants, and code that the code creates. */
  data(): string {
    return hexlify(this.bytes.subarray(this.dataStart));
  }
}

/** One line of a listing; places differ between two builds of the same source, so they are not told. */
export function textOf({ op, operand, label, data, isMasked }: Instruction): string {
  // One byte wide or two, as the code is long.
  if (label !== undefined) return "PUSH place";
  if (data !== undefined) return `PUSH data ${data}`;
  if (isMasked) return `${opName(op)} immutable`;
  return operand === "" ? opName(op) : `${opName(op)} 0x${operand}`;
}
