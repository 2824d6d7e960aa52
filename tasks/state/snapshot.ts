import { existsSync, writeFileSync } from "node:fs";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { connectRegistry } from "../../src/registry/connect";
import { renderSnapshot } from "../../src/report/renderState";
import { canonicalJson } from "../../src/simulate/canonicalJson";
import { stateRequest } from "../../src/state/stateRequest";
import { takeSnapshot } from "../../src/state/takeSnapshot";
import { blockOf, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface SnapshotArgs extends OutputArgs {
  file: string;
  accounts?: string;
  fromPlan?: string;
  slots?: string;
  calls?: string;
  block?: string;
  root: boolean;
}

export const action = (args: SnapshotArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const { file } = args;
    if (existsSync(file)) {
      throw new SlipwayError("FileExists", { where: "FILE", expected: "a new file", found: file });
    }
    const block = blockOf(args.block) ?? (await client.provider.getBlockNumber());
    const request = await stateRequest(client, () => connectRegistry(client), {
      accounts: listOf(args.accounts, ","),
      plan: args.fromPlan,
      slots: listOf(args.slots, ","),
      calls: listOf(args.calls, ";"),
      block,
      hasRoot: args.root,
    });
    const snapshot = await takeSnapshot(client, request, block);
    writeFileSync(file, canonicalJson(snapshot));
    return { report: snapshot, text: renderSnapshot(file, snapshot), next: `npx hardhat state verify ${file}` };
  });

function listOf(text: string | undefined, separator: string): string[] {
  return (text ?? "")
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
