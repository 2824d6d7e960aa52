import { splitMetadata } from "../../bytecode/metadata";
import type { Build } from "../../client";
import { deployedSide } from "../../diff/codeSide";
import { concluding, pass, skip, unknown, warn } from "./types";

/** How code was compiled, as far as the code or its build tells. */
interface Toolchain {
  solc?: string;
  build?: Build;
}

/** The same source from another compiler, or under other settings, is other code: a class of change of its own. */
export const toolchain = concluding(
  {
    number: 41,
    id: "toolchain",
    name: "the candidate was compiled as the code that it replaces",
    isRequired: false,
  },
  async ({ built, session }) => {
    const candidates = built.deployments.filter(({ role }) => role === "candidate");
    if (candidates.length === 0) return skip("the plan deploys nothing");
    const { client } = session;
    const toolsOf = async (account: string): Promise<Toolchain> => {
      const side = await deployedSide(client, account);
      return { solc: splitMetadata(side.code).metadata?.solc, build: side.build };
    };
    const before = await toolsOf(built.explain.stable);
    const moved: string[] = [];
    const lines: string[] = [];
    let isBlind = before.solc === undefined;
    for (const { address, contractName } of candidates) {
      const after = await toolsOf(address);
      isBlind ||= after.solc === undefined;
      lines.push(`${contractName}: solc ${after.solc ?? "unknown"}, stable solc ${before.solc ?? "unknown"}`);
      moved.push(...differences(before, after).map((text) => `${contractName}: ${text}`));
    }
    if (moved.length > 0) {
      return warn(
        [...moved, ...lines],
        "review it as a change of its own: state journeys that have to be refused, and read the diff of code, not of source",
      );
    }
    return isBlind
      ? unknown(lines, "code without its metadata does not tell its compiler: ask for the build, and compare")
      : pass(...lines);
  },
);

function differences(before: Toolchain, after: Toolchain): string[] {
  const rows: [string, unknown, unknown][] = [
    ["compiler", before.solc, after.solc],
    ["optimizer runs", before.build?.optimizerRuns, after.build?.optimizerRuns],
    ["viaIR", before.build?.viaIR, after.build?.viaIR],
    ["EVM version", before.build?.evmVersion, after.build?.evmVersion],
  ];
  return rows
    .filter(([, a, b]) => a !== undefined && b !== undefined && a !== b)
    .map(([name, a, b]) => `${name} was ${String(a)}, is ${String(b)}`);
}
