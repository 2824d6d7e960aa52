import { dataLength, getAddress, hexlify, keccak256, ZeroAddress, zeroPadBytes } from "ethers";
import type { DevProvider } from "../chain/devChain";
import { storageWrites } from "../simulate/storageWrites";
import { isPrecompile } from "./precompiles";
import { FAULTS, PREIMAGE, type CallType, type TracedCall, type TransactionTrace } from "./types";

interface Frame {
  type: string;
  from: string;
  to?: string;
  value?: string;
  gasUsed: string;
  input: string;
  output?: string;
  error?: string;
  logs?: { address: string; topics?: string[]; data?: string }[];
  calls?: Frame[];
}

/*
 * What KECCAK256 read, and what it answered: the next step has that on top of its stack. A step that follows at a lesser depth
 * is another frame's: the hashing failed. Memory that nothing was written to yet is not there yet; it is zeros.
 */
const HASHES = `{
  found: [], waiting: null,
  step: function (log) {
    if (this.waiting !== null) {
      if (log.getDepth() === this.waiting.depth)
        this.found.push([this.waiting.data, "0x" + log.stack.peek(0).toString(16), this.waiting.size]);
      this.waiting = null;
    }
    if (log.op.toNumber() !== 0x20) return;
    var size = Number(log.stack.peek(1).toString());
    if (size < ${PREIMAGE.least} || size > ${PREIMAGE.most}) return;
    var from = Number(log.stack.peek(0).toString());
    var to = Math.min(from + size, log.memory.length());
    this.waiting = { depth: log.getDepth(), size: size, data: from < to ? toHex(log.memory.slice(from, to)) : "0x" };
  },
  fault: function () { this.waiting = null; },
  result: function () { return this.found; }
}`;

/** A transaction as a node with `callTracer`, `prestateTracer` and JavaScript tracers tells it: anvil, geth, reth. */
export async function traceByTracers(provider: DevProvider, hash: string): Promise<TransactionTrace> {
  const trace = (options: object) => provider.send("debug_traceTransaction", [hash, options]);
  // One after another: anvil's fork has as many workers as cores, each trace holds one while it fetches, and the fetching wants one.
  const frame = (await trace({ tracer: "callTracer", tracerConfig: { withLog: true } })) as Frame;
  const writes = await storageWrites({ provider }, hash);
  const receipt = (await provider.send("eth_getTransactionReceipt", [hash])) as { gasUsed: string };
  // Of a transaction that is not its block's first, anvil's tracer tells the gas of the block so far.
  const root = {
    ...toCall(frame, { isUndone: false, self: frame.to ?? ZeroAddress }),
    gasUsed: BigInt(receipt.gasUsed),
  };
  let hashes: Promise<ReadonlyMap<string, string>> | undefined;
  const preimages = () =>
    (hashes ??= trace({ tracer: HASHES }).then((found) => toPreimages(found as [string, string, number][])));
  return { hash, root, writes, preimages };
}

function toPreimages(hashes: readonly [string, string, number][]): Map<string, string> {
  const preimages = new Map<string, string>();
  for (const [data, , size] of hashes) {
    const whole = dataLength(data) < size ? zeroPadBytes(data, size) : hexlify(data);
    preimages.set(keccak256(whole), whole);
  }
  return preimages;
}

/** `self`: the account that the frame around it works on. */
function toCall(frame: Frame, { isUndone, self }: { isUndone: boolean; self: string }): TracedCall {
  const type = frame.type as CallType;
  const error = frame.error === undefined ? undefined : faultOf(frame.error, frame.to);
  const isLost = isUndone || error !== undefined;
  const isCreation = type === "CREATE" || type === "CREATE2";
  // Of a contract that destroys itself in its own favour, neither account is told.
  const [from, to] = type === "SELFDESTRUCT" ? [self, frame.to ?? self] : [frame.from, frame.to];
  const own = type === "DELEGATECALL" || type === "CALLCODE" ? self : (to ?? ZeroAddress);
  return {
    type,
    from: getAddress(from),
    to: to === undefined || (isCreation && error !== undefined) ? ZeroAddress : getAddress(to),
    value: type === "DELEGATECALL" ? 0n : BigInt(frame.value ?? 0),
    gasUsed: BigInt(frame.gasUsed),
    input: frame.input,
    output: error === undefined || error === FAULTS.reverted ? (frame.output ?? "0x") : "0x",
    ...(error === undefined ? {} : { error }),
    logs: isLost
      ? []
      : (frame.logs ?? []).map(({ address, topics = [], data = "0x" }) => ({
          address: getAddress(address),
          topics,
          data,
        })),
    calls: (frame.calls ?? []).map((inner) => toCall(inner, { isUndone: isLost, self: own })),
  };
}

const WORDS: readonly [RegExp, string][] = [
  [/^execution reverted/i, FAULTS.reverted],
  [/^out of ?gas/i, FAULTS.gas],
  [/^invalid opcode|^OpcodeNotFound|^InvalidFEOpcode/i, FAULTS.opcode],
  [/^invalid ?jump/i, FAULTS.jump],
  [/^stack ?underflow/i, FAULTS.underflow],
  [/^stack ?overflow|^out of stack|^stack limit/i, FAULTS.overflow],
  [/StateChangeDuringStaticCall|CallNotAllowedInsideStatic|write protection/i, FAULTS.isStatic],
  [/^OutOfOffset|return data out of bounds/i, FAULTS.returnData],
  [/^insufficient balance|^OutOfFunds/i, FAULTS.balance],
  [/^CallTooDeep|max call depth/i, FAULTS.depth],
  [/^CreateCollision|address collision/i, FAULTS.taken],
  [/^CreateContractSizeLimit|max code size/i, FAULTS.codeSize],
  [/^CreateInitCodeSizeLimit|max initcode size/i, FAULTS.initCodeSize],
  [/^CreateContractStartingWithEF|must not begin with 0xef/i, FAULTS.prefix],
];

function faultOf(text: string, to: string | undefined): string {
  const fault = WORDS.find(([pattern]) => pattern.test(text))?.[1];
  // What a precompile failed of is not told by every engine.
  if (to !== undefined && isPrecompile(to) && fault !== FAULTS.balance && fault !== FAULTS.depth) {
    return FAULTS.precompile;
  }
  return fault ?? text;
}
