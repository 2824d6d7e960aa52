import { createRequire } from "node:module";
import type { InterfaceAbi } from "ethers";
import type { LayoutOutput, StorageLayout } from "../../src/layout/readLayout";

export interface Compiled {
  abi: InterfaceAbi;
  storageLayout: StorageLayout;
  evm: { bytecode: { object: string }; deployedBytecode: { object: string } };
}

export interface CompiledOutput extends LayoutOutput {
  contracts: Record<string, Record<string, Compiled>>;
}

/** Compiles sources with the pinned compiler, with the project's settings; nothing is written. */
export function compile(sources: Record<string, string>): CompiledOutput {
  const solc = createRequire(__filename)("solc") as { compile(input: string): string };
  const wanted = ["abi", "storageLayout", "evm.bytecode.object", "evm.deployedBytecode.object"];
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: Object.fromEntries(Object.entries(sources).map(([file, content]) => [file, { content }])),
        settings: {
          evmVersion: "cancun",
          optimizer: { enabled: true, runs: 200 },
          outputSelection: { "*": { "": ["ast"], "*": wanted } },
        },
      }),
    ),
  ) as CompiledOutput & { errors?: { severity: string; formattedMessage: string }[] };
  const failed = output.errors?.find(({ severity }) => severity === "error");
  if (failed !== undefined) throw new Error(failed.formattedMessage);
  return output;
}
