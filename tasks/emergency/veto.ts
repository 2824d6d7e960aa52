import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { veto } from "../../src/emergency/acts";
import { runPlanAct, type ActArgs } from "../support/councilAct";

export const action = (
  args: ActArgs & { proposal: string; reason: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> => runPlanAct(hre, args, "veto", veto);
