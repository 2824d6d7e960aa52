import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { emergencyStatus } from "../../src/emergency/status";
import { Exit } from "../../src/errors";
import { connectRegistry } from "../../src/registry/connect";
import { renderEmergency } from "../../src/report/renderEmergency";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

export const action = (args: OutputArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const report = await emergencyStatus(client, await connectRegistry(client));
    const isStopped =
      report.haltedUntil !== 0 ||
      report.modules.some(
        ({ haltedUntil, state, canary }) => haltedUntil !== 0 || state === "Stalled" || canary?.isFrozen,
      );
    return { report, text: renderEmergency(report), exit: isStopped ? Exit.contained : Exit.pass };
  });
