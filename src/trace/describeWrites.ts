import type { Namespaces } from "../layout/readNamespaces";
import { decodeWrites, type DecodedWrite } from "./decodeWrites";
import { guessPreimages } from "./guessPreimages";
import { walk, type TracedCall, type TransactionTrace } from "./types";

/** Accounts whose code worked on each account's storage in a transaction: what it delegated to, then its own. */
export function codesOf(root: TracedCall): Map<string, Set<string>> {
  const codes = new Map<string, Set<string>>();
  const visit = (call: TracedCall, around: string): void => {
    if (call.type === "SELFDESTRUCT") return;
    const isForeign = call.type === "DELEGATECALL" || call.type === "CALLCODE";
    const self = isForeign ? around : call.to;
    if (isForeign) codes.set(self, new Set([...(codes.get(self) ?? []), call.to]));
    for (const inner of call.calls) visit(inner, self);
  };
  visit(root, root.to);
  for (const { call } of walk(root)) {
    if (call.type === "DELEGATECALL" || call.type === "CALLCODE" || call.type === "SELFDESTRUCT") continue;
    codes.set(call.to, new Set([...(codes.get(call.to) ?? []), call.to]));
  }
  return codes;
}

/**
 * The writes of a transaction, named by the layouts of all code that worked on the storage. Keys of mappings are looked for in what the
 * calls show; only where that leaves a write without a name, the node is asked for all that was hashed.
 */
export async function describeWrites(
  trace: TransactionTrace,
  /** Layout of the code of an account; undefined where no build is known that gives it. */
  layoutOf: (account: string) => Promise<Namespaces | undefined>,
  /** Names of words that no layout names, by slot. */
  words: ReadonlyMap<string, string> = new Map(),
): Promise<DecodedWrite[]> {
  const { root, writes } = trace;
  const codes = codesOf(root);
  const wanted = new Set(writes.flatMap(({ account }) => [...(codes.get(account) ?? [account])]));
  const layouts = new Map<string, Namespaces | undefined>();
  for (const code of wanted) layouts.set(code, await layoutOf(code));
  const layoutsOf = (account: string) =>
    [...(codes.get(account) ?? [account])]
      .map((code) => layouts.get(code))
      .filter((layout): layout is Namespaces => layout !== undefined);
  const own = [...new Set(writes.map(({ account }) => account))].flatMap(layoutsOf);
  const guessed = guessPreimages(trace, [...new Set(own)]);
  const named = withNames(decodeWrites(writes, { layoutsOf, preimages: guessed }), words);
  // What lies so low is no mapping's: a hash is never so small.
  const isMissing = ({ account, slot, label }: DecodedWrite) =>
    label === undefined && BigInt(slot) >= 1n << 128n && layoutsOf(account).length > 0;
  if (!named.some(isMissing)) return named;
  return withNames(decodeWrites(writes, { layoutsOf, preimages: await trace.preimages() }), words);
}

function withNames(writes: readonly DecodedWrite[], words: ReadonlyMap<string, string>): DecodedWrite[] {
  return writes.map((write) => {
    const label = write.label ?? words.get(write.slot);
    return label === undefined ? write : { ...write, label };
  });
}
