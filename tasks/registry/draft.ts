import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { renderDraft } from "../../src/report/renderRegistry";
import { connectRegistry } from "../../src/registry/connect";
import { readDraftFile, storeDraft } from "../../src/registry/storeDraft";
import { sendOptions, type SenderArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { outcomeOf } from "../support/runVerb";

export const action = (args: SenderArgs & { file: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const list = readDraftFile(args.file, readAddressBook(client.deploymentsDir));
    const report = await storeDraft(client, registry, { ...list, ...sendOptions(args) });
    const { last } = report;
    if (last?.status === "raw" || last?.status === "safe") return outcomeOf(last);
    return { report, text: renderDraft(report) };
  });
