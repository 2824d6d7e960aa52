import { dataLength, dataSlice, getAddress, Interface, toBeHex, type FunctionFragment, type ParamType } from "ethers";
import { SLOTS } from "../chain/erc1967";
import { deployedSide } from "../diff/codeSide";
import { dispatchedSelectors } from "../impact/selectors";
import { functionsOf } from "../plan/abi";
import { plausibleValue } from "../plan/checkInitializers";
import type { World } from "./checks/types";

/** Code that stages wrote into a module's storage: a route, a plugin, a facet by number. */
export interface Plugged {
  account: string;
  functions: { name: string; selector: string; fragment: FunctionFragment }[];
}

/** Numbers that choose one among several, as far as a stage wrote them. */
const SMALL = 1n << 32n;
const MASK = (1n << 160n) - 1n;
/** Below it are the precompiles, and numbers. */
const AN_ADDRESS = 1n << 128n;
/** Of functions whose ABI nobody knows: what a call of anything takes as a rule. */
const SHAPES = functionsOf(
  new Interface(["function a(address,bytes)", "function b(address,uint256,bytes)", "function c(bytes)"]),
);

/** Accounts with code that stages wrote into the module's storage, where it keeps no pointer of its own. */
export async function pluggedOf({ notes, module, session, built, timelock }: World): Promise<Plugged[]> {
  const pointers = new Set<string>(Object.values(SLOTS));
  const own = new Set([module, timelock, built.explain.stable, ...built.deployments.map(({ address }) => address)]);
  const words = notes.stages
    .flatMap(({ writes = [] }) => writes)
    .filter(({ account, slot }) => getAddress(account) === module && !pointers.has(slot))
    .map(({ after }) => BigInt(after) & MASK)
    .filter((word) => word >= AN_ADDRESS);
  const accounts = [...new Set(words)].map((word) => getAddress(toBeHex(word, 20))).filter((one) => !own.has(one));
  const found: Plugged[] = [];
  for (const account of accounts) {
    const { client } = session;
    if ((await client.provider.getCode(account)) === "0x") continue;
    const { abi, code } = await deployedSide(client, account);
    const functions =
      abi === undefined
        ? dispatchedSelectors(code).flatMap((selector) =>
            SHAPES.map((fragment) => ({ name: selector, selector, fragment })),
          )
        : functionsOf(abi)
            .filter(({ constant }) => !constant)
            .map((fragment) => ({ name: fragment.format("sighash"), selector: fragment.selector, fragment }));
    if (functions.length > 0) found.push({ account, functions });
  }
  return found;
}

/** Under what a stage may have put the code: numbers and words that its calls name, and small numbers that it wrote or found. */
export function placesOf({ notes, module, plan }: Pick<World, "notes" | "module" | "plan">): Places {
  const written = notes.stages
    .flatMap(({ writes = [] }) => writes)
    .filter(({ account }) => getAddress(account) === module)
    .flatMap(({ before, after }) => [before, after]);
  const named = plan.stages.flatMap(({ calls }) => calls.flatMap(({ data }) => wordsOf(data)));
  const numbers = [...written, ...named].map((word) => BigInt(word)).filter((word) => word < SMALL);
  // Lengths and offsets are numbers too: they come last.
  const isOffset = (one: bigint) => one > 0n && one % 32n === 0n;
  const sorted = [...new Set([0n, ...numbers])].sort((a, b) => Number(isOffset(a)) - Number(isOffset(b)));
  return { numbers: sorted.slice(0, MOST_PLACES), words: [...new Set(named)].slice(0, MOST_PLACES) };
}

export interface Places {
  numbers: readonly bigint[];
  words: readonly string[];
}

const MOST_PLACES = 8;

/** Words of calldata, and of calldata inside of it. */
function wordsOf(data: string): string[] {
  const all: string[] = [];
  for (const start of [4, 8]) {
    for (let at = start; at + 32 <= dataLength(data); at += 32) all.push(dataSlice(data, at, at + 32));
  }
  return all;
}

/** Calldata of a function that was there before, with `inner` in the place of its bytes. */
export function outerCalls(
  fragment: FunctionFragment,
  inner: { account: string; data: string },
  { places, module }: { places: Places; module: string },
): string[] {
  const choices = fragment.inputs.map((input: ParamType): readonly unknown[] => {
    if (input.type === "bytes") return [inner.data];
    if (input.type === "bytes4") return [inner.data.slice(0, 10)];
    if (input.type === "address") return [inner.account];
    if (/^uint\d*$/.test(input.type)) return places.numbers;
    if (input.type === "bytes32") return places.words;
    return [plausibleValue(input, module)];
  });
  const abi = new Interface([fragment]);
  return choices
    .reduce<unknown[][]>(
      (all, choice) =>
        all.flatMap((one) => choice.slice(0, all.length > 36 ? 1 : undefined).map((value) => [...one, value])),
      [[]],
    )
    .flatMap((values) => {
      try {
        return [abi.encodeFunctionData(fragment, values)];
      } catch {
        // A number that does not fit the type.
        return [];
      }
    });
}
