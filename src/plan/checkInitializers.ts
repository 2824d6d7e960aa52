import { Interface, type FunctionFragment, type ParamType } from "ethers";
import { derivedAddress, simulateSequence, type SequenceStep } from "../chain/simulateSequence";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { functionsOf } from "./abi";

/** Nobody's accounts: whatever they may do, anybody may. */
const STRANGERS = [derivedAddress("slipway.stranger.1"), derivedAddress("slipway.stranger.2")];

export interface InitializerCheck {
  abi: Interface;
  /** Calldata known to fit, such as the plan's own `init`. */
  knownCalls: readonly string[];
  /** Account whose initialisers are tried. */
  target: string;
  /** A contract to stand for "some contract" among the arguments. */
  someContract: string;
  /** Steps that come first: creations, the upgrade itself. */
  before: readonly SequenceStep[];
  /** "the implementation" or "the proxy", for people. */
  place: string;
  where: string;
}

/**
 * Reverts with `InitializerOpen` where a stranger's call of any initialiser succeeds, whatever of the plausible arguments it
 * takes. Not a proof: an initialiser under another name, or one that wants arguments nobody would guess, is not found.
 */
export async function checkInitializers(client: Client, check: InitializerCheck): Promise<void> {
  const attempts = STRANGERS.flatMap((stranger) =>
    candidateCalls(check, stranger).map((attempt) => ({ ...attempt, sender: stranger })),
  );
  const outcomes = await simulateSequence(client, [
    ...check.before,
    ...attempts.map(({ sender, data }) => ({ sender, data, target: check.target })),
  ]);
  const open = attempts.find((_, i) => outcomes[check.before.length + i]!.isOk);
  if (open === undefined) return;
  throw new SlipwayError("InitializerOpen", {
    where: check.where,
    expected: `${open.signature} to revert for a stranger on ${check.place} ${check.target}`,
    found: `it succeeds for ${open.sender}`,
    next:
      check.place === "the proxy"
        ? "guard it, or call it in upgrade.init so that it is used up by the upgrade itself"
        : `call it right after deploying: upgrade.lock: { function: "${open.signature}", args: […] }`,
  });
}

/** Functions that initialise, by the names this field gives them. */
export function initializersOf(abi: Interface): FunctionFragment[] {
  return functionsOf(abi).filter(
    (fragment) =>
      !fragment.constant &&
      (/^_*((re)?init(iali[sz]e\w*|[A-Z_\d]\w*|)|migrate([A-Z_\d]\w*|))$/.test(fragment.name) ||
        /Init(iali[sz]e)?(V?\d+)?$/.test(fragment.name)),
  );
}

function candidateCalls(check: InitializerCheck, stranger: string): { signature: string; data: string }[] {
  const guessed = initializersOf(check.abi).flatMap((fragment) =>
    [
      zeroValue,
      (input: ParamType) => plausibleValue(input, stranger),
      (input: ParamType) => plausibleValue(input, check.someContract),
    ].map((guess) => ({
      signature: fragment.format("sighash"),
      data: check.abi.encodeFunctionData(fragment, fragment.inputs.map(guess)),
    })),
  );
  const known = check.knownCalls.map((data) => ({
    signature: check.abi.getFunction(data.slice(0, 10))?.format("sighash") ?? data.slice(0, 10),
    data,
  }));
  return [...guessed, ...known];
}

function zeroValue(input: ParamType): unknown {
  if (input.isArray())
    return Array.from({ length: Math.max(0, input.arrayLength ?? 0) }, () => zeroValue(input.arrayChildren));
  if (input.isTuple()) return input.components.map(zeroValue);
  if (input.type === "address") return `0x${"00".repeat(20)}`;
  if (input.type === "bool") return false;
  if (input.type === "string") return "";
  if (input.type === "bytes") return "0x";
  if (input.type.startsWith("bytes")) return `0x${"00".repeat(Number(input.type.slice(5)))}`;
  return 0n;
}

/** A value of that type that a function might take. */
export function plausibleValue(input: ParamType, account: string): unknown {
  if (input.isArray()) {
    const length = input.arrayLength === -1 ? 1 : (input.arrayLength ?? 0);
    return Array.from({ length }, () => plausibleValue(input.arrayChildren, account));
  }
  if (input.isTuple()) return input.components.map((component) => plausibleValue(component, account));
  if (input.type === "address") return account;
  if (input.type === "bool") return true;
  if (input.type === "string") return "a";
  if (input.type === "bytes") return "0x01";
  if (input.type.startsWith("bytes")) return `0x${"01".repeat(Number(input.type.slice(5)))}`;
  return 1n;
}
