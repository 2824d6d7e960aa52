import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { renderElectorate } from "../../src/report/renderRegistry";
import { connectRegistry } from "../../src/registry/connect";
import { readElectorate } from "../../src/registry/readElectorate";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

/** Seats that are shown; a list of validators has up to 100,000. */
const MOST = 1_000;

export const action = (args: OutputArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const report = await readElectorate(await connectRegistry(client), { most: MOST });
    return { report, text: renderElectorate(report) };
  });
