import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { renderFlags } from "../../src/report/renderRegistry";
import { connectRegistry } from "../../src/registry/connect";
import { clearFlag, readFlags } from "../../src/registry/flags";
import { sendOptions, type SenderArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { outcomeOf } from "../support/runVerb";

export const action = (args: SenderArgs & { name?: string; clear: boolean }, hre: HardhatRuntimeEnvironment) =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    if (args.clear) {
      if (args.name === undefined) {
        throw new SlipwayError("OptionInvalid", { where: "NAME", expected: "the flag to clear", found: "nothing" });
      }
      const performed = await clearFlag(client, registry, { name: args.name, ...sendOptions(args) });
      return outcomeOf(performed, "npx hardhat registry flag");
    }
    const flags = (await readFlags(client, registry)).filter(
      ({ name }) => args.name === undefined || name === args.name,
    );
    return { report: { flags }, text: renderFlags(flags) };
  });
