import { FunctionFragment, Interface, type ParamType } from "ethers";
import { SlipwayError } from "../errors";
import type { RawArgument } from "./fields";
import { nearest } from "./nearest";
import { EXPECTED, parseInteger } from "./units";

/** A function of the ABI by name or signature; `where` is what an error points at. */
export function functionOf(abi: Interface, name: string, where: string): FunctionFragment {
  const all = functionsOf(abi);
  const found = name.includes("(")
    ? all.filter((fragment) => fragment.format("sighash") === normalised(name))
    : all.filter((fragment) => fragment.name === name);
  if (found.length === 1) return found[0]!;
  const signatures = (found.length > 1 ? found : all).map((fragment) => fragment.format("sighash"));
  const near = found.length > 1 ? undefined : nearest(name, signatures);
  throw new SlipwayError("FunctionUnknown", {
    where,
    expected: found.length > 1 ? `one of ${signatures.join(", ")}` : (near ?? `one of ${signatures.join(", ")}`),
    found: name,
    meaning: found.length > 1 ? "several functions have this name; write the signature" : undefined,
    next: near === undefined ? undefined : `write ${near}`,
  });
}

export function functionsOf(abi: Interface): FunctionFragment[] {
  return abi.fragments.filter((fragment): fragment is FunctionFragment => fragment.type === "function");
}

/** A function that no ABI at hand describes: "balanceOf(address)(uint256)", or without the result. */
export function looseFunction(text: string, where: string): FunctionFragment {
  const match = /^([A-Za-z_$][\w$]*)(\(.*?\))(?:\s*(?:returns\s*)?(\(.*\)))?$/.exec(text);
  try {
    if (match === null) throw new Error("no signature");
    const [, name, inputs, outputs] = match;
    return FunctionFragment.from(`function ${name}${inputs} view${outputs === undefined ? "" : ` returns ${outputs}`}`);
  } catch (cause) {
    throw new SlipwayError("FunctionUnknown", {
      where,
      expected: 'a signature such as "balanceOf(address)(uint256)"',
      found: text,
      cause,
    });
  }
}

/** Calldata of one call, its arguments read as the ABI says. */
export function encodeCall(fragment: FunctionFragment, args: readonly RawArgument[], where: string): string {
  if (args.length !== fragment.inputs.length) {
    throw new SlipwayError("ArgumentInvalid", {
      where,
      expected: `${fragment.inputs.length} arguments for ${fragment.format("sighash")}`,
      found: `${args.length}`,
    });
  }
  const values = fragment.inputs.map((input, i) => coerce(input, args[i]!, `${where}, argument ${i}`));
  return new Interface([fragment]).encodeFunctionData(fragment, values);
}

/** Arguments of a constructor, appended to its creation code. */
export function encodeConstructor(
  abi: Interface,
  bytecode: string,
  args: readonly RawArgument[],
  where: string,
): string {
  const inputs = abi.deploy.inputs;
  if (args.length !== inputs.length) {
    throw new SlipwayError("ArgumentInvalid", {
      where,
      expected: `${inputs.length} constructor arguments (${inputs.map((input) => input.format("full")).join(", ")})`,
      found: `${args.length}`,
    });
  }
  const values = inputs.map((input, i) => coerce(input, args[i]!, `${where}, argument ${i}`));
  return bytecode + abi.encodeDeploy(values).slice(2);
}

/**
 * Head word (1-based) of one argument: a router reads words at fixed places, so a parameter that spans several words, or
 * whose word is only an offset, cannot be one.
 */
export function headWordOf(fragment: FunctionFragment, arg: string, isAmount: boolean, where: string): number {
  const number = parseInteger(arg);
  const index = number !== undefined ? Number(number) : fragment.inputs.findIndex((input) => input.name === arg);
  const input = fragment.inputs[index];
  const expected = isAmount ? "a uint parameter" : "a parameter of one word, such as an address or a uint";
  if (input === undefined) {
    throw new SlipwayError("ArgumentInvalid", {
      where,
      expected: `${expected} of ${fragment.format("full")}, by name or counted from 0`,
      found: arg,
    });
  }
  if (!(isAmount ? /^uint\d*$/ : /^(address|bool|u?int\d*|bytes\d+)$/).test(input.type)) {
    throw new SlipwayError("ArgumentInvalid", { where, expected, found: `${input.format("full")} (argument ${arg})` });
  }
  const before = fragment.inputs.slice(0, index).reduce((sum, earlier) => sum + headWords(earlier), 0);
  return before + 1;
}

/** Words a parameter takes in the head: 1 for a dynamic one (its offset). */
function headWords(input: ParamType): number {
  if (isDynamic(input)) return 1;
  if (input.isArray()) return (input.arrayLength ?? 0) * headWords(input.arrayChildren);
  if (input.isTuple()) return input.components.reduce((sum, component) => sum + headWords(component), 0);
  return 1;
}

function isDynamic(input: ParamType): boolean {
  if (input.isArray()) return input.arrayLength === -1 || isDynamic(input.arrayChildren);
  if (input.isTuple()) return input.components.some(isDynamic);
  return input.type === "string" || input.type === "bytes";
}

/** Text of the file to a value of the ABI's type. "false" is a text that JavaScript holds true: nothing is guessed. */
function coerce(input: ParamType, raw: RawArgument, where: string): unknown {
  if (input.isArray()) {
    const isRightLength = Array.isArray(raw) && (input.arrayLength === -1 || raw.length === input.arrayLength);
    if (!isRightLength) throw invalid(input, raw, where);
    return raw.map((item, i) => coerce(input.arrayChildren, item, `${where}.${i}`));
  }
  if (input.isTuple()) {
    if (!Array.isArray(raw) || raw.length !== input.components.length) throw invalid(input, raw, where);
    return input.components.map((component, i) => coerce(component, raw[i]!, `${where}.${i}`));
  }
  if (typeof raw !== "string") throw invalid(input, raw, where);
  if (input.type === "bool") {
    if (raw !== "true" && raw !== "false") throw invalid(input, raw, where);
    return raw === "true";
  }
  if (/^u?int/.test(input.type)) {
    const magnitude = parseInteger(raw.replace(/^-/, ""));
    if (magnitude === undefined) throw invalid(input, raw, where, EXPECTED.integer);
    return checkEncodable(input, raw.startsWith("-") ? -magnitude : magnitude, raw, where);
  }
  return checkEncodable(input, raw, raw, where);
}

function checkEncodable<T>(input: ParamType, value: T, raw: RawArgument, where: string): T {
  try {
    new Interface([`function f(${input.type})`]).encodeFunctionData("f", [value]);
    return value;
  } catch {
    throw invalid(input, raw, where);
  }
}

function invalid(input: ParamType, raw: RawArgument, where: string, what?: string): SlipwayError {
  return new SlipwayError("ArgumentInvalid", {
    where,
    expected: what ?? `${/^[aeiou]/.test(input.type) ? "an" : "a"} ${input.format("full")}`,
    found: JSON.stringify(raw),
  });
}

/** "f(uint256 amount, address)" to "f(uint256,address)"; anything unreadable stays, and is then found unknown. */
function normalised(signature: string): string {
  try {
    return FunctionFragment.from(`function ${signature}`).format("sighash");
  } catch {
    return signature;
  }
}
