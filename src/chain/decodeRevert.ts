import { Interface } from "ethers";

const BUILT_IN = new Interface(["error Error(string reason)", "error Panic(uint256 code)"]);

/** Revert data in words: `StalePolicy(1, 2)`, a quoted reason, or the bytes where no ABI at hand knows them. */
export function decodeRevert(data: string, abis: readonly Interface[] = []): string {
  if (data === "0x") return "a revert without a reason";
  for (const abi of [BUILT_IN, ...abis]) {
    const error = abi.getError(data.slice(0, 10));
    if (error === null) continue;
    const values = [...abi.decodeErrorResult(error, data)] as unknown[];
    return error.name === "Error" ? JSON.stringify(values[0]) : `${error.name}(${values.map(String).join(", ")})`;
  }
  return data;
}
