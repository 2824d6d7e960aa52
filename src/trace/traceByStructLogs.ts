import {
  dataSlice,
  getAddress,
  getBytes,
  getCreate2Address,
  getCreateAddress,
  hexlify,
  keccak256,
  toBeHex,
  ZeroAddress,
} from "ethers";
import type { DevProvider } from "../chain/devChain";
import { Memory } from "./memory";
import { isPush, wordsTaken } from "./opcodes";
import { isPrecompile, precompileOutput } from "./precompiles";
import { sortWrites } from "./sortWrites";
import { FAULTS, PREIMAGE, type CallType, type TracedCall, type TransactionTrace } from "./types";
import { World } from "./world";

/** One step as `debug_traceTransaction` tells it. Gas of a call includes what is handed on, less the stipend. */
export interface StructLog {
  op: string;
  depth: number;
  gas: number;
  gasCost: number;
  /** Words in hex, the top last. */
  stack?: string[];
}

export interface StructTrace {
  failed: boolean;
  returnValue: string;
  structLogs: StructLog[];
}

/** Gets the steps of a transaction. */
export type AskSteps = (hash: string) => Promise<StructTrace>;

const OPTIONS = { disableMemory: true, disableStorage: true };

function askProvider(provider: DevProvider): AskSteps {
  return async (hash) => (await provider.send("debug_traceTransaction", [hash, OPTIONS])) as StructTrace;
}

/** Past ethers, which reads an answer letter by letter: of megabytes of steps that takes ten times as long as the node does. */
export function askUrl(url: string): AskSteps {
  return async (hash) => {
    const request = { jsonrpc: "2.0", id: 1, method: "debug_traceTransaction", params: [hash, OPTIONS] };
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(request) });
    const { result, error } = (await answer.json()) as { result?: StructTrace; error?: { message: string } };
    if (result === undefined) throw new Error(`the node does not trace ${hash}: ${error?.message ?? answer.status}`);
    return result;
  };
}

interface Sent {
  hash: string;
  from: string;
  to: string | null;
  nonce: string;
  value: string;
  input: string;
  blockNumber: string;
  transactionIndex: string;
}

/** One call while it runs. */
interface Frame {
  call: TracedCall;
  /** Account whose storage and balance the code works on. */
  self: string;
  /** Asked for where it is copied only. */
  code: () => Promise<Uint8Array> | Uint8Array;
  input: Uint8Array;
  memory: Memory;
  /** What the last call out of this frame came back with. */
  returned: Uint8Array;
  isStatic: boolean;
  /** Gas that it began with. */
  gas: bigint;
  mark: number;
  /** The step that opened it; undefined for the outermost. */
  opener?: Opener;
}

/** A call or creation on its way, with where its answer goes. */
interface Opener {
  step: StructLog;
  outOffset: bigint;
  outSize: bigint;
}

const CALLS: ReadonlySet<string> = new Set(["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]);
const CREATES: ReadonlySet<string> = new Set(["CREATE", "CREATE2"]);
const WRITES = /^(SSTORE|TSTORE|LOG\d|CREATE2?|SELFDESTRUCT)$/;
const GAS = {
  warm: 100n,
  value: 9_000n,
  newAccount: 25_000n,
  stipend: 2_300n,
  create: 32_000n,
  initWord: 2n,
  hashWord: 6n,
};
const MAX_CODE = 24_576;
const MAX_INIT_CODE = 49_152n;
const MAX_DEPTH = 1_024;

/**
 * A transaction rebuilt from its steps, for nodes that tell nothing else. Memory is not asked for, as it would be told again
 * with every step: it is kept here, as the steps change it, and each MLOAD and KECCAK256 shows whether it is still the same.
 */
export async function traceByStructLogs(
  provider: DevProvider,
  hash: string,
  steps: AskSteps = askProvider(provider),
): Promise<TransactionTrace> {
  const sent = (await provider.send("eth_getTransactionByHash", [hash])) as Sent | null;
  if (sent === null) throw new Error(`the node has no transaction ${hash}`);
  const world = new World(provider, Number(sent.blockNumber) - 1);
  const index = Number(sent.transactionIndex);
  if (index > 0) {
    const block = (await provider.send("eth_getBlockByNumber", [sent.blockNumber, true])) as { transactions: Sent[] };
    for (const earlier of block.transactions.slice(0, index)) {
      await rebuild(provider, world, earlier, steps);
      world.commit();
    }
  }
  const { root, preimages } = await rebuild(provider, world, sent, steps);
  const writes = (await world.writes()).map((write) => ({ ...write, account: getAddress(write.account) }));
  return { hash, root, writes: sortWrites(writes), preimages: () => Promise.resolve(preimages) };
}

async function rebuild(
  provider: DevProvider,
  world: World,
  sent: Sent,
  steps: AskSteps,
): Promise<{ root: TracedCall; preimages: Map<string, string> }> {
  const [trace, receipt] = await Promise.all([
    steps(sent.hash),
    provider.send("eth_getTransactionReceipt", [sent.hash]),
  ]);
  const run = new Run(provider, world, trace);
  const root = await run.all(sent, BigInt((receipt as { gasUsed: string }).gasUsed));
  return { root, preimages: run.preimages };
}

class Run {
  readonly preimages = new Map<string, string>();
  private readonly frames: Frame[] = [];
  private readonly outputs = new Map<string, Promise<string>>();

  constructor(
    private readonly provider: DevProvider,
    private readonly world: World,
    private readonly trace: StructTrace,
  ) {}

  async all(sent: Sent, gasUsed: bigint): Promise<TracedCall> {
    const { structLogs, failed, returnValue } = this.trace;
    const isCreation = sent.to === null;
    const to = (sent.to ?? getCreateAddress({ from: sent.from, nonce: Number(sent.nonce) })).toLowerCase();
    const call = newCall(isCreation ? "CREATE" : "CALL", sent.from, to, BigInt(sent.value), sent.input);
    const mark = this.world.mark();
    if (isCreation) this.world.create(to);
    this.world.move(sent.from.toLowerCase(), to, call.value);
    const root: Frame = {
      call,
      self: to,
      code: () => (isCreation ? getBytes(sent.input) : this.world.codeOf(to)),
      input: isCreation ? new Uint8Array() : getBytes(sent.input),
      memory: new Memory(),
      returned: new Uint8Array(),
      isStatic: false,
      gas: BigInt(structLogs[0]?.gas ?? 0),
      mark,
    };
    this.frames.push(root);
    for (let i = 0; i < structLogs.length; ++i) await this.step(structLogs[i]!, structLogs[i + 1]);
    if (structLogs.length === 0) {
      // An account without code, or a precompile: nothing stepped.
      call.output = `0x${returnValue.replace(/^0x/, "")}`;
      if (failed) call.error = isPrecompile(to) ? FAULTS.precompile : FAULTS.gas;
      if (failed) this.world.revertTo(mark);
    }
    call.gasUsed = gasUsed;
    return call;
  }

  private async step(step: StructLog, after: StructLog | undefined): Promise<void> {
    const frame = this.frames.at(-1)!;
    if (step.depth !== this.frames.length) throw lost(`depth ${step.depth}`);
    if (after === undefined || after.depth < step.depth) return this.end(frame, step, after);
    const stack = step.stack ?? [];
    const arg = (index: number) => BigInt(`0x${stack[stack.length - 1 - index]}`);
    const { memory } = frame;
    switch (step.op) {
      case "MSTORE":
        return memory.write(arg(0), getBytes(toBeHex(arg(1), 32)));
      case "MSTORE8":
        return memory.write(arg(0), Uint8Array.of(Number(arg(1) & 0xffn)));
      case "MLOAD":
        return same(hexlify(memory.read(arg(0), 32n)), after);
      case "MCOPY":
        memory.touch(arg(0), arg(2));
        return memory.write(arg(0), memory.read(arg(1), arg(2)));
      case "CALLDATACOPY":
        return memory.copy(arg(0), frame.input, arg(1), arg(2));
      case "RETURNDATACOPY":
        return memory.copy(arg(0), frame.returned, arg(1), arg(2));
      case "CODECOPY":
        if (arg(2) === 0n) return;
        return memory.copy(arg(0), await frame.code(), arg(1), arg(2));
      case "EXTCODECOPY":
        if (arg(3) === 0n) return;
        return memory.copy(arg(1), await this.world.codeOf(addressOf(arg(0))), arg(2), arg(3));
      case "KECCAK256":
      case "SHA3":
        return this.hash(memory, arg(0), arg(1), after);
      case "SLOAD":
        return this.world.noteHeld(frame.self, toBeHex(arg(0), 32), `0x${after.stack?.at(-1)}`);
      case "SSTORE":
        return this.world.write(frame.self, toBeHex(arg(0), 32), toBeHex(arg(1), 32));
      default:
    }
    if (step.op.startsWith("LOG")) return log(frame, stack, Number(step.op.slice(3)));
    if (CALLS.has(step.op)) return this.call(frame, step, after, arg);
    if (CREATES.has(step.op)) return this.create(frame, step, after, arg);
    if (after.depth > step.depth) throw lost(`a frame that ${step.op} opened`);
  }

  private hash(memory: Memory, offset: bigint, size: bigint, after: StructLog): void {
    if (size < PREIMAGE.least || size > PREIMAGE.most) return memory.touch(offset, size);
    const data = hexlify(memory.read(offset, size));
    const hash = keccak256(data);
    same(hash, after);
    this.preimages.set(hash, data);
  }

  private async call(frame: Frame, step: StructLog, after: StructLog, arg: (index: number) => bigint): Promise<void> {
    const type = step.op as CallType;
    const hasValue = type === "CALL" || type === "CALLCODE";
    const at = hasValue ? 3 : 2;
    const [value, target] = [hasValue ? arg(2) : 0n, addressOf(arg(1))];
    const [inOffset, inSize, outOffset, outSize] = [arg(at), arg(at + 1), arg(at + 2), arg(at + 3)];
    // One expansion covers both; the further end decides.
    const touched = frame.memory.costOf(
      0n,
      [inSize && inOffset + inSize, outSize && outOffset + outSize].reduce((a, b) => (a > b ? a : b)),
    );
    const input = frame.memory.read(inOffset, inSize);
    frame.memory.touch(outOffset, outSize);
    const isOwn = type === "CALL" || type === "STATICCALL";
    const call = newCall(type, frame.self, target, value, hexlify(input));
    const mark = this.world.mark();
    const opener = { step, outOffset, outSize };
    frame.call.calls.push(call);
    if (after.depth > step.depth) {
      if (type === "CALL") this.world.move(frame.self, target, value);
      this.frames.push({
        call,
        self: isOwn ? target : frame.self,
        code: () => this.world.codeOf(target),
        input,
        memory: new Memory(),
        returned: new Uint8Array(),
        isStatic: frame.isStatic || type === "STATICCALL",
        gas: BigInt(after.gas),
        mark,
        opener,
      });
      return;
    }
    // Nothing stepped: no code, a precompile, or a call that was not made.
    const isOk = isTrue(after);
    if (isPrecompile(target)) {
      const stipend = value > 0n ? GAS.stipend : 0n;
      const handed = handedOn(step, arg(0), GAS.warm + touched + (value > 0n ? GAS.value : 0n)) + stipend;
      call.gasUsed = handed - returnedBy(step, after);
      if (!isOk) call.error = call.gasUsed === 0n && value > 0n ? FAULTS.balance : FAULTS.precompile;
      else call.output = await this.precompile(target, call.input);
    } else if (!isOk) {
      call.error = step.depth === MAX_DEPTH ? FAULTS.depth : FAULTS.balance;
    }
    if (isOk && type === "CALL") this.world.move(frame.self, target, value);
    this.answer(frame, getBytes(call.output), opener);
  }

  private async create(frame: Frame, step: StructLog, after: StructLog, arg: (index: number) => bigint): Promise<void> {
    const type = step.op as CallType;
    const [value, offset, size] = [arg(0), arg(1), arg(2)];
    const words = (size + 31n) / 32n;
    const base =
      GAS.create +
      frame.memory.costOf(offset, size) +
      words * (GAS.initWord + (type === "CREATE2" ? GAS.hashWord : 0n));
    const initCode = frame.memory.read(offset, size);
    const call = newCall(type, frame.self, ZeroAddress, value, hexlify(initCode));
    frame.call.calls.push(call);
    const opener = { step, outOffset: 0n, outSize: 0n };
    if (after.depth === step.depth) {
      const available = BigInt(step.gas) - base;
      call.gasUsed = available - available / 64n - returnedBy(step, after);
      call.error = call.gasUsed > 0n ? FAULTS.taken : step.depth === MAX_DEPTH ? FAULTS.depth : FAULTS.balance;
      if (call.gasUsed > 0n) await this.world.takeNonce(frame.self);
      frame.returned = new Uint8Array();
      return;
    }
    // The creator's nonce stays used even where the creation fails.
    const nonce = await this.world.takeNonce(frame.self);
    const created = (
      type === "CREATE2"
        ? getCreate2Address(frame.self, toBeHex(arg(3), 32), keccak256(initCode))
        : getCreateAddress({ from: frame.self, nonce })
    ).toLowerCase();
    const mark = this.world.mark();
    this.world.create(created);
    this.world.move(frame.self, created, value);
    call.to = getAddress(created);
    this.frames.push({
      call,
      self: created,
      code: () => initCode,
      input: new Uint8Array(),
      memory: new Memory(),
      returned: new Uint8Array(),
      isStatic: false,
      gas: BigInt(after.gas),
      mark,
      opener,
    });
  }

  /** The last step of a frame: what it returns, and whether its work stays. */
  private async end(frame: Frame, step: StructLog, after: StructLog | undefined): Promise<void> {
    const { call, opener } = frame;
    const isCreation = CREATES.has(call.type);
    const outer = this.frames.at(-2);
    if ((outer === undefined) !== (after === undefined)) {
      throw lost("the end of a frame");
    }
    const isOk = opener === undefined ? !this.trace.failed : isTrue(after!);
    const stack = step.stack ?? [];
    const arg = (index: number) => BigInt(`0x${stack[stack.length - 1 - index]}`);
    const returns = step.op === "RETURN" || step.op === "REVERT";
    const isPaid = returns && stack.length >= 2 && frame.memory.costOf(arg(0), arg(1)) <= BigInt(step.gas);
    const data = isPaid ? frame.memory.read(arg(0), arg(1)) : new Uint8Array();
    if (isOk) {
      call.output = hexlify(data);
      if (step.op === "SELFDESTRUCT") await this.destroy(frame, addressOf(arg(0)));
      if (isCreation) {
        this.world.setCode(frame.self, data);
        if (opener !== undefined && addressOf(BigInt(`0x${after!.stack!.at(-1)}`)) !== frame.self) {
          throw lost(`the address of what ${opener.step.op} created`);
        }
      }
    } else {
      const isReverted = step.op === "REVERT" && isPaid;
      if (isReverted) call.output = hexlify(data);
      call.error = isReverted ? FAULTS.reverted : this.faultOf(frame, step, data);
      this.world.revertTo(frame.mark);
      dropLogs(call);
      if (isCreation) call.to = ZeroAddress;
    }
    this.frames.pop();
    if (opener === undefined || outer === undefined) return;
    call.gasUsed = frame.gas - returnedBy(opener.step, after!);
    this.answer(outer, isCreation && isOk ? new Uint8Array() : getBytes(call.output), opener);
  }

  private async destroy(frame: Frame, heir: string): Promise<void> {
    // To itself an account gives nothing, unless it ends with that: then the ether is burnt.
    const isKept = heir === frame.self && !this.world.isNew(heir);
    const value = isKept ? 0n : await this.world.balanceOf(frame.self);
    frame.call.calls.push(newCall("SELFDESTRUCT", frame.self, heir, value, "0x"));
    this.world.move(frame.self, heir, value);
    this.world.destroy(frame.self);
  }

  private faultOf(frame: Frame, step: StructLog, data: Uint8Array): string {
    const stack = step.stack ?? [];
    const arg = (index: number) => BigInt(`0x${stack[stack.length - 1 - index]}`);
    if (step.op === "RETURN" && CREATES.has(frame.call.type)) {
      if (data[0] === 0xef) return FAULTS.prefix;
      return data.length > MAX_CODE ? FAULTS.codeSize : FAULTS.gas;
    }
    if (step.op === "INVALID" || step.op.startsWith("opcode ")) return FAULTS.opcode;
    if (frame.isStatic && WRITES.test(step.op)) return FAULTS.isStatic;
    if (stack.length < wordsTaken(step.op)) return FAULTS.underflow;
    if (stack.length === MAX_DEPTH && isPush(step.op)) return FAULTS.overflow;
    if (frame.isStatic && step.op === "CALL" && arg(2) > 0n) return FAULTS.isStatic;
    if (step.op === "JUMP" && step.gas >= 8) return FAULTS.jump;
    if (step.op === "JUMPI" && step.gas >= 10) return FAULTS.jump;
    if (step.op === "RETURNDATACOPY" && arg(1) + arg(2) > BigInt(frame.returned.length)) return FAULTS.returnData;
    if (CREATES.has(step.op) && arg(2) > MAX_INIT_CODE) return FAULTS.initCodeSize;
    return FAULTS.gas;
  }

  /** Back in the frame that called: what came back, and as much of it in memory as there is room for. */
  private answer(frame: Frame, data: Uint8Array, { outOffset, outSize }: Opener): void {
    frame.returned = data;
    const size = outSize < BigInt(data.length) ? Number(outSize) : data.length;
    frame.memory.write(outOffset, data.subarray(0, size));
  }

  private precompile(account: string, input: string): Promise<string> {
    const key = `${account} ${input}`;
    const known = this.outputs.get(key) ?? precompileOutput(this.provider, account, input);
    this.outputs.set(key, known);
    return known;
  }
}

function newCall(type: CallType, from: string, to: string, value: bigint, input: string): TracedCall {
  return {
    type,
    from: getAddress(from),
    to: getAddress(to),
    value,
    gasUsed: 0n,
    input,
    output: "0x",
    logs: [],
    calls: [],
  };
}

function log(frame: Frame, stack: readonly string[], topics: number): void {
  const word = (index: number) => `0x${stack[stack.length - 1 - index]}`;
  frame.call.logs.push({
    address: getAddress(frame.self),
    topics: Array.from({ length: topics }, (_, index) => word(index + 2)),
    data: hexlify(frame.memory.read(BigInt(word(0)), BigInt(word(1)))),
  });
}

function dropLogs(call: TracedCall): void {
  call.logs = [];
  call.calls.forEach(dropLogs);
}

/** Gas that a call was given, after EIP-150: what it asked for, or all but a 64th. */
function handedOn(step: StructLog, asked: bigint, base: bigint): bigint {
  const paid = BigInt(step.gasCost);
  // An account that holds nothing is made by the transfer; then the price is higher.
  for (const price of [base, base + GAS.newAccount]) {
    const available = BigInt(step.gas) - price;
    const most = available - available / 64n;
    const handed = asked < most ? asked : most;
    if (price + handed === paid) return handed;
  }
  throw lost(`the gas of ${step.op}`);
}

/** Gas that came back from a call. */
function returnedBy(step: StructLog, after: StructLog): bigint {
  return BigInt(after.gas) - (BigInt(step.gas) - BigInt(step.gasCost));
}

/** Whether the call before this step succeeded; of a creation, whether there is an address. */
function isTrue(after: StructLog): boolean {
  return BigInt(`0x${after.stack?.at(-1) ?? "0"}`) !== 0n;
}

function same(expected: string, after: StructLog): void {
  if (`0x${after.stack?.at(-1)}` !== expected) throw lost("memory");
}

function addressOf(word: bigint): string {
  return dataSlice(toBeHex(word, 32), 12);
}

/** The steps say something else than what was rebuilt from them: a wrong trace is never given. */
function lost(what: string): Error {
  return new Error(`the transaction cannot be rebuilt from its steps: ${what} differs`);
}
