import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { renderRoles } from "../../src/report/renderRegistry";
import { connectRegistry } from "../../src/registry/connect";
import { readRoles } from "../../src/registry/roles";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

export const action = (args: OutputArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const report = await readRoles(client, await connectRegistry(client));
    return { report, text: renderRoles(report) };
  });
