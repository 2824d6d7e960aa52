import type { Provider } from "ethers";
import { SlipwayError } from "../errors";
import { encodeCall, looseFunction } from "./abi";
import type { RawArgument } from "./fields";
import { Op, type Probe } from "./types";

/** Gas a probe is given unless its author says otherwise: a getter behind a proxy and a router takes about a third. */
export const DEFAULT_PROBE_GAS = 100_000n;

/** How comparisons are written in files. */
export const OPS = { "==": Op.Eq, "!=": Op.Ne, "<": Op.Lt, "<=": Op.Lte, ">": Op.Gt, ">=": Op.Gte } as const;

/** "==" of `Op.Eq`. */
export function opText(op: Op): keyof typeof OPS {
  return (Object.keys(OPS) as (keyof typeof OPS)[]).find((text) => OPS[text] === op)!;
}

/** Words are compared without a sign: below zero an `int` is more than anything above it, and an order of the two says nothing. */
export function checkOrder(calls: readonly string[], op: keyof typeof OPS, where: string): void {
  if (op === "==" || op === "!=") return;
  const signed = calls.find((call) => /^int/.test(looseFunction(call, where).outputs[0]?.type ?? ""));
  if (signed === undefined) return;
  throw new SlipwayError("ArgumentInvalid", {
    where,
    expected: `an unsigned word before ${op}, or one of == and !=`,
    found: signed,
  });
}

/** A probe as files write it. */
export interface WrittenProbe {
  target: string;
  call: string;
  args?: RawArgument[];
  gas?: bigint;
}

export function toProbe(written: WrittenProbe, where: string): Probe {
  const fragment = looseFunction(written.call, where);
  const [output] = fragment.outputs;
  if (output !== undefined && !/^(address|bool|u?int\d*|bytes\d+)$/.test(output.type)) {
    throw new SlipwayError("ArgumentInvalid", {
      where,
      expected: "a function that returns one word, such as an address or a uint",
      found: written.call,
    });
  }
  return {
    target: written.target,
    data: encodeCall(fragment, written.args ?? [], where),
    gas: written.gas ?? DEFAULT_PROBE_GAS,
  };
}

/** The probe's word now, read as the contracts read it: a revert or a short return gives none. */
export async function readProbe(provider: Provider, probe: Probe): Promise<bigint | undefined> {
  if ((await provider.getCode(probe.target)) === "0x") return undefined;
  let result: string;
  try {
    result = await provider.call({ to: probe.target, data: probe.data });
  } catch (cause) {
    // Only a revert of the account is an answer; a node that does not answer is not.
    if ((cause as { code?: string }).code === "CALL_EXCEPTION") return undefined;
    throw cause;
  }
  return result.length < 66 ? undefined : BigInt(result.slice(0, 66));
}
