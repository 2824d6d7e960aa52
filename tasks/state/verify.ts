import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { Exit } from "../../src/errors";
import { renderVerification } from "../../src/report/renderState";
import { readSnapshot } from "../../src/state/readSnapshot";
import { IGNORABLE, verifySnapshot } from "../../src/state/verifySnapshot";
import { blockOf, choiceOf, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface VerifyArgs extends OutputArgs {
  file: string;
  block?: string;
  ignore?: string;
}

export const action = (args: VerifyArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const ignored = (args.ignore ?? "").split(",").filter((word) => word.trim() !== "");
    const report = await verifySnapshot(client, readSnapshot(args.file), {
      block: blockOf(args.block),
      ignored: ignored.map((word) => choiceOf("ignore", word.trim(), IGNORABLE)),
    });
    return { report, text: renderVerification(report), exit: report.isEqual ? Exit.pass : Exit.drift };
  });
