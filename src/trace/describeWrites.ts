import type { Namespaces } from "../layout/readNamespaces";
import { decodeWrites, type DecodedWrite } from "./decodeWrites";
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

/** The writes of a transaction, named by the layouts of all code that worked on the storage. */
export async function describeWrites(
  { root, writes, preimages }: TransactionTrace,
  /** Layout of the code of an account; undefined where no build is known that gives it. */
  layoutOf: (account: string) => Promise<Namespaces | undefined>,
): Promise<DecodedWrite[]> {
  const codes = codesOf(root);
  const wanted = new Set(writes.flatMap(({ account }) => [...(codes.get(account) ?? [account])]));
  const layouts = new Map<string, Namespaces | undefined>();
  for (const code of wanted) layouts.set(code, await layoutOf(code));
  const layoutsOf = (account: string) =>
    [...(codes.get(account) ?? [account])]
      .map((code) => layouts.get(code))
      .filter((layout): layout is Namespaces => layout !== undefined);
  return decodeWrites(writes, { layoutsOf, preimages });
}
