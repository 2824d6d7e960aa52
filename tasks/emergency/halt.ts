import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { halt, scopeOf } from "../../src/emergency/acts";
import { runAct, type ActArgs } from "../support/councilAct";

export const action = (
  args: ActArgs & { scope: string; reason: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runAct(hre, args, async (client, registry) => ({
    kind: "halt",
    subject: scopeOf(args.scope),
    command: `emergency halt ${args.scope} --reason ${JSON.stringify(args.reason)}`,
    send: (params) => halt(client, registry, { scope: args.scope, reason: args.reason, ...params }),
  }));
