import { createRequire } from "node:module";
import type { CompilerOutput } from "../../src/layout/readNamespaces";

interface Solc {
  compile(input: string): string;
}

interface Output extends CompilerOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { storageLayout?: StorageLayout }>>;
}

/** What the compiler itself says of a contract's storage. */
export interface StorageLayout {
  storage: { label: string; slot: string; offset: number; type: string }[];
  types: Record<
    string,
    { label: string; numberOfBytes: string; members?: { label: string; slot: string; offset: number; type: string }[] }
  >;
}

let solc: Solc | undefined;

/** Analyses sources with the pinned compiler; nothing is written, and no code generated. */
export function analyse(sources: Record<string, string>, wanted: Record<string, string[]> = {}): Output {
  solc ??= createRequire(__filename)("solc") as Solc;
  const selection = Object.fromEntries(Object.entries(wanted).map(([file, outputs]) => [file, { "*": outputs }]));
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: Object.fromEntries(Object.entries(sources).map(([file, content]) => [file, { content }])),
        settings: { evmVersion: "cancun", outputSelection: { "*": { "": ["ast"] }, ...selection } },
      }),
    ),
  ) as Output;
  const failed = output.errors?.find(({ severity }) => severity === "error");
  if (failed !== undefined) throw new Error(failed.formattedMessage);
  return output;
}
