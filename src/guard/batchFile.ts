import type { Call } from "../plan/types";

export const GOVERNANCES = ["oz-governor", "compound", "safe", "calls"] as const;
export type Governance = (typeof GOVERNANCES)[number];

/** A batch in the form that a governance takes: arguments of `propose`, a file of Safe's Transaction Builder, or plain calls. */
export function batchFile(
  governance: Governance,
  calls: readonly Call[],
  {
    title,
    description = title,
    chainId,
    createdAt,
  }: { title: string; description?: string; chainId: bigint; createdAt: number },
): unknown {
  const targets = calls.map(({ target }) => target);
  const values = calls.map(({ value }) => value.toString());
  const calldatas = calls.map(({ data }) => data);
  if (governance === "oz-governor") return { targets, values, calldatas, description };
  if (governance === "compound") {
    // The selector is in the data, so that the timelock adds none.
    return { targets, values, signatures: calls.map(() => ""), calldatas, description };
  }
  if (governance === "calls") return calls.map(({ target, data }, i) => ({ target, value: values[i], data }));
  return {
    version: "1.0",
    chainId: chainId.toString(),
    createdAt: createdAt * 1_000,
    meta: {
      name: title,
      description: description === title ? "" : description,
      txBuilderVersion: "1.16.5",
      createdFromSafeAddress: "",
    },
    transactions: calls.map(({ target, data }, i) => ({
      to: target,
      value: values[i],
      data,
      contractMethod: null,
      contractInputsValues: null,
    })),
  };
}
