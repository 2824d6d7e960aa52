import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { connectRegistry } from "../../src/registry/connect";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { exitOfStatus, nextCommand, statusOf } from "../../src/registry/status";
import { renderStatus } from "../../src/report/renderStatus";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

export const action = (args: OutputArgs & { proposal?: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const report = await statusOf(client, registry, await resolveProposal(client, registry, args.proposal));
    return { report, text: renderStatus(report), exit: exitOfStatus(report), next: nextCommand(report) };
  });
