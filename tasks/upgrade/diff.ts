import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { exitOfDiff } from "../../src/diff/diffCode";
import { diffUpgrade } from "../../src/diff/subjects";
import { renderDiff } from "../../src/report/renderDiff";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface DiffArgs extends OutputArgs {
  candidate: string;
  against?: string;
  functions?: string;
}

export const action = (args: DiffArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const { candidate, against, functions } = args;
    const diffs = await diffUpgrade(client, { candidate, against, root: hre.config.paths.root });
    return { report: { diffs }, text: renderDiff(diffs, { functions }), exit: exitOfDiff(diffs) };
  });
