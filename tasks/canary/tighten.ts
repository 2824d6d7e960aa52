import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { tighten, tighteningOf, type Tightening } from "../../src/canary/tighten";
import { runAct, type ActArgs } from "../support/councilAct";

const OPTIONS = ["pause", "drain", "lock", "cap", "share"] as const;

export const action = (
  args: ActArgs & Tightening & { module: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runAct(hre, args, async (client, registry) => {
    const { module, pause, drain, lock, cap, share } = args;
    const built = await tighteningOf(client, registry, module, { pause, drain, lock, cap, share });
    const stated = OPTIONS.filter((option) => args[option] !== undefined);
    return {
      kind: "pause",
      subject: built.subject,
      command: `canary tighten ${module}${stated.map((option) => ` --${option} ${JSON.stringify(args[option])}`).join("")}`,
      status: `canary status ${module}`,
      send: (params) => tighten(client, registry, { module, ...built, ...params }),
    };
  });
