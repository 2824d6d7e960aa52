import { existsSync, readFileSync } from "node:fs";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { lintStatement } from "../../src/drill/statement";
import { Exit, SlipwayError } from "../../src/errors";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

export const action = (args: OutputArgs & { file: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, () => {
    if (!existsSync(args.file)) {
      throw new SlipwayError("OptionInvalid", { where: "FILE", expected: "a statement", found: args.file });
    }
    const found = lintStatement(readFileSync(args.file, "utf8"));
    return Promise.resolve({
      report: { file: args.file, found },
      text: found.length === 0 ? "it says what it must" : found.join("\n"),
      exit: found.length === 0 ? Exit.pass : Exit.checkFailed,
    });
  });
