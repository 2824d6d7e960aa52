import type { Interface, ParamType } from "ethers";
import { decodeBytes32String, formatEther } from "ethers";
import type { Call } from "./types";

/** One argument as a person reads it. */
export interface ExplainedArgument {
  name: string;
  type: string;
  value: string;
  /** Members of a struct, or of a list of structs. */
  parts?: ExplainedArgument[];
  /** What the bytes of this argument would call. */
  inner?: ExplainedData;
}

export interface ExplainedData {
  signature: string;
  args: ExplainedArgument[];
}

export interface ExplainedCall {
  target: string;
  /** What people call the target. */
  name: string;
  /** Wei, where some is sent. */
  value?: string;
  data: ExplainedData;
}

export type NameOf = (address: string) => string;

/** A call with its calldata decoded, messages inside messages too. */
export function explainCall(call: Call, abis: readonly Interface[], nameOf: NameOf): ExplainedCall {
  return {
    target: call.target,
    name: nameOf(call.target),
    value: call.value === 0n ? undefined : `${formatEther(call.value)} ether`,
    data: decodeData(call.data, abis, nameOf) ?? { signature: `unknown function ${call.data.slice(0, 10)}`, args: [] },
  };
}

function decodeData(data: string, abis: readonly Interface[], nameOf: NameOf): ExplainedData | undefined {
  if (data.length < 10) return undefined;
  for (const abi of abis) {
    const fragment = abi.getFunction(data.slice(0, 10));
    if (fragment === null) continue;
    try {
      const values = abi.decodeFunctionData(fragment, data);
      return {
        signature: fragment.format("sighash"),
        args: fragment.inputs.map((input, i) => explainArgument(input, values[i] as unknown, abis, nameOf)),
      };
    } catch {
      // Bytes that begin as a call does, and are none: another ABI may read them.
      continue;
    }
  }
  return undefined;
}

function explainArgument(
  input: ParamType,
  value: unknown,
  abis: readonly Interface[],
  nameOf: NameOf,
): ExplainedArgument {
  const inner = input.type === "bytes" ? decodeData(String(value), abis, nameOf) : undefined;
  return {
    name: input.name,
    type: input.type,
    value: show(input, value, nameOf),
    parts: partsOf(input, value, abis, nameOf),
    inner,
  };
}

function partsOf(
  input: ParamType,
  value: unknown,
  abis: readonly Interface[],
  nameOf: NameOf,
): ExplainedArgument[] | undefined {
  const members = value as unknown[];
  if (input.isTuple()) return input.components.map((part, i) => explainArgument(part, members[i], abis, nameOf));
  if (!input.isArray() || !input.arrayChildren.isTuple()) return undefined;
  return members.map((item, i) => ({ ...explainArgument(input.arrayChildren, item, abis, nameOf), name: `${i}` }));
}

function show(input: ParamType, value: unknown, nameOf: NameOf): string {
  if (input.isArray()) {
    return `[${(value as unknown[]).map((item) => show(input.arrayChildren, item, nameOf)).join(", ")}]`;
  }
  if (input.isTuple()) {
    const parts = input.components.map((part, i) => `${part.name}: ${show(part, (value as unknown[])[i], nameOf)}`);
    return `{ ${parts.join(", ")} }`;
  }
  return input.type === "address"
    ? nameOf(String(value))
    : input.type === "bytes32" && /^0x(?:2[0-9a-f]|[3-7][0-9a-e])+(?:00)+$/.test(String(value))
      ? JSON.stringify(decodeBytes32String(String(value)))
      : input.type === "string"
        ? JSON.stringify(value)
        : String(value);
}
