import { dataSlice, getAddress, getBytes, hexlify, id, type Interface } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { SLOTS } from "./erc1967";
import { derivedAddress, simulateSequence } from "./simulateSequence";

const PUSH1 = 0x60;
const PUSH32 = 0x7f;
const DELEGATECALL = 0xf4;
const CALLER = derivedAddress("slipway.forwarding.caller");
/** A selector that nobody declared: what answers it answers everything. */
const ANY_CALL = id("slipway.forwarding.any").slice(0, 10);
/** Slots that a contract without namespaces begins with. */
const FIRST_SLOTS = 32;
/** Functions that are tried; each is one call inside one `eth_call`. */
const MAX_CALLS = 64;

export interface HiddenDelegate {
  /** Slot of the proxy that leads to it. */
  slot: string;
  account: string;
}

/**
 * Reverts with `ImplementationSpoofed` unless the proxy runs the account that its ERC-1967 slot names: for the length of one
 * `eth_call` that account answers with a mark, and only where it runs in the proxy's own storage.
 */
export async function checkRunsImplementation(
  client: Client,
  { proxy, implementation, where }: { proxy: string; implementation: string; where: string },
): Promise<void> {
  const mark = id("slipway.forwarding.implementation");
  const [outcome] = await simulateSequence(client, [{ sender: CALLER, target: proxy, data: ANY_CALL }], {
    [implementation]: { code: markCode(proxy, mark) },
  });
  if (outcome!.isOk && outcome!.result === mark) return;
  throw new SlipwayError("ImplementationSpoofed", {
    where,
    expected: `${proxy} to run ${implementation}, which its ERC-1967 slot names`,
    found: "it runs something else",
  });
}

/**
 * Accounts to which the implementation hands calls on, by an address that the proxy's storage holds: a hidden proxy between
 * the two looks like the code behind it to everyone who calls. Each slot that the code names is read, and each account there
 * marked as above. Not a proof: a slot that is computed, or a condition that no call here meets, is not found.
 */
export async function findHiddenDelegates(
  client: Client,
  { proxy, implementation, abi }: { proxy: string; implementation: string; abi: Interface },
): Promise<HiddenDelegate[]> {
  const { provider } = client;
  const slots = slotsNamedBy(await provider.getCode(implementation));
  const found = await Promise.all(
    slots.map(async (slot) => {
      const word = BigInt(await provider.getStorage(proxy, slot)) & ((1n << 160n) - 1n);
      return { slot, account: getAddress(`0x${word.toString(16).padStart(40, "0")}`), isSmall: word < 1n << 64n };
    }),
  );
  const known = new Set([proxy, implementation]);
  const suspects: HiddenDelegate[] = [];
  for (const { slot, account, isSmall } of found) {
    if (isSmall || known.has(account)) continue;
    known.add(account);
    if ((await provider.getCode(account)) !== "0x") suspects.push({ slot, account });
  }
  if (suspects.length === 0) return [];
  const markOf = (index: number) => id(`slipway.forwarding.${index}`);
  const overrides = Object.fromEntries(
    suspects.map(({ account }, i) => [account, { code: markCode(proxy, markOf(i)) }]),
  );
  const calls = [ANY_CALL, ...plainCalls(abi)].map((data) => ({ sender: CALLER, target: proxy, data }));
  const outcomes = await simulateSequence(client, calls, overrides);
  const answers = new Set(outcomes.filter(({ isOk }) => isOk).map(({ result }) => result.slice(0, 66)));
  return suspects.filter((_, i) => answers.has(markOf(i)));
}

/** Code that returns `mark` where it runs in the storage of `owner`, and reverts where it does not. */
function markCode(owner: string, mark: string): string {
  return `0x3073${owner.slice(2).toLowerCase()}14601d575f5ffd5b7f${mark.slice(2)}5f5260205ff3`;
}

/** Calls without arguments that matter: every function, its words zero. */
function plainCalls(abi: Interface): string[] {
  const selectors: string[] = [];
  abi.forEachFunction(({ selector }) => selectors.push(selector));
  return selectors.slice(0, MAX_CALLS).map((selector) => `${selector}${"00".repeat(32 * 8)}`);
}

/** The words that stand as constants in delegating code, and the first slots. */
function slotsNamedBy(code: string): string[] {
  const bytes = getBytes(code);
  const words = new Set<string>();
  let canDelegate = false;
  for (let i = 0; i < bytes.length; i++) {
    const op = bytes[i]!;
    if (op === DELEGATECALL) canDelegate = true;
    if (op < PUSH1 || op > PUSH32) continue;
    const size = op - PUSH1 + 1;
    if (op === PUSH32 && i + 32 < bytes.length) words.add(dataSlice(hexlify(bytes.subarray(i + 1, i + 33)), 0));
    i += size;
  }
  if (!canDelegate) return [];
  words.delete(SLOTS.implementation);
  const first = Array.from({ length: FIRST_SLOTS }, (_, slot) => `0x${slot.toString(16).padStart(64, "0")}`);
  return [...first, ...words];
}
