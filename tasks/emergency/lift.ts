import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { lift, scopeOf } from "../../src/emergency/acts";
import { runAct, type ActArgs } from "../support/councilAct";

export const action = (args: ActArgs & { scope: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runAct(hre, args, async (client, registry) => ({
    kind: "lift",
    subject: scopeOf(args.scope),
    command: `emergency lift ${args.scope}`,
    send: (params) => lift(client, registry, { scope: args.scope, ...params }),
  }));
